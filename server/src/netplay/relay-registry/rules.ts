/** Rooms of all processes, as each lists its own in kv. */
import * as v from "valibot";
import { countSpectators } from "../relay-arrivals/rules.ts";
import { showPlayers } from "../relay-members/rules.ts";
import type { Room } from "../relay-rooms/rules.ts";

/** Set of the entries in which processes list their rooms. */
export const PAGES_KEY = "netplay-relay:pages";

/** Where an entry stands. */
export function pageKey(processId: string, page: number): string {
  return `netplay-relay:page:${processId}:${page}`;
}

const Listed = v.object({
  id: v.string(),
  invite: v.string(),
  name: v.string(),
  romId: v.number(),
  ownerUserId: v.number(),
  playersMax: v.number(),
  passwordHash: v.nullable(v.string()),
  contentHash: v.nullable(v.string()),
  openedAtMs: v.number(),
  ownerName: v.nullable(v.string()),
  players: v.array(
    v.object({
      playerId: v.string(),
      name: v.string(),
      seat: v.number(),
      isConnected: v.boolean(),
      delay: v.nullable(v.object({ medianMs: v.number(), p99Ms: v.number() })),
    }),
  ),
  spectatorCount: v.number(),
});

/** A room as other processes know it. */
export type ListedRelayRoom = v.InferOutput<typeof Listed>;

const Page = v.pipe(v.string(), v.parseJson(), v.array(Listed));

/** What others may know of a room. */
export function toListed(room: Room): ListedRelayRoom {
  const { id, invite, name, romId, ownerUserId, playersMax, passwordHash, contentHash, openedAtMs } =
    room.facts;
  return {
    id,
    invite,
    name,
    romId,
    ownerUserId,
    playersMax,
    passwordHash,
    contentHash,
    openedAtMs,
    ownerName: room.owner?.name ?? null,
    players: showPlayers(room.seats).map((player) => ({ ...player })),
    spectatorCount: countSpectators(room),
  };
}

/** Writes an entry. */
export function formatPage(rooms: readonly Room[]): string {
  return JSON.stringify(rooms.map(toListed));
}

/** Reads an entry; empty for what is none of ours. */
export function parsePage(text: string): readonly ListedRelayRoom[] {
  const parsed = v.safeParse(Page, text);
  return parsed.success ? parsed.output : [];
}
