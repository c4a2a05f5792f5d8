import * as codecIds from "../../assembly/chd/codecs/ids.ts";
import type { ByteSink } from "../byte-sink.ts";
import { type ByteSource, type BytesInput, toByteSource } from "../byte-source.ts";
import { NativeError } from "../errors.ts";
import type { NativeWorkers } from "../workers.ts";
import { readContent, readHunk, runThrough } from "./bytes.ts";
import { type ChdFile, checkOpen, withWorkers } from "./chd-file.ts";
import { type ExtractFormat, extractChd } from "./extract.ts";
import { createFileWindow } from "./file-window.ts";
import { HEADER_BYTES_MAX, type ParsedHeader, parseHeader } from "./header.ts";
import { createHunkCache } from "./hunk-cache.ts";
import { readHunkMap } from "./hunk-map.ts";
import { CACHE_BYTES_DEFAULT, CACHE_BYTES_MAX, PARENTS_MAX } from "./limits.ts";
import { findUnitBytes, readMetadata } from "./metadata.ts";
import {
  dataFrameCount,
  readTrackSectors,
  readTrackSubcode,
  streamTrack,
  type TrackLayout,
  trackLayout,
} from "./track-bytes.ts";
import { isGdRom, readTracks } from "./tracks.ts";
import type { ChdHeader, ChdMetadata, ChdTrack, ChdVerification } from "./types.ts";
import { type LongOptions, verifyChd } from "./verify.ts";

/** An open CHD. Its functions may be called at the same time. */
export interface Chd {
  readonly header: ChdHeader;
  /** In the file's order. */
  readonly metadata: readonly ChdMetadata[];
  /** In order; empty for hard disks and raw data. */
  readonly tracks: readonly ChdTrack[];
  readonly isGdRom: boolean;
  /** Reads one hunk, 0-based; the last one is filled up with zeros. */
  readHunk(hunkIndex: number, signal?: AbortSignal | undefined): Promise<Uint8Array>;
  /** Reads bytes of the content, at most 64 MiB at a time; they are the caller's own. */
  read(start: number, end: number, signal?: AbortSignal | undefined): Promise<Uint8Array>;
  /**
   * Reads sectors as a .bin file holds them: `sectorBytes` each, audio little endian.
   * @param firstFrame 0-based within the track, a stored pregap included.
   */
  readSectors(
    ...at: [trackNumber: number, firstFrame: number, count: number, signal?: AbortSignal | undefined]
  ): Promise<Uint8Array>;
  /**
   * Reads the subcode beside sectors, 96 bytes each; zeros where none is stored.
   * @param firstFrame 0-based within the track, a stored pregap included.
   */
  readSubcode(
    ...at: [trackNumber: number, firstFrame: number, count: number, signal?: AbortSignal | undefined]
  ): Promise<Uint8Array>;
  /** Gives the whole content, or one track as its .bin file, as a source. */
  source(input?: { readonly trackNumber?: number | undefined }): ByteSource;
  /** Gives the same as `source` in order. */
  stream(input?: { readonly trackNumber?: number | undefined }): ReadableStream<Uint8Array>;
  /** Reads everything and compares all checksums; damage is an answer, no error. */
  verify(options?: LongOptions): Promise<ChdVerification>;
  /**
   * Writes the disc as files, the sheet last.
   * @returns The names in the order written.
   * @throws NativeError `CHD_EXTRACT_FORMAT` when the disc does not fit the format.
   */
  extract(
    format: ExtractFormat,
    to: (fileName: string) => ByteSink,
    options?: LongOptions,
  ): Promise<readonly string[]>;
  /** Frees what is held; the source stays open, and later calls reject with `CHD_CLOSED`. */
  close(): Promise<void>;
}

/** What opening takes. */
export interface OpenChdOptions {
  /** The open CHD this one was made against; it must stay open as long. */
  readonly parent?: Chd | undefined;
  /** Decoded hunks to keep, in bytes; 2 MiB unless given. */
  readonly cacheBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly workers?: NativeWorkers | undefined;
}

const CODEC_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["zlib", codecIds.CODEC_DEFLATE],
  ["lzma", codecIds.CODEC_LZMA],
  ["huff", codecIds.CODEC_HUFF],
  ["flac", codecIds.CODEC_FLAC],
  ["zstd", codecIds.CODEC_ZSTD],
  ["cdzl", codecIds.CODEC_CD_DEFLATE],
  ["cdlz", codecIds.CODEC_CD_LZMA],
  ["cdfl", codecIds.CODEC_CD_FLAC],
  ["cdzs", codecIds.CODEC_CD_ZSTD],
]);

/** The inner side of each open CHD, for children that read from it. */
const files = new WeakMap<Chd, ChdFile>();

function countParents(file: ChdFile | null): number {
  let count = 0;
  for (let parent = file; parent !== null; parent = parent.parent) count += 1;
  return count;
}

/** Gives the parent's inner side, once it is sure that it is the right one. */
function checkParent(header: ParsedHeader, parent: Chd | undefined): ChdFile | null {
  if (parent === undefined || !header.hasParent) return null;
  const file = files.get(parent);
  if (file === undefined)
    throw new NativeError("CHD_PARENT_MISMATCH", "the parent was not opened by openChd");
  if (countParents(file) > PARENTS_MAX) {
    throw new NativeError("CHD_PARENT_DEPTH", `more than ${PARENTS_MAX} generations of parents`);
  }
  const pairs = [
    [header.parentSha1, parent.header.sha1],
    [header.parentMd5, parent.header.md5],
  ] as const;
  const mismatch = pairs.find(([wanted, given]) => wanted !== null && given !== null && wanted !== given);
  if (mismatch !== undefined) {
    throw new NativeError("CHD_PARENT_MISMATCH", `the parent is ${mismatch[1]}, wanted is ${mismatch[0]}`);
  }
  return file;
}

function publicHeader(parsed: ParsedHeader, unitBytes: number): ChdHeader {
  const { mapOffset: _map, metadataOffset: _metadata, geometry: _geometry, ...header } = parsed;
  return { ...header, codecs: header.codecs.filter((name) => name !== ""), unitBytes };
}

/** Everything that opening finds out. */
interface Opened {
  readonly file: ChdFile;
  readonly metadata: readonly ChdMetadata[];
  readonly tracks: readonly ChdTrack[];
  readonly layout: TrackLayout;
  readonly isGdRom: boolean;
}

async function readAll(source: ByteSource, options: OpenChdOptions): Promise<Opened> {
  const { signal } = options;
  signal?.throwIfAborted();
  const window = createFileWindow(source);
  const parsed = parseHeader(await window.read(0, Math.min(HEADER_BYTES_MAX, source.sizeBytes), signal));
  const parent = checkParent(parsed, options.parent);
  const metadata = await readMetadata(window, parsed, signal);
  const unitBytes = findUnitBytes(parsed, metadata);
  const codecs = parsed.codecs.map((name) => CODEC_NUMBERS.get(name) ?? -1);
  const map = await readHunkMap(window, { ...parsed, unitBytes }, { codecs, signal });
  const header = publicHeader(parsed, unitBytes);
  const { tracks, isAudioLittleEndian } = readTracks(metadata, header);
  const cacheBytes = Math.min(options.cacheBytes ?? CACHE_BYTES_DEFAULT, CACHE_BYTES_MAX);
  const cache = createHunkCache(header.hunkBytes, cacheBytes);
  const workers = options.workers ?? null;
  const file: ChdFile = {
    name: source.name,
    header,
    map,
    window,
    cache,
    parent,
    workers,
    state: { isClosed: false },
  };
  return {
    file,
    metadata,
    tracks,
    layout: trackLayout(unitBytes, isAudioLittleEndian),
    isGdRom: isGdRom(metadata),
  };
}

function getTrack(tracks: readonly ChdTrack[], trackNumber: number): ChdTrack {
  const track = tracks[trackNumber - 1];
  if (track === undefined) throw new NativeError("CHD_RANGE", `track ${trackNumber} of ${tracks.length}`);
  return track;
}

/** One track as its .bin file. */
function trackSource(opened: Opened, track: ChdTrack): ByteSource {
  const { file, layout } = opened;
  const { sectorBytes } = track;
  return {
    name: `${file.name} track ${track.number}`,
    sizeBytes: dataFrameCount(track) * sectorBytes,
    modifiedAt: null,
    async read(start, end, signal) {
      const first = Math.floor(start / sectorBytes);
      const range = { first, count: Math.ceil(end / sectorBytes) - first };
      const sectors = await readTrackSectors(file, { track, layout, range }, signal);
      return sectors.slice(start - first * sectorBytes, end - first * sectorBytes);
    },
  };
}

function contentSource({ file }: Opened): ByteSource {
  return {
    name: file.name,
    sizeBytes: file.header.logicalBytes,
    modifiedAt: null,
    read: (start, end, signal) => readContent(file, { start, end }, signal),
  };
}

async function* streamContent(file: ChdFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const range = { start: 0, end: file.header.logicalBytes };
  for await (const { bytes } of runThrough(file, range, signal)) yield bytes;
}

/** A stream that reads only as fast as it is read from, and stops reading when it is cancelled. */
function toStream(pieces: (signal: AbortSignal) => AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const iterator = pieces(abort.signal);
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel(reason) {
        abort.abort(reason);
        await iterator.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function createChd(opened: Opened): Chd {
  const { file, metadata, tracks, layout } = opened;
  const find = (input: { readonly trackNumber?: number | undefined } | undefined) =>
    input?.trackNumber === undefined ? null : getTrack(tracks, input.trackNumber);
  const chd: Chd = {
    header: file.header,
    metadata,
    tracks,
    isGdRom: opened.isGdRom,
    readHunk: (hunkIndex, signal) => readHunk(file, hunkIndex, signal),
    read: (start, end, signal) => readContent(file, { start, end }, signal),
    async readSectors(...[trackNumber, first, count, signal]) {
      const range = { first, count };
      return readTrackSectors(file, { track: getTrack(tracks, trackNumber), layout, range }, signal);
    },
    async readSubcode(...[trackNumber, first, count, signal]) {
      const range = { first, count };
      return readTrackSubcode(file, { track: getTrack(tracks, trackNumber), layout, range }, signal);
    },
    source(input) {
      const track = find(input);
      return track === null ? contentSource(opened) : trackSource(opened, track);
    },
    stream(input) {
      const track = find(input);
      if (track === null) return toStream((signal) => streamContent(file, signal));
      const range = { first: 0, count: dataFrameCount(track) };
      return toStream((signal) => streamTrack(file, { track, layout, range }, signal));
    },
    async verify(options = {}) {
      checkOpen(file);
      return verifyChd(withWorkers(file, options.workers), metadata, options);
    },
    async extract(format, to, options = {}) {
      checkOpen(file);
      return extractChd({ ...opened, file: withWorkers(file, options.workers) }, { format, to }, options);
    },
    async close() {
      file.state.isClosed = true;
      file.cache.clear();
    },
  };
  files.set(chd, file);
  return chd;
}

/**
 * Opens a CHD of version 1 to 5: reads its header, metadata and map, no hunk yet.
 * @param input A source is not closed by the CHD; closing it is up to whoever opened it.
 * @throws NativeError `CHD_…` when the file is none, is damaged or not supported; `SOURCE_…` when it cannot be read.
 */
export async function openChd(input: BytesInput, options: OpenChdOptions = {}): Promise<Chd> {
  return createChd(await readAll(toByteSource(input), options));
}
