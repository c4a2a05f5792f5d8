import { NativeError } from "../errors.ts";
import { type ContentPiece, readContent, runThrough } from "./bytes.ts";
import type { ChdFile } from "./chd-file.ts";
import type { ChdTrack } from "./types.ts";

const CD_FRAME_BYTES = 2448;
const SUBCODE_BYTES = 96;

/** How a file's tracks lie in its content. */
export interface TrackLayout {
  /** Bytes from one frame to the next: 2448 on a CD, 2048 on a DVD. */
  readonly frameBytes: number;
  readonly isAudioLittleEndian: boolean;
}

/** Gives the layout of a file with tracks. */
export function trackLayout(unitBytes: number, isAudioLittleEndian: boolean): TrackLayout {
  return { frameBytes: unitBytes === CD_FRAME_BYTES ? CD_FRAME_BYTES : unitBytes, isAudioLittleEndian };
}

/** Some frames of a track, 0-based within it. */
export interface FrameRange {
  readonly first: number;
  readonly count: number;
}

/** Frames of a track that are its own, without the filler of a GD-ROM. */
export function dataFrameCount(track: ChdTrack): number {
  return track.frameCount - track.padFrames;
}

/** Swaps the bytes of each 16-bit sample: a CHD holds audio big endian, a .bin little endian. */
function swapSamples(bytes: Uint8Array): void {
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const first = bytes[at] ?? 0;
    bytes[at] = bytes[at + 1] ?? 0;
    bytes[at + 1] = first;
  }
}

/** Takes the sectors out of whole frames, as a .bin file holds them. */
function takeSectors(frames: Uint8Array, track: ChdTrack, layout: TrackLayout): Uint8Array {
  const { sectorBytes } = track;
  const count = frames.length / layout.frameBytes;
  const sectors = new Uint8Array(count * sectorBytes);
  for (let frame = 0; frame < count; frame += 1) {
    const from = frame * layout.frameBytes;
    sectors.set(frames.subarray(from, from + sectorBytes), frame * sectorBytes);
  }
  if (track.kind === "audio" && !layout.isAudioLittleEndian) swapSamples(sectors);
  return sectors;
}

function contentRange(
  track: ChdTrack,
  layout: TrackLayout,
  range: FrameRange,
): { start: number; end: number } {
  const start = (track.firstFrame + range.first) * layout.frameBytes;
  return { start, end: start + range.count * layout.frameBytes };
}

/** Frames of one track of one layout. */
interface TrackFrames {
  readonly track: ChdTrack;
  readonly layout: TrackLayout;
  readonly range: FrameRange;
}

/** Reads whole frames. */
async function readFrames(
  file: ChdFile,
  { track, layout, range }: TrackFrames,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { first, count } = range;
  const isThere = Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0;
  if (!isThere || first + count > track.frameCount) {
    throw new NativeError("CHD_RANGE", `frames ${first} and ${count} on of ${track.frameCount}`);
  }
  return readContent(file, contentRange(track, layout, range), signal);
}

/**
 * Reads sectors of a track as a .bin file holds them.
 * @throws NativeError `CHD_RANGE` outside the track's stored frames.
 */
export async function readTrackSectors(
  file: ChdFile,
  at: TrackFrames,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return takeSectors(await readFrames(file, at, signal), at.track, at.layout);
}

/**
 * Reads the subcode beside sectors of a track, 96 bytes each.
 * @throws NativeError `CHD_RANGE` outside the track's stored frames, and for discs without room for subcode.
 */
export async function readTrackSubcode(
  file: ChdFile,
  at: TrackFrames,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { frameBytes } = at.layout;
  if (frameBytes !== CD_FRAME_BYTES) throw new NativeError("CHD_RANGE", "only CDs have subcode");
  const frames = await readFrames(file, at, signal);
  const subcode = new Uint8Array(at.range.count * SUBCODE_BYTES);
  for (let frame = 0; frame < at.range.count; frame += 1) {
    const end = (frame + 1) * frameBytes;
    subcode.set(frames.subarray(end - SUBCODE_BYTES, end), frame * SUBCODE_BYTES);
  }
  return subcode;
}

/** Joins pieces so that each begins and ends with a whole frame. */
async function* wholeFrames(
  pieces: AsyncIterable<ContentPiece>,
  frameBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest = new Uint8Array(0);
  for await (const { bytes } of pieces) {
    let joined = bytes;
    if (rest.length > 0) {
      joined = new Uint8Array(rest.length + bytes.length);
      joined.set(rest);
      joined.set(bytes, rest.length);
    }
    const whole = joined.length - (joined.length % frameBytes);
    rest = joined.slice(whole);
    if (whole > 0) yield joined.subarray(0, whole);
  }
}

/**
 * Gives a track's sectors from a frame on as a .bin file holds them, in pieces.
 * @throws NativeError of the first damaged hunk.
 */
export async function* streamTrack(
  file: ChdFile,
  at: TrackFrames,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { track, layout, range } = at;
  const pieces = runThrough(file, contentRange(track, layout, range), signal);
  for await (const frames of wholeFrames(pieces, layout.frameBytes)) yield takeSectors(frames, track, layout);
}
