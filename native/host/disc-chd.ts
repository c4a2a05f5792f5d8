import type { BytesInput } from "./byte-source.ts";
import { type Chd, type OpenChdOptions, openChd } from "./chd/open.ts";
import type { ChdTrack } from "./chd/types.ts";
import { findUserOffset, USER_BYTES } from "./chd/user-data.ts";
import { type Disc, type DiscTrack, type DiscTrackFacts, SECTORS_PER_READ_MAX } from "./disc.ts";
import { NativeError } from "./errors.ts";

const AUDIO_BYTES = 2352;
/** The sector whose content tells the sub-header: where an ISO 9660 file system has its volume descriptor. */
const DESCRIPTOR_FRAME = 16;
const SYNC = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];
const MARK = [0x43, 0x44, 0x30, 0x30, 0x31]; // "CD001"
/** Where the mark stands behind the sub-header of mode 2. */
const XA_MARK_AT = 25;
const MODE1_OFFSET = 16;
const XA_OFFSET = 24;

const holds = (bytes: Uint8Array, at: number, wanted: readonly number[]) =>
  wanted.every((value, index) => bytes[at + index] === value);

/** Tells where a track's user's bytes begin, as tools that read the extracted .bin do: by its content first. */
async function findDataOffset(chd: Chd, track: ChdTrack, signal?: AbortSignal | undefined): Promise<number> {
  const byMode = findUserOffset(track) ?? 0;
  const frame = DESCRIPTOR_FRAME + (track.isPregapStored ? track.pregapFrames : 0);
  const isRaw = track.mode === "MODE1_RAW" || track.mode === "MODE2_RAW";
  if (!isRaw || frame >= track.frameCount) return byMode;
  const sector = await chd.readSectors(track.number, frame, 1, signal);
  if (!holds(sector, 0, SYNC)) return byMode;
  return holds(sector, XA_MARK_AT, MARK) ? XA_OFFSET : MODE1_OFFSET;
}

async function describeTrack(
  chd: Chd,
  track: ChdTrack,
  signal: AbortSignal | undefined,
): Promise<DiscTrackFacts> {
  const isAudio = track.kind === "audio";
  return {
    number: track.number,
    kind: track.kind,
    sessionNumber: 1,
    firstSector: track.firstSector,
    pregapFrames: track.isPregapStored ? track.pregapFrames : 0,
    frameCount: track.frameCount - track.padFrames,
    sectorBytes: track.sectorBytes,
    dataOffsetBytes: isAudio ? 0 : await findDataOffset(chd, track, signal),
    dataBytes: isAudio ? AUDIO_BYTES : USER_BYTES,
  };
}

function createTrack(chd: Chd, facts: DiscTrackFacts): DiscTrack {
  const { number, frameCount, sectorBytes, dataOffsetBytes, dataBytes } = facts;
  const readRaws = async (frame: number, count: number, signal?: AbortSignal): Promise<Uint8Array> => {
    if (count > SECTORS_PER_READ_MAX) {
      throw new NativeError("DISC_RANGE", `${count} sectors at a time, at most ${SECTORS_PER_READ_MAX}`);
    }
    const there = Math.min(count, frameCount - frame);
    return frame < 0 || there <= 0 ? new Uint8Array(0) : chd.readSectors(number, frame, there, signal);
  };
  const readSectors = async (frame: number, count: number, signal?: AbortSignal) => {
    const raw = await readRaws(frame, count, signal);
    if (dataBytes === sectorBytes) return raw;
    const sectors = raw.length / sectorBytes;
    const bytes = new Uint8Array(sectors * dataBytes);
    for (let sector = 0; sector < sectors; sector += 1) {
      const from = sector * sectorBytes + dataOffsetBytes;
      bytes.set(raw.subarray(from, from + dataBytes), sector * dataBytes);
    }
    return bytes;
  };
  return {
    ...facts,
    readSectors,
    readSector: (frame, signal) => readSectors(frame, 1, signal),
    readRaw: (frame, signal) => readRaws(frame, 1, signal),
  };
}

/**
 * Gives an open CHD as a disc; its `close` leaves the CHD open. Discs are one session, as CHD stores none.
 * @throws NativeError of the hunk that tells the sector layout of a data track.
 */
export async function chdDisc(chd: Chd, signal?: AbortSignal | undefined): Promise<Disc> {
  const tracks: DiscTrack[] = [];
  for (const track of chd.tracks) tracks.push(createTrack(chd, await describeTrack(chd, track, signal)));
  return { tracks, close: () => Promise.resolve() };
}

/**
 * Opens a CHD as a disc; its `close` closes the CHD, but not a source that was handed in.
 * @throws NativeError `CHD_…` when it cannot be opened, `SOURCE_…` when it cannot be read.
 */
export async function openChdDisc(input: BytesInput, options: OpenChdOptions = {}): Promise<Disc> {
  const chd = await openChd(input, options);
  try {
    return { ...(await chdDisc(chd, options.signal)), close: () => chd.close() };
  } catch (error) {
    await chd.close();
    throw error;
  }
}
