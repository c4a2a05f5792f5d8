import { NativeError } from "../errors.ts";
import type { ChdTrack, ChdTrackMode } from "./types.ts";

/** The user's bytes of a data sector. */
export const USER_BYTES = 2048;

/**
 * Where the 2048 user's bytes begin in a sector, by how it is stored: behind 16 bytes of sync and header, 24 with
 * the sub-header of mode 2, 8 where only that is stored. Null: the sectors do not hold 2048 bytes each.
 */
const OFFSETS: Readonly<Record<ChdTrackMode, number | null>> = {
  AUDIO: null,
  MODE1: 0,
  MODE1_RAW: 16,
  MODE2: 8,
  MODE2_FORM1: 0,
  MODE2_FORM2: null,
  MODE2_FORM_MIX: 8,
  MODE2_RAW: 24,
};

/** Gives where the user's bytes begin in each sector of a track; null when it has none. */
export function findUserOffset(track: ChdTrack): number | null {
  return OFFSETS[track.mode];
}

/** Takes the user's bytes out of whole sectors. */
export function takeUserData(sectors: Uint8Array, track: ChdTrack): Uint8Array {
  const offset = OFFSETS[track.mode];
  if (offset === null) {
    throw new NativeError("CHD_EXTRACT_FORMAT", `track ${track.number} (${track.mode}) holds no plain data`);
  }
  if (track.sectorBytes === USER_BYTES) return sectors;
  const count = sectors.length / track.sectorBytes;
  const bytes = new Uint8Array(count * USER_BYTES);
  for (let sector = 0; sector < count; sector += 1) {
    const from = sector * track.sectorBytes + offset;
    bytes.set(sectors.subarray(from, from + USER_BYTES), sector * USER_BYTES);
  }
  return bytes;
}
