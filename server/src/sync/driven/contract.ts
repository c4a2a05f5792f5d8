import type { Version } from "../../assets/versions/contract.ts";
import type { SyncedFile } from "../rules.ts";

/** A device whose files the server fetches and brings, and that calls nobody. */
export interface DrivenDevice {
  readonly id: string;
  readonly userId: number;
  readonly syncConfig: unknown;
}

/** All that is known of one file name on one platform: such a device knows neither roms nor slots. */
export interface NamedSave {
  readonly name: string;
  /** The newest version in any slot; null when there is none. */
  readonly head: Version | null;
  /** What the device last had under the name. */
  readonly base: SyncedFile | null;
  /** The owner told this device to leave the save alone. */
  readonly isUntracked: boolean;
}

/** Bytes of a device's file that lie on our disk. */
export interface DeviceCopy {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha1: string;
  /** What the comparison goes by: that of a zip does not change by packing it again. */
  readonly hash: string;
  readonly modifiedAt: Date;
}
