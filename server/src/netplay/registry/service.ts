import type { Ports } from "../../base/context.ts";
import { LEASE_MS, PAGE_TTL_MS, PAGE_WRITE_MS, PAGES_READ_MS, RENEW_MS } from "../limits.ts";
import type { ListedRoom } from "../rooms/contract.ts";
import { type Home, homeKey, PAGES_KEY, pageKey, parseHome, parsePage } from "./rules.ts";

/** What processes know of each other's rooms. */
export interface Registry {
  /**
   * Takes a room's id for this process.
   * @returns False when another process has it.
   */
  claim(roomId: string, passwordHash: string | null): Promise<boolean>;
  /** Gives it back. */
  release(roomId: string): void;
  /** Where a room of another process is open; null for nowhere. */
  findHome(roomId: string): Promise<Home | null>;
  /** Says that the rooms of this process changed; written soon. */
  note(): void;
  /** Rooms of other processes, as of a second ago at most. */
  listOthers(): Promise<readonly ListedRoom[]>;
  /** Tells whether another process is still there. */
  isAlive(processId: string): Promise<boolean>;
  /** Takes everything of this process out. */
  stop(): Promise<void>;
}

/** Whose rooms are kept. */
export interface RegistryOptions {
  readonly ports: Pick<Ports, "kv" | "log">;
  readonly processId: string;
  /** The rooms of this process, by id with the hash of their password. */
  readonly listOwn: () => readonly { readonly room: ListedRoom; readonly passwordHash: string | null }[];
  /** How often everything is renewed; `RENEW_MS` unless a test says otherwise. */
  readonly renewMs?: number | undefined;
}

/** The registry of a process that has the database for itself: there is nobody to tell. */
export const SOLE_REGISTRY: Registry = {
  claim: async () => true,
  release: () => undefined,
  findHome: async () => null,
  note: () => undefined,
  listOthers: async () => [],
  isAlive: async () => false,
  stop: async () => undefined,
};

/** Rooms that processes list, except those of one process. */
async function readPages(
  { kv }: Pick<Ports, "kv">,
  exceptProcessId: string | null,
): Promise<readonly ListedRoom[]> {
  const own = exceptProcessId === null ? null : pageKey(exceptProcessId);
  const keys = (await kv.members(PAGES_KEY)).filter((key) => key !== own);
  const pages = await Promise.all(keys.map((key) => kv.get(key)));
  // Of processes that ended without a word.
  const gone = keys.filter((_key, at) => pages[at] === null);
  if (gone.length > 0) await kv.removeMembers(PAGES_KEY, gone);
  return pages.flatMap(parsePage);
}

/** Every room that any process lists, for a process that has none of its own. */
export async function listRegistered(ports: Pick<Ports, "kv">): Promise<readonly ListedRoom[]> {
  return await readPages(ports, null);
}

/**
 * Begins to keep the rooms of this process in kv, and reads those of others. While kv is away rooms go on, and are
 * written again when it is back.
 */
export function startRegistry({ ports, processId, listOwn, renewMs = RENEW_MS }: RegistryOptions): Registry {
  const { kv, log } = ports;
  const ownKey = pageKey(processId);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();
  const queue = (work: () => Promise<void>) => {
    writing = writing.then(work).catch((error: unknown) => {
      log.debug("could not write the registry of netplay", { error });
    });
    return writing;
  };
  const writePage = async () => {
    if (isStopped) return;
    await kv.set(ownKey, JSON.stringify(listOwn().map(({ room }) => room)), { ttlMs: PAGE_TTL_MS });
    await kv.addMembers(PAGES_KEY, [ownKey]);
  };
  const writeHome = async (roomId: string, passwordHash: string | null) => {
    const home: Home = { processId, roomId, passwordHash };
    await kv.set(homeKey(roomId), JSON.stringify(home), { ttlMs: LEASE_MS });
  };
  const renew = async () => {
    await writePage();
    for (const { room, passwordHash } of listOwn()) if (!isStopped) await writeHome(room.id, passwordHash);
  };
  const renewing = setInterval(() => void queue(renew), renewMs);
  renewing.unref();
  void queue(writePage);
  const isAlive = (id: string) => hasPage(kv, id);
  const others = createPagesReader(() => readPages({ kv }, processId), log);
  return {
    async claim(roomId, passwordHash) {
      // A room of this id may be on its way out.
      await writing;
      return await claimHome(kv, { processId, roomId, passwordHash });
    },
    release: (roomId) =>
      void queue(async () => {
        await kv.remove([homeKey(roomId)]);
      }),
    async findHome(roomId) {
      const home = parseHome(await kv.get(homeKey(roomId)));
      const isElsewhere = home !== null && home.roomId === roomId && home.processId !== processId;
      return isElsewhere && (await isAlive(home.processId)) ? home : null;
    },
    note() {
      if (isStopped) return;
      timer ??= setTimeout(() => {
        timer = null;
        void queue(writePage);
      }, PAGE_WRITE_MS);
    },
    listOthers: others,
    isAlive,
    async stop() {
      clearInterval(renewing);
      if (timer !== null) clearTimeout(timer);
      isStopped = true;
      await queue(async () => {
        await kv.removeMembers(PAGES_KEY, [ownKey]);
        await kv.remove([ownKey, ...listOwn().map(({ room }) => homeKey(room.id))]);
      });
    },
  };
}

async function hasPage(kv: Ports["kv"], processId: string): Promise<boolean> {
  return (await kv.get(pageKey(processId))) !== null;
}

async function claimHome(kv: Ports["kv"], home: Home): Promise<boolean> {
  const [key, text] = [homeKey(home.roomId), JSON.stringify(home)];
  if (await kv.set(key, text, { ttlMs: LEASE_MS, when: "absent" })) return true;
  const held = parseHome(await kv.get(key));
  // Its process may have died: what it held counts for nothing then.
  if (held !== null && held.processId !== home.processId && (await hasPage(kv, held.processId))) return false;
  await kv.set(key, text, { ttlMs: LEASE_MS });
  return true;
}

/** Reads at most once in `PAGES_READ_MS`, for however many menus ask; what cannot be read is as it was. */
function createPagesReader(
  read: () => Promise<readonly ListedRoom[]>,
  log: Ports["log"],
): () => Promise<readonly ListedRoom[]> {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<readonly ListedRoom[]> = Promise.resolve([]);
  return () => {
    if (performance.now() - readAtMs < PAGES_READ_MS) return last;
    readAtMs = performance.now();
    const before = last;
    last = read().catch((error: unknown) => {
      log.debug("could not read the registry of netplay", { error });
      return before;
    });
    return last;
  };
}
