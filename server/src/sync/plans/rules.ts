import { toInstant } from "../../base/clock.ts";
import type { RemoteSave } from "./contract.ts";

/** A stored version as the sync shows it. */
export interface StoredVersion {
  readonly id: number;
  readonly kind: "saves" | "states";
  readonly romId: number;
  readonly slot: string | null;
  readonly canonicalName: string;
  readonly fileName: string;
  readonly emulator: string | null;
  readonly sizeBytes: number;
  readonly contentHash: string | null;
  readonly sha1: string;
  readonly isBundle: boolean;
  readonly originDeviceId: string | null;
  readonly contentUpdatedAt: Date;
}

/** A version in the words of the sync. */
export function toRemoteSave(version: StoredVersion): RemoteSave {
  return {
    id: version.id,
    kind: version.kind === "saves" ? "save" : "state",
    romId: version.romId,
    slot: version.slot,
    name: version.canonicalName,
    fileName: version.fileName,
    emulator: version.emulator,
    sizeBytes: version.sizeBytes,
    contentHash: version.contentHash,
    sha1: version.sha1,
    isBundle: version.isBundle,
    originDeviceId: version.originDeviceId,
    updatedAt: toInstant(version.contentUpdatedAt),
  };
}
