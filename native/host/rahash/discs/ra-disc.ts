import type { Disc, DiscTrack } from "../../disc.ts";
import { SECTORS_PER_READ_MAX } from "../../disc.ts";
import type { RaContext } from "../context.ts";
import { refuse } from "../refusal.ts";

/** The part of a track that rules use; tracks of an opened CHD are such. */
export type RaTrack = Pick<DiscTrack, "firstSector" | "pregapFrames" | "dataBytes" | "readSectors">;

/** A track that is laid out and looked at only when a rule asks for it. */
export interface RaTrackEntry {
  readonly number: number;
  readonly isData: boolean;
  readonly sessionNumber: number;
  getFrameCount(): Promise<number>;
  open(): Promise<RaTrack>;
}

/** A disc as rules see it. */
export interface RaDisc {
  /** A bare image has only track 1: the other ways to choose a track find nothing. */
  readonly kind: "image" | "cue" | "gdi" | "chd";
  readonly tracks: readonly RaTrackEntry[];
}

/** Ways to choose a track besides its number. */
export type TrackChoice = number | "first_data" | "largest_data" | "last" | "second_session";

/** Gives an opened disc as rules see it. */
export function toRaDisc(disc: Disc): RaDisc {
  return {
    kind: "chd",
    tracks: disc.tracks.map((track) => ({
      number: track.number,
      isData: track.kind === "data",
      sessionNumber: track.sessionNumber,
      getFrameCount: async () => track.frameCount,
      open: async () => track,
    })),
  };
}

/** Gives a track, null where the disc has none of that kind. */
export async function findTrack(disc: RaDisc, choice: TrackChoice): Promise<RaTrack | null> {
  const entry = await findEntry(disc, choice);
  return entry === null ? null : entry.open();
}

/** Gives a track, and refuses a disc that has none of that kind. */
export async function getTrack(disc: RaDisc, choice: TrackChoice): Promise<RaTrack> {
  return (await findTrack(disc, choice)) ?? refuse("unrecognized", `the disc has no track ${choice}`);
}

async function findEntry(disc: RaDisc, choice: TrackChoice): Promise<RaTrackEntry | null> {
  const { kind, tracks } = disc;
  if (typeof choice === "number") return tracks.find((track) => track.number === choice) ?? null;
  if (kind === "image") return null;
  switch (choice) {
    case "first_data":
      return tracks.find((track) => track.isData) ?? null;
    case "last":
      return tracks.at(-1) ?? null;
    case "second_session": {
      const found = tracks.find((track) => track.sessionNumber === 2);
      // A CHD does not store sessions; on the discs that matter the second one starts with track 2.
      return found ?? (kind === "chd" ? findEntry(disc, 2) : null);
    }
    case "largest_data":
      return findLargest(tracks.filter((track) => track.isData));
  }
}

async function findLargest(tracks: readonly RaTrackEntry[]): Promise<RaTrackEntry | null> {
  let best: RaTrackEntry | null = null;
  let bestFrames = -1;
  for (const track of tracks) {
    const frames = await track.getFrameCount();
    if (frames > bestFrames) [best, bestFrames] = [track, frames];
  }
  return best;
}

/** Gives the absolute number of a track's first sector after its pregap. */
export const startOf = (track: RaTrack): number => track.firstSector + track.pregapFrames;

/**
 * Reads data from an absolute sector on, running through the sectors behind it.
 * @returns At most `length` bytes; fewer where the image ends, none for a sector before the track.
 */
export async function readData(
  context: RaContext,
  track: RaTrack,
  range: { readonly sector: number; readonly length: number },
): Promise<Uint8Array> {
  await context.pause();
  const frame = range.sector - track.firstSector;
  if (frame < 0 || range.length === 0) return new Uint8Array(0);
  const count = Math.min(SECTORS_PER_READ_MAX, Math.ceil(range.length / track.dataBytes));
  const bytes = await track.readSectors(frame, count, context.signal);
  return bytes.subarray(0, range.length);
}
