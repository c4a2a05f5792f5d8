import type { Context } from "../../base/context.ts";
import { readSharedList, type SharedList, startSharedList } from "../../ports/kv/shared-list.ts";
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
  const pages = await readSharedList(kv, PAGES_KEY);
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

/** Begins to list the sessions of this process, by their ids; what cannot be written now is tried again within seconds. */
export function startPublisher({ ports, place, findSession }: PublisherOptions): SharedList {
  const { kv, log } = ports;
  return startSharedList({
    kv,
    log,
    what: "the sessions of the relay",
    setKey: PAGES_KEY,
    keyOf: pageKey,
    itemsPerPage: SESSIONS_PER_PAGE,
    ttlMs: PAGE_TTL_MS,
    renewMs: PAGE_RENEW_MS,
    writeMs: PAGE_WRITE_MS,
    has: (id) => findSession(id) !== null,
    format: (ids) =>
      formatPage(
        place,
        ids.flatMap((id) => findSession(id) ?? []),
      ),
  });
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
