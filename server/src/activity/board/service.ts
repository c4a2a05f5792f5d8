import type { Context } from "../../base/context.ts";
import { ENTRY_TTL_MS, INDEX_TTL_MS, SWEEP_LEASE_MS, SWEPT_MAX } from "../limits.ts";
import {
  BOARD_KEY,
  type Entry,
  entryKey,
  formatEntry,
  parseEntry,
  readEntry,
  romKey,
  SWEEP_KEY,
  sortEntries,
} from "../rules.ts";

type Scene = Pick<Context, "ports">;
type EntryName = Pick<Entry, "userId" | "deviceId">;

/** What an account plays on a device; null for nothing. */
export async function findEntry({ ports }: Scene, name: EntryName): Promise<Entry | null> {
  return readEntry(await ports.kv.get(entryKey(name)), ports.clock.now());
}

/** Puts an entry in the place of the one before; it goes by itself when no other follows. */
export async function putEntry({ ports }: Scene, entry: Entry, previous: Entry | null): Promise<void> {
  const { kv } = ports;
  const [member, life] = [formatEntry(entry), { ttlMs: INDEX_TTL_MS }];
  // The new one is there before the old one goes: a list never lacks both.
  await Promise.all([
    kv.set(entryKey(entry), JSON.stringify(entry), { ttlMs: ENTRY_TTL_MS }),
    kv.addMembers(BOARD_KEY, [member], life),
    kv.addMembers(romKey(entry.romId), [member], life),
  ]);
  if (previous !== null && formatEntry(previous) !== member) await removeMember({ ports }, previous);
}

async function removeMember({ ports: { kv } }: Scene, entry: Entry): Promise<void> {
  const member = formatEntry(entry);
  await Promise.all([kv.removeMembers(BOARD_KEY, [member]), kv.removeMembers(romKey(entry.romId), [member])]);
}

/**
 * Takes away what an account plays on a device. Of any number of callers one gets it.
 * @returns Null when there is nothing.
 */
export async function takeEntry(scene: Scene, name: EntryName): Promise<Entry | null> {
  const { kv, clock } = scene.ports;
  const taken = readEntry(await kv.take(entryKey(name)), clock.now());
  if (taken === null) return null;
  // Signs at one moment may have left other members.
  const others = (await kv.members(BOARD_KEY)).flatMap((member) => parseEntry(member) ?? []);
  const own = others.filter((entry) => entryKey(entry) === entryKey(name));
  for (const entry of [taken, ...own]) await removeMember(scene, entry);
  return taken;
}

/** Everything that is played, or those who play one rom; those that began last first. Two readings at most. */
export async function listEntries({ ports }: Scene, romId?: number | undefined): Promise<readonly Entry[]> {
  const { kv, clock } = ports;
  // Mostly nobody plays a rom that is asked for, and then the board need not be read.
  if (romId !== undefined && (await kv.members(romKey(romId))).length === 0) return [];
  const { living } = sortEntries(await kv.members(BOARD_KEY), clock.now());
  return romId === undefined ? living : living.filter((entry) => entry.romId === romId);
}

/**
 * Takes away what ran out since the last time, in whichever process it was told; only one process at a time gets it.
 * @returns At most `SWEPT_MAX`; the next call finds the rest.
 */
export async function sweepEntries({ ports }: Scene): Promise<readonly Entry[]> {
  const { kv, clock } = ports;
  const lock = await kv.lock(SWEEP_KEY, { ttlMs: SWEEP_LEASE_MS });
  if (lock === null) return [];
  try {
    const sorted = sortEntries(await kv.members(BOARD_KEY), clock.now());
    const ended = sorted.ended.slice(0, SWEPT_MAX);
    await kv.removeMembers(BOARD_KEY, sorted.stale.slice(0, SWEPT_MAX));
    await kv.removeMembers(
      BOARD_KEY,
      ended.map(({ member }) => member),
    );
    const byRom = Map.groupBy(ended, ({ entry }) => entry.romId);
    for (const [romId, gone] of byRom) {
      await kv.removeMembers(
        romKey(romId),
        gone.map(({ member }) => member),
      );
    }
    return ended.map(({ entry }) => entry);
  } finally {
    await lock.release();
  }
}
