import * as v from "valibot";
import type { Session } from "../sessions/rules.ts";

/** Set of the entries in which processes list their sessions. */
export const PAGES_KEY = "relay:pages";
/** On which processes tell each other what to do with a session. */
export const COMMANDS_CHANNEL = "relay:commands";
/** Set of networks that are banned, each with its end. */
export const BANS_KEY = "relay:bans";

/** Where an entry stands. */
export function pageKey(processId: string, page: number): string {
  return `relay:page:${processId}:${page}`;
}

/** Held by the account whose session it is. */
export function claimKey(sessionId: string): string {
  return `relay:claim:${sessionId}`;
}

const Place = v.object({ address: v.nullable(v.string()), port: v.number() });

const Listed = v.object({
  id: v.string(),
  network: v.string(),
  openedAtMs: v.number(),
  pingMs: v.nullable(v.number()),
  nick: v.nullable(v.string()),
  hasPassword: v.nullable(v.boolean()),
  crc32: v.nullable(v.string()),
  coreName: v.nullable(v.string()),
  coreVersion: v.nullable(v.string()),
  claim: v.nullable(v.object({ userId: v.number(), username: v.string() })),
  players: v.array(
    v.object({
      playerId: v.number(),
      nick: v.nullable(v.string()),
      network: v.string(),
      isLinked: v.boolean(),
    }),
  ),
});

const Page = v.pipe(v.string(), v.parseJson(), v.object({ place: Place, sessions: v.array(Listed) }));

/** Where a process can be reached; without an address at the one by which its callers came. */
export type RelayPlace = v.InferOutput<typeof Place>;

/** A session as other processes know it. */
export type ListedSession = v.InferOutput<typeof Listed> & { readonly place: RelayPlace };

/** Writes an entry. */
export function formatPage(place: RelayPlace, sessions: readonly Session[]): string {
  return JSON.stringify({ place, sessions: sessions.map(toListed) });
}

function toListed({
  id,
  network,
  openedAtMs,
  pingMs,
  facts,
  claim,
  members,
}: Session): v.InferOutput<typeof Listed> {
  return {
    id,
    network,
    openedAtMs,
    pingMs: pingMs === null ? null : Math.round(pingMs),
    ...facts,
    claim,
    players: members.map((member) => ({
      playerId: member.memberId,
      nick: member.nick,
      network: member.network,
      isLinked: member.link !== null,
    })),
  };
}

/** Reads an entry; empty for what is none of ours. */
export function parsePage(text: string): readonly ListedSession[] {
  const parsed = v.safeParse(Page, text);
  if (!parsed.success) return [];
  const { place, sessions } = parsed.output;
  return sessions.map((session) => ({ ...session, place }));
}

const Command = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant("kind", [
    v.object({
      kind: v.literal("kicked"),
      sessionId: v.string(),
      memberId: v.number(),
      isBanned: v.boolean(),
    }),
    v.object({
      kind: v.literal("claimed"),
      sessionId: v.string(),
      claim: v.object({ userId: v.number(), username: v.string() }),
    }),
    /** Bans are not as they were. */
    v.object({ kind: v.literal("bans") }),
  ]),
);

/** What processes tell each other. */
export type Command = v.InferOutput<typeof Command>;

/** Reads what another process told; null for what is none of ours. */
export function parseCommand(text: string): Command | null {
  const parsed = v.safeParse(Command, text);
  return parsed.success ? parsed.output : null;
}

/** A ban as a member of their set. */
export function formatBan(network: string, untilMs: number): string {
  return `${untilMs} ${network}`;
}

/** Reads the members of the set of bans, each network with its last end; those that ran out are stale. */
export function sortBans(
  members: readonly string[],
  nowMs: number,
): { readonly bans: ReadonlyMap<string, number>; readonly stale: readonly string[] } {
  const bans = new Map<string, number>();
  const stale: string[] = [];
  for (const member of members) {
    const [, untilText = "0", network = ""] = /^(\d+) (.+)$/.exec(member) ?? [];
    const untilMs = Number(untilText);
    if (untilMs <= nowMs) stale.push(member);
    else bans.set(network, Math.max(untilMs, bans.get(network) ?? 0));
  }
  return { bans, stale };
}
