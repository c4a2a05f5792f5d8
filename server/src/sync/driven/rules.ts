import type { Baseline } from "../../assets/baselines/contract.ts";
import type { Version } from "../../assets/versions/contract.ts";
import { isEntryName } from "../../base/entry-name.ts";
import {
  compare,
  type Decision,
  type Direction,
  decideAbsent,
  direct,
  isStateName,
  NOT_ON_SERVER,
  names,
  toServerFile,
  toSyncedFile,
  UNTRACKED,
} from "../rules.ts";
import type { DeviceCopy, NamedSave } from "./contract.ts";

/** What one device last had, and what it was told to leave alone. */
export interface DeviceMemory {
  readonly baselines: readonly Baseline[];
  readonly untrackedIds: ReadonlySet<number>;
}

/**
 * Brings what is known of one platform under the names that its files have on devices. A name that several roms or
 * slots share is one file there: its newest version counts, and what the device had of any of them.
 * @param heads Newest versions of the platform's roms; those outside of slots take no part.
 */
export function nameSaves(
  heads: readonly Version[],
  { baselines, untrackedIds }: DeviceMemory,
): ReadonlyMap<string, NamedSave> {
  const newest = new Map<string, Version>();
  for (const head of heads) {
    if (head.slot === null || head.isBundle) continue;
    const before = newest.get(head.canonicalName);
    if (before === undefined || isNewer(head, before)) newest.set(head.canonicalName, head);
  }
  const bases = new Map<string, Baseline>();
  for (const baseline of baselines) {
    if (baseline.slot === null || baseline.kind !== "saves") continue;
    const before = bases.get(baseline.canonicalName);
    if (before === undefined || baseline.syncedAt > before.syncedAt)
      bases.set(baseline.canonicalName, baseline);
  }
  const all = new Set([...newest.keys(), ...bases.keys()]);
  return new Map(
    [...all].map((name): [string, NamedSave] => {
      const head = newest.get(name) ?? null;
      const base = toSyncedFile(bases.get(name) ?? null);
      const isUntracked = head !== null && untrackedIds.has(head.id);
      return [name, { name, head, base, isUntracked }];
    }),
  );
}

function isNewer(a: Version, b: Version): boolean {
  const byTime = a.contentUpdatedAt.getTime() - b.contentUpdatedAt.getTime();
  return byTime > 0 || (byTime === 0 && a.id > b.id);
}

const REMOVED: Decision = { verdict: "no_op", reason: "Removed on the server", isIdentical: false };

/** What is to be done about a file of a device. */
export function decideFound(
  copy: Pick<DeviceCopy, "hash" | "modifiedAt">,
  saved: NamedSave | null,
  direction: Direction,
): Decision {
  const head = saved?.head ?? null;
  if (saved === null || head === null) {
    // The device had it from here, and it was removed here: that is respected until it is played on there.
    const isOld = saved !== null && saved.base !== null && names(copy.hash, saved.base);
    return isOld ? REMOVED : direct(NOT_ON_SERVER, direction);
  }
  if (saved.isUntracked) return UNTRACKED;
  const device = { hash: copy.hash, updatedAt: copy.modifiedAt };
  return direct(compare(device, toServerFile(head), saved.base), direction);
}

/** What is to be done about a save that the device does not have; null: nothing. */
export function decideMissing({ head, base, isUntracked }: NamedSave, direction: Direction): Decision | null {
  if (head === null || isUntracked) return null;
  const decision = decideAbsent(toServerFile(head), base);
  return decision === null ? null : direct(decision, direction);
}

/** The part of a file name that it shares with the rom that it belongs to. */
export function toStem(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  return dot <= 0 ? fileName : fileName.slice(0, dot);
}

/** Says why a file of a device takes no part, going by its name; null when it does. */
export function refuseName(fileName: string): string | null {
  if (!isEntryName(fileName) || fileName.includes("\uFFFD")) return "The name cannot be that of a file here";
  if (fileName.startsWith(".")) return "Hidden files are left alone";
  return isStateName(fileName) ? "States are not synced this way" : null;
}

/** The same, going by its size. */
export function refuseSize(sizeBytes: number, bytesMax: number): string | null {
  if (sizeBytes === 0) return "The file is empty";
  return sizeBytes > bytesMax ? `The file has more than ${bytesMax} bytes` : null;
}
