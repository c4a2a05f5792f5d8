import type { Baseline } from "../assets/baselines/contract.ts";
import type { VersionHead } from "../assets/versions/contract.ts";
import { toAppError } from "../base/errors.ts";

/** What a side knows of some bytes; hex in lower case. A missing hash is null or "". */
export interface Content {
  readonly contentHash: string | null;
  readonly md5: string;
  readonly sha1: string;
}

/** What a device says of a file that it has. */
export interface DeviceFile {
  /** Content hash, MD5 or SHA-1; null when the device did not say. */
  readonly hash: string | null;
  readonly updatedAt: Date;
}

/** The newest version on the server. */
export interface ServerFile extends Content {
  readonly versionId: number;
  readonly updatedAt: Date;
}

/** What the device last had of the same save. */
export interface SyncedFile extends Content {
  readonly versionId: number;
  /** When the server stored those bytes. */
  readonly updatedAt: Date;
}

/** The server's side of a comparison. */
export function toServerFile({ id, contentHash, md5, sha1, contentUpdatedAt }: VersionHead): ServerFile {
  return { versionId: id, contentHash, md5, sha1, updatedAt: contentUpdatedAt };
}

/** The third side of a comparison. */
export function toSyncedFile(baseline: Baseline): SyncedFile;
export function toSyncedFile(baseline: Baseline | null): SyncedFile | null;
export function toSyncedFile(baseline: Baseline | null): SyncedFile | null {
  if (baseline === null) return null;
  const { assetId, contentHash, md5, sha1, contentUpdatedAt } = baseline;
  return { versionId: assetId, contentHash, md5, sha1, updatedAt: contentUpdatedAt };
}

export type Verdict = "upload" | "download" | "conflict" | "no_op";

/** What is to be done about one save, and why; the words are the compatible API's. */
export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
  /** The device has what the server has, whatever it had before. */
  readonly isIdentical: boolean;
  /** And it is known to have exactly this version, so that there is nothing to note. */
  readonly isKnown?: boolean | undefined;
}

const decide = (verdict: Verdict, reason: string): Decision => ({ verdict, reason, isIdentical: false });

/** Tells whether a hash of any sort names some bytes. */
export function names(hash: string | null, content: Content): boolean {
  if (hash === null || hash === "") return false;
  const lower = hash.toLowerCase();
  return lower === content.contentHash || lower === content.md5 || lower === content.sha1;
}

function isSame(a: Content, b: Content): boolean {
  if (a.sha1 !== "" && a.sha1 === b.sha1) return true;
  return a.contentHash !== null && a.contentHash === b.contentHash;
}

/**
 * Compares three sides of one save: what the device has, what the server has, and what the device had when the two
 * last met. Only where the third is unknown do clocks count, and even then nothing is buried that differs.
 */
export function compare(device: DeviceFile, server: ServerFile, base: SyncedFile | null): Decision {
  if (names(device.hash, server)) {
    const isKnown = base !== null && isSameRow(server, base);
    return {
      verdict: "no_op",
      reason: "Content is identical",
      isIdentical: true,
      ...(isKnown && { isKnown }),
    };
  }
  return base === null ? compareByClock(device, server) : compareWithBase(device, server, base);
}

/** The device had exactly this version, and it holds the same bytes since. */
function isSameRow(server: ServerFile, base: SyncedFile): boolean {
  return server.versionId === base.versionId && server.updatedAt <= base.updatedAt;
}

function compareWithBase(device: DeviceFile, server: ServerFile, base: SyncedFile): Decision {
  const hasServerChanged = !isSameRow(server, base) && !isSame(server, base);
  const hasDeviceChanged =
    device.hash === null ? device.updatedAt > base.updatedAt : !names(device.hash, base);
  if (hasDeviceChanged && hasServerChanged) return decide("conflict", "Both sides changed since last sync");
  if (hasDeviceChanged) return decide("upload", "Client save is newer than last sync");
  if (hasServerChanged) return decide("download", "Server save is newer than last sync");
  return decide("no_op", "No changes since last sync");
}

function compareByClock(device: DeviceFile, server: ServerFile): Decision {
  if (device.updatedAt > server.updatedAt) {
    return decide("upload", "Client save is newer (no sync history)");
  }
  if (device.updatedAt < server.updatedAt) {
    // A device that says what it has, has something that the server never saw: it is not to be overwritten.
    const verdict = device.hash === null ? "download" : "conflict";
    return decide(verdict, "Server save is newer (no sync history)");
  }
  if (device.hash !== null || server.contentHash !== null) {
    return decide("conflict", "Same timestamp but different content");
  }
  return decide("no_op", "Saves appear identical");
}

/** Tells whether it is to be noted that a device has what the server has. */
export function isNews({ isIdentical, isKnown }: Decision): boolean {
  return isIdentical && isKnown !== true;
}

/** What is to be done about a save that the device did not name; null: nothing. */
export function decideAbsent(server: ServerFile, base: SyncedFile | null): Decision | null {
  if (base === null) return decide("download", "Save exists on server but not on client");
  // The device had exactly this and has it no more: somebody removed it there on purpose.
  if (isSameRow(server, base) || isSame(server, base)) return null;
  return decide("download", "Server save updated since last sync, not present on client");
}

export const NOT_ON_SERVER = decide("upload", "Save exists on client but not on server");
export const UNTRACKED = decide("no_op", "Save is untracked on this device");

/** Which ways a device syncs. */
export type Direction = "both" | "pull_only" | "push_only";

/** Why a device does not do what goes the other way. */
export const ONLY_DOWNLOADS = "This device only downloads";
export const ONLY_UPLOADS = "This device only uploads";

/** Leaves out what a device does not do. */
export function direct(decision: Decision, direction: Direction): Decision {
  if (decision.verdict === "upload" && direction === "pull_only") {
    return { ...decision, verdict: "no_op", reason: ONLY_DOWNLOADS };
  }
  if (decision.verdict === "download" && direction === "push_only") {
    return { ...decision, verdict: "no_op", reason: ONLY_UPLOADS };
  }
  return decision;
}

/** Reads the direction out of a device's settings. */
export function readDirection(syncConfig: unknown): Direction {
  const direction =
    typeof syncConfig === "object" && syncConfig !== null && "direction" in syncConfig
      ? syncConfig.direction
      : null;
  return direction === "pull_only" || direction === "push_only" ? direction : "both";
}

const STATE_NAME = /\.state(?:\d+|\.auto)?$/i;

/** Tells states from saves by their names, in the protocol that has one list for both. */
export function isStateName(fileName: string): boolean {
  return STATE_NAME.test(fileName);
}

/** Tells that the database or the disk is in the way: nothing was decided, and what was begun goes on later. */
export function isOutage(error: unknown): boolean {
  const { kind } = toAppError(error);
  return kind === "storage_full" || kind === "unavailable";
}
