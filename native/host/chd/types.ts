import type { ByteSource } from "../byte-source.ts";

/** What the first bytes of a CHD say, the same for all versions. Digests are lower-case hex; null: not stored. */
export interface ChdHeader {
  readonly version: 1 | 2 | 3 | 4 | 5;
  /** Names of the codecs by slot, such as "cdzl"; empty: the hunks are stored as they are. */
  readonly codecs: readonly string[];
  readonly hunkBytes: number;
  readonly hunkCount: number;
  /** The grain of addressing: 2448 for a CD frame, 2048 for a DVD sector. */
  readonly unitBytes: number;
  /** Size of the content; the last hunk is filled up with zeros. */
  readonly logicalBytes: number;
  /** Whether the file holds only what differs from a parent. */
  readonly hasParent: boolean;
  /** Of the content; versions 1 to 3. */
  readonly md5: string | null;
  /** Of the content and the metadata that count; version 3: of the content. */
  readonly sha1: string | null;
  /** Of the content; versions 3 to 5. */
  readonly rawSha1: string | null;
  readonly parentMd5: string | null;
  readonly parentSha1: string | null;
}

/** One entry of the metadata. */
export interface ChdMetadata {
  /** Four characters, such as "CHT2". */
  readonly tag: string;
  /** Whether it counts for the file's SHA-1. */
  readonly isChecksummed: boolean;
  readonly bytes: Uint8Array;
}

/** How a track's sectors are stored; `MODE1_RAW` and `MODE2_RAW` are whole sectors of 2352 bytes. */
export type ChdTrackMode =
  | "AUDIO"
  | "MODE1"
  | "MODE1_RAW"
  | "MODE2"
  | "MODE2_FORM1"
  | "MODE2_FORM2"
  | "MODE2_FORM_MIX"
  | "MODE2_RAW";

/** One track of a disc; a DVD is one track. */
export interface ChdTrack {
  /** 1-based. */
  readonly number: number;
  readonly kind: "audio" | "data";
  readonly mode: ChdTrackMode;
  /** Bytes of a sector as a .bin file holds it. */
  readonly sectorBytes: number;
  /** Subcode stored beside each sector: none, decoded or raw. */
  readonly subcode: "none" | "rw" | "rw_raw";
  /** Frames that hold the track, a stored pregap included. */
  readonly frameCount: number;
  /** Sectors before index 1. */
  readonly pregapFrames: number;
  /** Whether the pregap is part of the stored frames; otherwise it is a number only. */
  readonly isPregapStored: boolean;
  /** Sectors after the track; never stored. */
  readonly postgapFrames: number;
  /** GD-ROM: filler frames behind the track, up to where the next one starts. */
  readonly padFrames: number;
  /** Absolute number of the first stored sector: the frames of all tracks before it. */
  readonly firstSector: number;
  /** Where the first stored frame stands among all frames of the file, which are rounded up to 4 a track. */
  readonly firstFrame: number;
}

/** A hunk that could not be given, and why. */
export interface BadHunk {
  readonly hunkIndex: number;
  readonly error: Error;
}

/** What `verify` found. */
export interface ChdVerification {
  /** All hunks decode to what their checksums say, and the whole matches each digest that the header holds. */
  readonly isIntact: boolean;
  /** 0-based, in order; at most 10,000 are listed. */
  readonly badHunks: readonly number[];
  readonly badHunkCount: number;
  /** Of the content as it was read, damaged hunks as zeros. */
  readonly sha1: string;
  /** The header's digests that the content does not match. */
  readonly mismatches: readonly ("md5" | "sha1" | "rawSha1")[];
}

/** Progress of long work. */
export interface NativeProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** A source over a part of an open CHD; closing it does not close the CHD. */
export type ChdSource = ByteSource;
