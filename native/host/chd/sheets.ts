import { dataFrameCount } from "./track-bytes.ts";
import type { ChdTrack, ChdTrackMode } from "./types.ts";

const FRAMES_PER_SECOND = 75;
const SECONDS_PER_MINUTE = 60;

/** What a cue sheet calls a track's mode. */
const CUE_MODES: Readonly<Record<ChdTrackMode, string>> = {
  AUDIO: "AUDIO",
  MODE1: "MODE1/2048",
  MODE1_RAW: "MODE1/2352",
  MODE2: "MODE2/2336",
  MODE2_FORM1: "MODE2/2048",
  MODE2_FORM2: "MODE2/2324",
  MODE2_FORM_MIX: "MODE2/2336",
  MODE2_RAW: "MODE2/2352",
};

/** One file of an extracted disc. */
export interface TrackFile {
  readonly name: string;
  readonly track: ChdTrack;
}

const two = (value: number) => String(value).padStart(2, "0");

function formatTime(frames: number): string {
  const seconds = Math.floor(frames / FRAMES_PER_SECOND);
  const minutes = Math.floor(seconds / SECONDS_PER_MINUTE);
  return `${two(minutes)}:${two(seconds % SECONDS_PER_MINUTE)}:${two(frames % FRAMES_PER_SECOND)}`;
}

function formatCueTrack({ name, track }: TrackFile): string[] {
  const index1 = track.isPregapStored ? track.pregapFrames : 0;
  return [
    `FILE "${name}" BINARY`,
    `  TRACK ${two(track.number)} ${CUE_MODES[track.mode]}`,
    ...(track.pregapFrames > 0 && !track.isPregapStored
      ? [`    PREGAP ${formatTime(track.pregapFrames)}`]
      : []),
    ...(index1 > 0 ? ["    INDEX 00 00:00:00"] : []),
    `    INDEX 01 ${formatTime(index1)}`,
    ...(track.postgapFrames > 0 ? [`    POSTGAP ${formatTime(track.postgapFrames)}`] : []),
  ];
}

/** Formats the cue sheet of a disc with a file for each track. */
export function formatCue(files: readonly TrackFile[]): string {
  return `${files.flatMap(formatCueTrack).join("\n")}\n`;
}

/** Formats the sheet of a GD-ROM with a file for each track; the last column is an offset nobody uses. */
export function formatGdi(files: readonly TrackFile[]): string {
  const lines = files.map(({ name, track }) => {
    const kind = track.kind === "data" ? 4 : 0;
    const quoted = /\s/.test(name) ? `"${name}"` : name;
    return `${track.number} ${track.firstSector} ${kind} ${track.sectorBytes} ${quoted} 0`;
  });
  return `${[String(files.length), ...lines].join("\n")}\n`;
}

/** Names a file for each track of a CD: by the disc, and by the track where there are several. */
export function nameBins(base: string, tracks: readonly ChdTrack[]): TrackFile[] {
  const width = tracks.length > 9 ? 2 : 1;
  return tracks.map((track) => {
    const suffix = tracks.length > 1 ? ` (Track ${String(track.number).padStart(width, "0")})` : "";
    return { name: `${base}${suffix}.bin`, track };
  });
}

/** Names a file for each track of a GD-ROM as its tools do: data `.bin` (or `.iso` when cooked), audio `.raw`. */
export function nameGdTracks(tracks: readonly ChdTrack[]): TrackFile[] {
  return tracks.map((track) => {
    const cooked = track.sectorBytes === 2048 ? "iso" : "bin";
    return { name: `track${two(track.number)}.${track.kind === "audio" ? "raw" : cooked}`, track };
  });
}

/** Bytes of a track's file. */
export function trackFileBytes(track: ChdTrack): number {
  return dataFrameCount(track) * track.sectorBytes;
}
