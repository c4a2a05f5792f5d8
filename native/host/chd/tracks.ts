import { NativeError } from "../errors.ts";
import { TRACKS_MAX } from "./limits.ts";
import { metadataText } from "./metadata.ts";
import type { ChdMetadata, ChdTrack, ChdTrackMode } from "./types.ts";

const CD_FRAME_BYTES = 2448;
const DVD_SECTOR_BYTES = 2048;
/** Each track's frames are rounded up to a multiple of this. */
const TRACK_FRAMES_ALIGN = 4;

/** Bytes of a sector at the start of its frame; the rest of the 2352 is zero. */
const SECTOR_BYTES: Readonly<Record<ChdTrackMode, number>> = {
  AUDIO: 2352,
  MODE1: 2048,
  MODE1_RAW: 2352,
  MODE2: 2336,
  MODE2_FORM1: 2048,
  MODE2_FORM2: 2324,
  MODE2_FORM_MIX: 2336,
  MODE2_RAW: 2352,
};

/** Spellings of older writers, and those of cue sheets. */
const MODE_NAMES: ReadonlyMap<string, ChdTrackMode> = new Map([
  ...Object.keys(SECTOR_BYTES).map((name) => [name, name as ChdTrackMode] as const),
  ["MODE1/2048", "MODE1"],
  ["MODE1/2352", "MODE1_RAW"],
  ["MODE2/2048", "MODE2_FORM1"],
  ["MODE2/2324", "MODE2_FORM2"],
  ["MODE2/2336", "MODE2"],
  ["MODE2/2352", "MODE2_RAW"],
  ["CDI/2352", "MODE2_RAW"],
]);
/** By number, in the binary table of the oldest files. */
const MODES_BY_NUMBER: readonly ChdTrackMode[] = [
  "MODE1",
  "MODE1_RAW",
  "MODE2",
  "MODE2_FORM1",
  "MODE2_FORM2",
  "MODE2_FORM_MIX",
  "MODE2_RAW",
  "AUDIO",
];
const SUBCODES: ReadonlyMap<string, ChdTrack["subcode"]> = new Map([
  ["RW", "rw"],
  ["RW_RAW", "rw_raw"],
  ["NONE", "none"],
]);
const SUBCODES_BY_NUMBER: readonly ChdTrack["subcode"][] = ["rw", "rw_raw", "none"];

/** What is stored about a track, without its place on the disc. */
type StoredTrack = Omit<ChdTrack, "number" | "kind" | "sectorBytes" | "firstSector" | "firstFrame">;

/** The tracks, and whether audio is stored little endian, as only the old form of GD-ROMs has it. */
export interface TrackList {
  readonly tracks: readonly ChdTrack[];
  readonly isAudioLittleEndian: boolean;
}

function refuse(message: string): never {
  throw new NativeError("CHD_TRACKS_INVALID", message);
}

/** Splits "TRACK:1 TYPE:AUDIO …" into its values by name. */
function parseValues(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(" ").map((part) => part.split(":") as [string, ...string[]]);
  return new Map(pairs.map(([name, ...rest]) => [name, rest.join(":")]));
}

function parseCount(values: ReadonlyMap<string, string>, name: string): number {
  const text = values.get(name) ?? "0";
  const count = Number(text);
  // Frames of the largest logical size allowed stay far below.
  if (/^\d{1,10}$/.test(text)) return count;
  return refuse(`${name} is ${JSON.stringify(text.slice(0, 20))}`);
}

function parseTextTrack(entry: ChdMetadata): StoredTrack {
  const values = parseValues(metadataText(entry));
  const mode = MODE_NAMES.get(values.get("TYPE") ?? "");
  if (mode === undefined) return refuse(`TYPE is ${JSON.stringify((values.get("TYPE") ?? "").slice(0, 20))}`);
  const padFrames = parseCount(values, "PAD");
  const frameCount = parseCount(values, "FRAMES");
  if (padFrames > frameCount) refuse(`PAD is ${padFrames} of ${frameCount} frames`);
  const pregapFrames = parseCount(values, "PREGAP");
  const isPregapStored = pregapFrames > 0 && (values.get("PGTYPE") ?? "").startsWith("V");
  if (isPregapStored && pregapFrames > frameCount)
    refuse(`PREGAP is ${pregapFrames} of ${frameCount} frames`);
  return {
    mode,
    subcode: SUBCODES.get(values.get("SUBTYPE") ?? "NONE") ?? "none",
    frameCount,
    pregapFrames,
    isPregapStored,
    postgapFrames: parseCount(values, "POSTGAP"),
    padFrames,
  };
}

/** Parses the oldest form: a count and six 32-bit numbers a track; the byte order is that of the writer. */
function parseBinaryTracks(entry: ChdMetadata): StoredTrack[] {
  const { bytes } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) refuse("the table of tracks is cut off");
  const isLittleEndian = view.getUint32(0) > TRACKS_MAX;
  const count = view.getUint32(0, isLittleEndian);
  if (count > TRACKS_MAX || 4 + count * 24 > bytes.length) refuse(`a table of ${count} tracks`);
  return Array.from({ length: count }, (_, index) => {
    const word = (place: number) => view.getUint32(4 + index * 24 + place * 4, isLittleEndian);
    const mode = MODES_BY_NUMBER[word(0)];
    if (mode === undefined) return refuse(`a track of type ${word(0)}`);
    return {
      mode,
      subcode: SUBCODES_BY_NUMBER[word(1)] ?? "none",
      frameCount: word(4),
      pregapFrames: 0,
      isPregapStored: false,
      postgapFrames: 0,
      padFrames: 0,
    };
  });
}

/** Gives the tracks their numbers and places. */
function placeTracks(stored: readonly StoredTrack[]): ChdTrack[] {
  let firstSector = 0;
  let firstFrame = 0;
  return stored.map((track, index) => {
    const placed: ChdTrack = {
      ...track,
      number: index + 1,
      kind: track.mode === "AUDIO" ? "audio" : "data",
      sectorBytes: SECTOR_BYTES[track.mode],
      firstSector,
      firstFrame,
    };
    firstSector += track.frameCount;
    firstFrame += Math.ceil(track.frameCount / TRACK_FRAMES_ALIGN) * TRACK_FRAMES_ALIGN;
    return placed;
  });
}

/** A DVD as one track of whole sectors. */
function dvdTrack(logicalBytes: number): ChdTrack[] {
  const facts = {
    subcode: "none",
    pregapFrames: 0,
    isPregapStored: false,
    postgapFrames: 0,
    padFrames: 0,
  } as const;
  return placeTracks([{ mode: "MODE1", frameCount: Math.floor(logicalBytes / DVD_SECTOR_BYTES), ...facts }]);
}

/**
 * Gives a disc's tracks; none for a hard disk and for raw data.
 * @throws NativeError `CHD_TRACKS_INVALID` when what the metadata say does not fit the content.
 */
export function readTracks(
  metadata: readonly ChdMetadata[],
  sizes: { readonly unitBytes: number; readonly logicalBytes: number },
): TrackList {
  const of = (tag: string) => metadata.filter((entry) => entry.tag === tag);
  const tag = ["CHGD", "CHT2", "CHGT", "CHTR", "CHCD"].find((name) => of(name).length > 0);
  const isAudioLittleEndian = tag === "CHGT";
  if (tag === undefined) {
    const isDvd = of("DVD ").length > 0 && sizes.unitBytes === DVD_SECTOR_BYTES;
    return { tracks: isDvd ? dvdTrack(sizes.logicalBytes) : [], isAudioLittleEndian };
  }
  if (sizes.unitBytes !== CD_FRAME_BYTES) refuse(`tracks in units of ${sizes.unitBytes} bytes`);
  const entries = of(tag);
  if (entries.length > TRACKS_MAX) refuse(`${entries.length} tracks`);
  const stored =
    tag === "CHCD" ? entries.slice(0, 1).flatMap(parseBinaryTracks) : entries.map(parseTextTrack);
  const tracks = placeTracks(stored);
  const last = tracks.at(-1);
  const frames = last === undefined ? 0 : last.firstFrame + last.frameCount;
  if (frames * CD_FRAME_BYTES > sizes.logicalBytes) refuse(`${frames} frames in ${sizes.logicalBytes} bytes`);
  return { tracks, isAudioLittleEndian };
}

/** Whether a disc is a GD-ROM by its metadata. */
export function isGdRom(metadata: readonly ChdMetadata[]): boolean {
  return metadata.some(({ tag }) => tag === "CHGD" || tag === "CHGT");
}
