import type { StoredBytes } from "../contract.ts";

/** Kinds of which users keep versions. */
export type VersionKind = "saves" | "states";

/** One version of a save or a state: a row, and bytes that never change. */
export interface Version extends StoredBytes {
  readonly id: number;
  readonly kind: VersionKind;
  readonly romId: number;
  readonly userId: number;
  readonly fileName: string;
  readonly fileNameNoTags: string;
  readonly fileNameNoExt: string;
  readonly fileExtension: string;
  readonly filePath: string;
  readonly emulator: string | null;
  readonly slot: string | null;
  /** The file name without the moment that a slot adds. */
  readonly canonicalName: string;
  readonly isBundle: boolean;
  readonly isPublic: boolean;
  readonly isMissing: boolean;
  readonly originDeviceId: string | null;
  readonly screenshotId: number | null;
  readonly createdAt: Date;
  /** When the bytes were stored; what sync compares. */
  readonly contentUpdatedAt: Date;
  /** Moves on every visible change. */
  readonly updatedAt: Date;
}

/** What a comparison needs of the newest version of a save. */
export type VersionHead = Pick<
  Version,
  | "id"
  | "kind"
  | "romId"
  | "userId"
  | "slot"
  | "canonicalName"
  | "fileName"
  | "emulator"
  | "sizeBytes"
  | "md5"
  | "sha1"
  | "contentHash"
  | "isBundle"
  | "originDeviceId"
  | "contentUpdatedAt"
>;

/** What versions of one save share. */
export interface Lane {
  readonly kind: VersionKind;
  readonly userId: number;
  readonly romId: number;
  readonly slot: string | null;
  readonly canonicalName: string;
}
