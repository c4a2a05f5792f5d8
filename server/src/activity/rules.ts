import * as v from "valibot";
import type { ActivityEvent } from "../base/events.ts";

/** Who plays what on which device. Of each account and device there is one. */
export interface Entry {
  readonly userId: number;
  readonly deviceId: string;
  readonly romId: number;
  readonly via: ActivityEvent["via"];
  /** Others were told of it. */
  readonly isPublic: boolean;
  readonly startedAtMs: number;
  /** When it ends without another sign. */
  readonly endsAtMs: number;
}

/** Set of everything that is played. */
export const BOARD_KEY = "activity:entries";
/** Held by the process that tells what ran out. */
export const SWEEP_KEY = "activity:sweep";

/** Where the entry of an account and a device stands; the name is compatible. */
export function entryKey({ userId, deviceId }: Pick<Entry, "userId" | "deviceId">): string {
  return `activity:user:${userId}:${deviceId}`;
}

/** Set of those who play a rom; the name is compatible. */
export function romKey(romId: number): string {
  return `activity:rom:${romId}`;
}

/**
 * An entry as a member of a set: a list is one reading, however many there are. The device comes last because it may
 * hold any character.
 */
export function formatEntry(entry: Entry): string {
  const { userId, deviceId, romId, via, isPublic, startedAtMs, endsAtMs } = entry;
  const sight = isPublic ? "public" : "private";
  return `${userId} ${romId} ${via} ${sight} ${startedAtMs} ${endsAtMs} ${deviceId}`;
}

const MEMBER = /^(\d+) (\d+) (rest|socket) (public|private) (\d+) (\d+) (.+)$/s;

/** Reads a member of a set; null for what is none of ours. */
export function parseEntry(member: string): Entry | null {
  const [, userId, romId, via, sight, startedAtMs, endsAtMs, deviceId] = MEMBER.exec(member) ?? [];
  if (deviceId === undefined) return null;
  return {
    userId: Number(userId),
    romId: Number(romId),
    via: via === "socket" ? "socket" : "rest",
    isPublic: sight === "public",
    startedAtMs: Number(startedAtMs),
    endsAtMs: Number(endsAtMs),
    deviceId,
  };
}

/** An entry, and how it stands in its set. */
export interface MemberEntry {
  readonly entry: Entry;
  readonly member: string;
}

/** Entries of a set, living ones apart from those that ran out and have no successor. */
export interface SortedEntries {
  /** Those that began last first. */
  readonly living: readonly Entry[];
  readonly ended: readonly MemberEntry[];
  /** Members that stand for nothing beside these. */
  readonly stale: readonly string[];
}

/** Sorts the members of a set. Of several of one account and device, told at one moment, the last sign counts. */
export function sortEntries(members: readonly string[], now: Date): SortedEntries {
  const newest = new Map<string, MemberEntry>();
  const stale: string[] = [];
  for (const member of members) {
    const entry = parseEntry(member);
    const known = entry === null ? undefined : newest.get(entryKey(entry));
    if (entry === null || (known !== undefined && !isLater(entry, known.entry))) stale.push(member);
    else {
      if (known !== undefined) stale.push(known.member);
      newest.set(entryKey(entry), { entry, member });
    }
  }
  const isLiving = ({ entry }: MemberEntry) => entry.endsAtMs > now.getTime();
  const all = [...newest.values()];
  const living = all.filter(isLiving).map(({ entry }) => entry);
  return {
    living: living.toSorted((a, b) => b.startedAtMs - a.startedAtMs || a.userId - b.userId),
    ended: all.filter((each) => !isLiving(each)),
    stale,
  };
}

function isLater(a: Entry, b: Entry): boolean {
  return a.endsAtMs > b.endsAtMs || (a.endsAtMs === b.endsAtMs && a.startedAtMs > b.startedAtMs);
}

const StoredEntry = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    userId: v.number(),
    deviceId: v.string(),
    romId: v.number(),
    via: v.picklist(["rest", "socket"]),
    isPublic: v.boolean(),
    startedAtMs: v.number(),
    endsAtMs: v.number(),
  }),
);

/** Reads an entry as it was stored by itself; null for none, and for one that ran out. */
export function readEntry(text: string | null, now: Date): Entry | null {
  const parsed = v.safeParse(StoredEntry, text);
  return parsed.success && parsed.output.endsAtMs > now.getTime() ? parsed.output : null;
}
