import type { Context } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { PAGE_RENEW_MS, PAGE_TTL_MS, PAGE_WRITE_MS, SESSIONS_PER_PAGE } from "../limits.ts";
import type { Session } from "../sessions/rules.ts";
import {
  BANS_KEY,
  COMMANDS_CHANNEL,
  type Command,
  formatBan,
  formatPage,
  type ListedSession,
  PAGES_KEY,
  pageKey,
  parseCommand,
  parsePage,
  type RelayPlace,
  sortBans,
} from "./rules.ts";

type Scene = Pick<Context, "ports">;

/** Everything that is hosted now, in whichever process; those that opened last first. */
export async function listSessions({ ports: { kv } }: Scene): Promise<readonly ListedSession[]> {
  const keys = await kv.members(PAGES_KEY);
  const pages = await Promise.all(keys.map((key) => kv.get(key)));
  const gone = keys.filter((_key, at) => pages[at] === null);
  // Of processes that ended without a word.
  if (gone.length > 0) await kv.removeMembers(PAGES_KEY, gone);
  return pages.flatMap(parsePage).toSorted((a, b) => b.openedAtMs - a.openedAtMs);
}

/** Tells every process, this one included, what to do. */
export async function sendCommand({ ports }: Scene, command: Command): Promise<void> {
  await ports.kv.publish(COMMANDS_CHANNEL, JSON.stringify(command));
}

/** Until when which networks are banned. */
export async function readBans({ ports: { kv, clock } }: Scene): Promise<ReadonlyMap<string, number>> {
  const { bans, stale } = sortBans(await kv.members(BANS_KEY), clock.now().getTime());
  if (stale.length > 0) await kv.removeMembers(BANS_KEY, stale);
  return bans;
}

/** Bans a network, in place of what was said of it before, and tells every process. */
export async function putBan(scene: Scene, network: string, untilMs: number): Promise<void> {
  const { kv } = scene.ports;
  const own = (await kv.members(BANS_KEY)).filter((member) => member.endsWith(` ${network}`));
  await kv.addMembers(BANS_KEY, [formatBan(network, untilMs)]);
  await kv.removeMembers(
    BANS_KEY,
    own.filter((member) => member !== formatBan(network, untilMs)),
  );
  await sendCommand(scene, { kind: "bans" });
}

/**
 * Lets a network in again, and tells every process.
 * @returns False when it was not banned.
 */
export async function removeBan(scene: Scene, network: string): Promise<boolean> {
  const { kv } = scene.ports;
  const own = (await kv.members(BANS_KEY)).filter((member) => member.endsWith(` ${network}`));
  await kv.removeMembers(BANS_KEY, own);
  await sendCommand(scene, { kind: "bans" });
  return own.length > 0;
}

/** What a process lists its sessions with. */
export interface PublisherOptions {
  readonly ports: Context["ports"];
  readonly place: RelayPlace;
  readonly findSession: (sessionId: string) => Session | null;
}

/** Keeps the sessions of this process in the registry. */
export interface Publisher {
  /** Says that a session is new, changed or gone; written soon. */
  note(sessionId: string): void;
  /** Takes everything of this process out. */
  stop(): Promise<void>;
}

/** The sessions of this process by the entry in which they are listed, so that a change rewrites few others. */
interface Shelf {
  readonly pageOf: Map<string, number>;
  readonly pages: Set<string>[];
  readonly dirty: Set<number>;
}

/** Puts a session where it belongs, and marks the entry that is to be written. */
function shelve({ pageOf, pages, dirty }: Shelf, sessionId: string, isThere: boolean): void {
  const known = pageOf.get(sessionId);
  if (!isThere) {
    if (known === undefined) return;
    pages[known]?.delete(sessionId);
    pageOf.delete(sessionId);
    dirty.add(known);
    return;
  }
  let page = known ?? pages.findIndex((ids) => ids.size < SESSIONS_PER_PAGE);
  if (page < 0) page = pages.push(new Set()) - 1;
  pages[page]?.add(sessionId);
  pageOf.set(sessionId, page);
  dirty.add(page);
}

/** Begins to list the sessions of this process; what cannot be written now is tried again within seconds. */
export function startPublisher({ ports, place, findSession }: PublisherOptions): Publisher {
  const { kv, log } = ports;
  const processId = createHexToken(8);
  const shelf: Shelf = { pageOf: new Map(), pages: [], dirty: new Set() };
  const noted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();

  const writePage = async (page: number) => {
    const key = pageKey(processId, page);
    const sessions = [...(shelf.pages[page] ?? [])].flatMap((id) => findSession(id) ?? []);
    if (sessions.length === 0) {
      await kv.removeMembers(PAGES_KEY, [key]);
      await kv.remove([key]);
      return;
    }
    await kv.set(key, formatPage(place, sessions), { ttlMs: PAGE_TTL_MS });
    await kv.addMembers(PAGES_KEY, [key]);
  };
  const write = async () => {
    for (const id of noted) shelve(shelf, id, findSession(id) !== null);
    noted.clear();
    for (const page of [...shelf.dirty]) {
      await writePage(page);
      shelf.dirty.delete(page);
    }
  };
  const run = () => {
    timer = null;
    writing = writing.then(write).catch((error: unknown) => {
      log.warn("could not list the sessions of the relay", { error });
    });
  };
  const renewing = setInterval(() => {
    // Written again as a whole: pings change without being noted, and the store may have forgotten them.
    for (const [page, ids] of shelf.pages.entries()) if (ids.size > 0) shelf.dirty.add(page);
    run();
  }, PAGE_RENEW_MS);
  return {
    note(sessionId) {
      noted.add(sessionId);
      if (timer === null && !isStopped) timer = setTimeout(run, PAGE_WRITE_MS);
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

/**
 * Hears what other processes, and this one, want done.
 * @returns Ends it.
 */
export async function listenForCommands(
  { ports }: Scene,
  onCommand: (command: Command) => void,
): Promise<() => Promise<void>> {
  return await ports.kv.subscribe(COMMANDS_CHANNEL, (message) => {
    const command = parseCommand(message);
    if (command !== null) onCommand(command);
  });
}
