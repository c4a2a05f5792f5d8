import type { Context } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { PAGE_RENEW_MS, PAGE_TTL_MS, PAGE_WRITE_MS, ROOMS_PER_PAGE } from "../relay-rooms/limits.ts";
import type { Room } from "../relay-rooms/rules.ts";
import { forgetPending } from "../relay-tickets/service.ts";
import { formatPage, type ListedRelayRoom, PAGES_KEY, pageKey, parsePage } from "./rules.ts";

type Scene = Pick<Context, "ports">;

/** Every room that is open now, in whichever process; those that opened last first. */
export async function listOpenRooms({ ports: { kv } }: Scene): Promise<readonly ListedRelayRoom[]> {
  const keys = await kv.members(PAGES_KEY);
  const pages = await Promise.all(keys.map((key) => kv.get(key)));
  const gone = keys.filter((_key, at) => pages[at] === null);
  // Of processes that ended without a word.
  if (gone.length > 0) await kv.removeMembers(PAGES_KEY, gone);
  return pages.flatMap(parsePage).toSorted((a, b) => b.openedAtMs - a.openedAtMs);
}

/** What a process lists its rooms with. */
export interface RoomPublisherOptions {
  readonly ports: Context["ports"];
  readonly findRoom: (roomId: string) => Room | null;
  /** Between two writings of what changed; `PAGE_WRITE_MS` unless said. */
  readonly writeMs?: number | undefined;
}

/** Keeps the rooms of this process in the registry, and tells listeners. */
export interface RoomPublisher {
  /** Says that a room is new, changed or gone; written soon. */
  note(roomId: string): void;
  /** Takes everything of this process out. */
  stop(): Promise<void>;
}

/** The rooms of this process by the entry in which they are listed, so that a change rewrites few others. */
interface Shelf {
  readonly pageOf: Map<string, number>;
  readonly pages: Set<string>[];
  readonly dirty: Set<number>;
}

/**
 * Puts a room where it belongs, and marks the entry that is to be written.
 * @returns True for a room that was not listed before.
 */
function shelve({ pageOf, pages, dirty }: Shelf, roomId: string, isOpen: boolean): boolean {
  const known = pageOf.get(roomId);
  if (known !== undefined) dirty.add(known);
  if (!isOpen && known !== undefined) {
    pages[known]?.delete(roomId);
    pageOf.delete(roomId);
  }
  if (!isOpen || known !== undefined) return false;
  let page = pages.findIndex((ids) => ids.size < ROOMS_PER_PAGE);
  if (page < 0) page = pages.push(new Set()) - 1;
  pages[page]?.add(roomId);
  pageOf.set(roomId, page);
  dirty.add(page);
  return true;
}

/** Begins to list the rooms of this process; what cannot be written now is tried again within seconds. */
export function startRoomPublisher({
  ports,
  findRoom,
  writeMs = PAGE_WRITE_MS,
}: RoomPublisherOptions): RoomPublisher {
  const { kv, log, events } = ports;
  const processId = createHexToken(8);
  const shelf: Shelf = { pageOf: new Map(), pages: [], dirty: new Set() };
  const noted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();

  const writePage = async (page: number) => {
    const key = pageKey(processId, page);
    const rooms = [...(shelf.pages[page] ?? [])].flatMap((id) => findRoom(id) ?? []);
    if (rooms.length === 0) {
      await kv.removeMembers(PAGES_KEY, [key]);
      await kv.remove([key]);
      return;
    }
    await kv.set(key, formatPage(rooms), { ttlMs: PAGE_TTL_MS });
    await kv.addMembers(PAGES_KEY, [key]);
  };
  const write = async () => {
    const opened = [...noted].filter((id) => shelve(shelf, id, findRoom(id) !== null));
    const hasNews = noted.size > 0;
    noted.clear();
    for (const page of [...shelf.dirty]) {
      await writePage(page);
      shelf.dirty.delete(page);
    }
    if (hasNews) events.raise({ topic: "netplay", userId: null, data: { kind: "multitap" } });
    for (const { facts } of opened.flatMap((id) => findRoom(id) ?? [])) await forgetPending({ ports }, facts);
  };
  const run = () => {
    timer = null;
    writing = writing.then(write).catch((error: unknown) => {
      log.warn("could not list the rooms of the raw relay", { error });
    });
  };
  const renewing = setInterval(() => {
    // Written again as a whole: delays change without being noted, and the store may have forgotten them.
    for (const [page, ids] of shelf.pages.entries()) if (ids.size > 0) shelf.dirty.add(page);
    if (shelf.dirty.size > 0) run();
  }, PAGE_RENEW_MS);
  return {
    note(roomId) {
      noted.add(roomId);
      if (timer === null && !isStopped) timer = setTimeout(run, writeMs);
    },
    async stop() {
      isStopped = true;
      clearInterval(renewing);
      if (timer !== null) clearTimeout(timer);
      await writing;
      const keys = shelf.pages.map((_ids, page) => pageKey(processId, page));
      if (keys.length === 0) return;
      await kv.removeMembers(PAGES_KEY, keys);
      await kv.remove(keys);
    },
  };
}
