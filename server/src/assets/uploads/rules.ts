import { AppError } from "../../base/errors.ts";
import type { Baseline } from "../baselines/contract.ts";
import type { StoredBytes } from "../contract.ts";
import { toCanonicalName, toSlotName } from "../rules.ts";
import type { Version } from "../versions/contract.ts";

/** How an upload proves that it knows what it goes on top of. */
export type Gate =
  /** By what the server remembers of the device; without a device it needs no proof. */
  | { readonly by: "device" }
  /** By naming the version that it grew from; null: there was none. */
  | { readonly by: "version"; readonly versionId: number | null }
  /** It knows, or does not care. */
  | { readonly by: "force" };

/** The texts by which apps tell this conflict from others. */
const NEWER = {
  saves: {
    inSlot: "Slot has a newer save since your last sync",
    byName: "Save has been updated since your last sync",
  },
  states: {
    inSlot: "Slot has a newer state since your last sync",
    byName: "State has been updated since your last sync",
  },
} as const;

/**
 * Chooses the version that an upload goes on top of: the newest of its save; while a slot holds one save alone, that
 * one, whatever it is called, since emulators name one save differently.
 * @param heads The newest version of each save in the slot, newest first.
 */
export function chooseHead<H extends Pick<Version, "canonicalName">>(
  heads: readonly H[],
  { slot, canonicalName }: { readonly slot: string | null; readonly canonicalName: string },
): H | null {
  const exact = heads.find((head) => head.canonicalName === canonicalName);
  if (exact !== undefined) return exact;
  return slot !== null && heads.length === 1 ? (heads[0] ?? null) : null;
}

/** Chooses what a device last had of the same save, by the same rule. */
export function chooseBaseline(
  baselines: readonly Baseline[],
  {
    head,
    canonicalName,
  }: { readonly head: Pick<Version, "canonicalName"> | null; readonly canonicalName: string },
): Baseline | null {
  const names = [canonicalName, head?.canonicalName ?? canonicalName];
  const [newest] = baselines
    .filter((baseline) => names.includes(baseline.canonicalName))
    .sort((a, b) => b.syncedAt.getTime() - a.syncedAt.getTime());
  return newest ?? null;
}

/** Tells whether a device had exactly these bytes of exactly this row. */
export function knows(baseline: Baseline | null, head: Pick<Version, "id" | "contentUpdatedAt">): boolean {
  if (baseline === null) return false;
  return (
    baseline.assetId === head.id && baseline.contentUpdatedAt.getTime() >= head.contentUpdatedAt.getTime()
  );
}

/** Tells whether two byte strings are one content; a packed one may be packed otherwise. */
export function isSameContent(
  a: Pick<StoredBytes, "contentHash" | "sha1" | "sizeBytes">,
  b: Pick<StoredBytes, "contentHash" | "sha1" | "sizeBytes">,
): boolean {
  if (a.sha1 !== "" && a.sha1 === b.sha1 && a.sizeBytes === b.sizeBytes) return true;
  return a.contentHash !== null && a.contentHash === b.contentHash;
}

/** What the decision about an upload is made from. */
export interface UploadSight {
  readonly slot: string | null;
  readonly head: Version | null;
  /** Null without a device, too. */
  readonly baseline: Baseline | null;
  readonly deviceId: string | null;
  readonly gate: Gate;
}

/**
 * Refuses an upload that does not know what it would bury.
 * @throws AppError `SAVES_SLOT_NEWER`, in the words that apps look for.
 */
export function checkGate(sight: UploadSight): void {
  const { head, gate, slot, baseline, deviceId } = sight;
  if (head === null || gate.by === "force") return;
  if (gate.by === "version") {
    if (gate.versionId !== head.id) throw slotNewer(slot, head);
    return;
  }
  if (deviceId === null || knows(baseline, head)) return;
  // Without a slot the compatible API knows no conflict with what a device never had; both are kept instead.
  if (slot === null && baseline === null) return;
  throw slotNewer(slot, head);
}

function slotNewer(slot: string | null, head: Version): AppError<"conflict"> {
  return new AppError("conflict", "SAVES_SLOT_NEWER", {
    message: NEWER[head.kind][slot === null ? "byName" : "inSlot"],
    details: {
      newestSaveId: head.id,
      contentHash: head.contentHash,
      updatedAt: head.contentUpdatedAt.toISOString(),
    },
  });
}

/**
 * Tells whether an upload that passed buries something that its device never had: then the two versions stand against
 * each other, and both stay. An upload that names its version has said what it knows.
 */
export function isConflict({ head, baseline, deviceId, gate }: UploadSight, bytes: StoredBytes): boolean {
  if (head === null || deviceId === null || gate.by === "version") return false;
  return !knows(baseline, head) && !isSameContent(head, bytes);
}

/** A name that sorts behind the newest version's, so that two of one second are told apart. */
export function nameVersion(canonicalName: string, at: Date, head: Version | null): string {
  const name = toSlotName(canonicalName, at);
  if (head === null || head.canonicalName !== canonicalName || head.fileName < name) return name;
  const newest = /\[(\d{4}-\d{2}-\d{2})_(\d{2})-(\d{2})-(\d{2})\][^[\]]*$/.exec(head.fileName);
  if (newest === null) return name;
  const [, day, hours, minutes, seconds] = newest;
  const next = new Date(Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) + 1000);
  return Number.isNaN(next.getTime()) ? name : toSlotName(canonicalName, next);
}

/** The name that the versions of an uploaded file share. */
export function canonicalNameOf(fileName: string, slot: string | null): string {
  return slot === null ? fileName : toCanonicalName(fileName);
}
