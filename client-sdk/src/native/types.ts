import type { ChdHeader, ChdTrack } from "@multitap/native/chd-types";
import type { Rom } from "@multitap/server/contract/roms";
import type { ByteSink, ByteSource } from "../transfers/types.ts";

/** Threads that decode CHD hunks; the results are the same with and without them. */
export interface NativeWorkers {
  /** How many jobs are worked on at a time. */
  readonly count: number;
  /** Ends the threads; what is under way on them is rejected. */
  close(): Promise<void>;
}

/** How far long work is. */
export interface NativeProgress {
  readonly doneBytes: number;
  /** Grows while a disc is looked through: what is to be hashed shows only then. */
  readonly totalBytes: number;
}

/**
 * What every long call of this entry accepts.
 * @example
 * await hashBytes(file, ["sha1"], { signal, onProgress: (p) => show(p.doneBytes / p.totalBytes) });
 */
export interface NativeOptions {
  /** Ends the call; it then throws an error of kind `aborted` with the signal's reason as cause. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how far the call is. */
  readonly onProgress?: ((progress: NativeProgress) => void) | undefined;
  /** Threads that decode CHDs; without them all work is done on the caller's thread, in slices of 8 ms. */
  readonly workers?: NativeWorkers | undefined;
}

/** The digests that can be asked for; `ra` is RetroAchievements' hash of a game. */
export type RomHashName = "crc32" | "md5" | "sha1" | "ra";

/** One lower-case hex digest for each name; null: RetroAchievements' rules give none. */
export type Hashes<H extends RomHashName> = { readonly [K in H]: K extends "ra" ? string | null : string };

/** Whose rules make the `ra` hash: a platform's by its slug, a console's of RetroAchievements, or to be found out. */
export type HashTarget = { readonly platform: string } | { readonly raConsoleId: number } | "detect";

/** What opening a CHD accepts. */
export interface OpenChdOptions {
  /** The open CHD this one was made against; it must stay open as long. */
  readonly parent?: Chd | undefined;
  /** Decoded hunks to keep, in bytes; 2 MiB unless given. */
  readonly cacheBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly workers?: NativeWorkers | undefined;
}

/** What `verify` of a CHD found. */
export interface ChdVerification {
  /** All hunks decode to what their checksums say, and the whole matches each digest that the header holds. */
  readonly isIntact: boolean;
  /** 0-based, in order; at most 10,000 are listed. */
  readonly badHunks: readonly number[];
  /** Of the content as it was read, damaged hunks as zeros. */
  readonly sha1: string;
}

/** An open CHD. Its functions may be called at the same time. */
export interface Chd {
  readonly header: ChdHeader;
  /** In order; empty for hard disks and raw data. */
  readonly tracks: readonly ChdTrack[];
  /** Reads one hunk, 0-based; the last one is filled up with zeros. */
  readHunk(hunkIndex: number, signal?: AbortSignal | undefined): Promise<Uint8Array>;
  /** Reads bytes of the content, at most 64 MiB at a time; they are the caller's own. */
  read(start: number, end: number, signal?: AbortSignal | undefined): Promise<Uint8Array>;
  /**
   * Reads sectors as a .bin file holds them: `sectorBytes` each, audio little endian.
   * @param trackNumber 1-based.
   * @param firstFrame 0-based within the track, a stored pregap included.
   */
  readSectors(
    ...at: [trackNumber: number, firstFrame: number, count: number, signal?: AbortSignal | undefined]
  ): Promise<Uint8Array>;
  /**
   * Gives the whole content, or one track as its .bin file, as a source; `hashRom` sees a disc in the former.
   * @throws MultitapError `invalid` (`CHD_RANGE`) for a track that does not exist.
   */
  source(input?: { readonly trackNumber?: number | undefined }): ByteSource;
  /** Gives the same as `source` in order. */
  stream(input?: { readonly trackNumber?: number | undefined }): ReadableStream<Uint8Array>;
  /** Reads everything and compares all checksums; damage is an answer, no error. */
  verify(options?: NativeOptions): Promise<ChdVerification>;
  /**
   * Writes the disc as files, the sheet last.
   * @param to Gives the place for a file; names hold no folder.
   * @returns The names in the order written.
   * @throws MultitapError `unsupported` (`CHD_EXTRACT_FORMAT`) when the disc does not fit the format.
   */
  extract(
    format: "bin_cue" | "iso" | "gdi",
    to: (fileName: string) => ByteSink,
    options?: NativeOptions,
  ): Promise<readonly string[]>;
  /** Frees what is held; the source stays open, and later calls are refused. */
  close(): Promise<void>;
}

/** A game of the library that some bytes were recognised as. */
export interface Identified {
  readonly rom: Rom;
  /**
   * By what the library knew it: the digest that a CHD holds of itself, RetroAchievements' hash, or a digest of the
   * bytes.
   */
  readonly matchedBy: "chd" | "ra" | "bytes";
  /** RetroAchievements' id of the console whose rules hashed it; null when that was not needed or gave nothing. */
  readonly raConsoleId: number | null;
  /** Null likewise. */
  readonly raHash: string | null;
}
