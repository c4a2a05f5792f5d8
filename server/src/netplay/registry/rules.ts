import * as v from "valibot";
import type { ListedRoom } from "../rooms/contract.ts";

/** Set of the lists that processes keep of their rooms. */
export const PAGES_KEY = "netplay:pages";

/** Where a process lists its rooms; while it is there, the process lives. */
export function pageKey(processId: string): string {
  return `netplay:page:${processId}`;
}

/** Held by the process in which a room is open. */
export function homeKey(roomId: string): string {
  return `netplay:room:${Bun.hash(roomId).toString(36)}`;
}

/** What other processes have to know before they send somebody into a room. */
export interface Home {
  readonly processId: string;
  readonly roomId: string;
  readonly passwordHash: string | null;
}

const HomeSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ processId: v.string(), roomId: v.string(), passwordHash: v.nullable(v.string()) }),
);

/** Reads what stands at a room's key; null for nothing of ours. */
export function parseHome(text: string | null): Home | null {
  const parsed = v.safeParse(HomeSchema, text);
  return parsed.success ? parsed.output : null;
}

const PageSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      gameId: v.string(),
      domain: v.nullable(v.string()),
      ownerName: v.nullable(v.string()),
      playerNames: v.array(v.string()),
      playerCount: v.number(),
      playersMax: v.number(),
      hasPassword: v.boolean(),
      openedAtMs: v.number(),
    }),
  ),
);

/** Reads the list of a process; empty for nothing of ours. */
export function parsePage(text: string | null): readonly ListedRoom[] {
  const parsed = v.safeParse(PageSchema, text);
  return parsed.success ? parsed.output : [];
}
