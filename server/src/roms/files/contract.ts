import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, InstantText, list } from "../../base/schemas.ts";
import { type TrackMeta, TrackMetaSchema } from "../tracks/contract.ts";

/** One member of an archive that is a rom. */
export interface ArchiveMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

export const ArchiveMemberSchema = v.object({
  name: v.string(),
  sizeBytes: v.number(),
  crc32: v.string(),
  md5: v.string(),
  sha1: v.string(),
});

/** One file on disk of a rom. Hashes are lower-case hex, "" when there is none. */
export interface RomFile {
  readonly id: number;
  readonly romId: number;
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
  readonly sizeBytes: number;
  /** When the file last changed on disk. */
  readonly modifiedAt: Instant;
  /** The file is the rom itself or lies directly in the rom's folder. */
  readonly isTopLevel: boolean;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly raHash: string;
  /** SHA-1 that a CHD header names for its data; "" for other files. */
  readonly chdSha1: string;
  /** The hashes are those of what it holds, not of its own bytes. */
  readonly isPacked: boolean;
  readonly archiveMembers: readonly ArchiveMember[] | null;
  /** Null for the game itself. */
  readonly category: string | null;
  /** Tags of a soundtrack file; null for other files, and while they have not been read. */
  readonly trackMeta: TrackMeta | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const RomFileSchema = v.object({
  id: Id,
  romId: Id,
  fileName: v.string(),
  filePath: v.string(),
  sizeBytes: v.number(),
  modifiedAt: InstantText,
  isTopLevel: v.boolean(),
  crc32: v.string(),
  md5: v.string(),
  sha1: v.string(),
  raHash: v.string(),
  chdSha1: v.string(),
  isPacked: v.boolean(),
  archiveMembers: v.nullable(list(ArchiveMemberSchema)),
  category: v.nullable(v.string()),
  trackMeta: v.nullable(TrackMetaSchema),
  createdAt: InstantText,
  updatedAt: InstantText,
});
