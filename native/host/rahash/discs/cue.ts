import type { ByteSource } from "../../byte-source.ts";
import type { RaContext } from "../context.ts";
import { TRACKS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { openImageTrack, SECTOR_FORMS, type TrackPlace } from "./image-track.ts";
import type { RaDisc, RaTrackEntry } from "./ra-disc.ts";

/** A track as its sheet states it. */
export interface CueTrack {
  readonly number: number;
  /** As written, in upper case: `MODE1/2352`, `AUDIO`. */
  readonly mode: string;
  readonly sessionNumber: number;
  readonly fileName: string;
  /** Counts the `FILE` lines: a file that is named twice counts twice. */
  readonly fileIndex: number;
  /** Frames from the file's start; null where the sheet does not give it. */
  readonly index0: number | null;
  readonly index1: number | null;
}

type OpenTrack = { -readonly [K in keyof CueTrack]: CueTrack[K] };

/** Gives the tracks of a cue sheet that have an index. Lines that mean nothing here are passed over. */
export function parseCue(text: string): CueTrack[] {
  const tracks: OpenTrack[] = [];
  let fileName: string | null = null;
  let fileIndex = -1;
  let sessionNumber = 1;
  for (const line of text.split(/[\r\n]+/)) {
    // Only blanks may stand before a keyword, so a line that starts with a tab means nothing.
    const [, keyword = "", rest = ""] = /^ *([A-Za-z]+) +(.*)$/.exec(line) ?? [];
    switch (keyword.toUpperCase()) {
      case "FILE": {
        const [, quoted, bare] = /^(?:"([^"]*)"|(\S+))/.exec(rest) ?? [];
        fileName = quoted ?? bare ?? "";
        fileIndex += 1;
        break;
      }
      case "REM":
        sessionNumber = Number(/^SESSION +(\d+)/i.exec(rest)?.[1] ?? sessionNumber);
        break;
      case "TRACK": {
        const [, number, mode] = /^(\d+) +(\S+)/.exec(rest) ?? [];
        if (number === undefined || mode === undefined || fileName === null) break;
        const facts = {
          number: Number(number),
          mode: mode.toUpperCase(),
          sessionNumber,
          fileName,
          fileIndex,
        };
        tracks.push({ ...facts, index0: null, index1: null });
        break;
      }
      case "INDEX":
        setIndex(tracks.at(-1), rest);
    }
  }
  return tracks.filter((track) => track.index0 !== null || track.index1 !== null);
}

function setIndex(track: OpenTrack | undefined, rest: string): void {
  const [, index, minutes, seconds, frames] = /^(\d+) +(\d+):(\d+):(\d+)/.exec(rest) ?? [];
  if (track === undefined || index === undefined) return;
  const at = (Number(minutes) * 60 + Number(seconds)) * 75 + Number(frames);
  if (Number(index) === 0) track.index0 = at;
  if (Number(index) === 1) track.index1 = at;
}

interface CueLayout {
  readonly place: TrackPlace;
  readonly frameCount: number;
}

/**
 * Gives the disc of a cue sheet. Files are opened when a track in them or behind them is asked for.
 * @param openFile Opens a data file by its name in the sheet.
 */
export function openCue(
  context: RaContext,
  text: string,
  openFile: (name: string) => Promise<ByteSource>,
): RaDisc {
  const tracks = parseCue(text);
  if (tracks.length > TRACKS_MAX) return refuse("over_limit", `more than ${TRACKS_MAX} tracks`);
  const layOut = layOutLazily(tracks, openFile);
  const entries = tracks.map((track, index): RaTrackEntry => {
    const isData = track.mode.startsWith("MODE");
    return {
      number: track.number,
      isData,
      sessionNumber: track.sessionNumber,
      getFrameCount: async () => (await layOut(index)).frameCount,
      open: async () => openImageTrack(context, (await layOut(index)).place),
    };
  });
  return { kind: "cue", tracks: entries };
}

/** Lays out tracks in order, as far as they are asked for: where a track is depends on those before it. */
function layOutLazily(tracks: readonly CueTrack[], openFile: (name: string) => Promise<ByteSource>) {
  const layouts: CueLayout[] = [];
  let source: ByteSource | null = null;
  let fileFirstSector = 0;
  let offsetBytes = 0;
  return async (wanted: number): Promise<CueLayout> => {
    for (let index = layouts.length; index <= wanted; index += 1) {
      const track = tracks[index] ?? refuse("damaged", "the sheet has no such track");
      if (source === null || tracks[index - 1]?.fileIndex !== track.fileIndex) {
        source = await openFile(track.fileName);
        offsetBytes = 0;
      }
      const first = firstIndexOf(track);
      const next = tracks[index + 1];
      const isLastOfFile = next?.fileIndex !== track.fileIndex;
      const sectorBytes = statedSectorBytes(track);
      const frameCount = isLastOfFile
        ? Math.max(0, Math.floor((source.sizeBytes - offsetBytes) / sectorBytes))
        : Math.max(0, firstIndexOf(next) - first);
      const pregapFrames = track.index0 === null || track.index1 === null ? 0 : track.index1 - track.index0;
      if (pregapFrames < 0) return refuse("damaged", `track ${track.number}: index 1 lies before index 0`);
      const firstSector = fileFirstSector + first;
      const fallback = SECTOR_FORMS.get(track.mode) ?? null;
      layouts.push({ place: { source, offsetBytes, firstSector, pregapFrames, fallback }, frameCount });
      offsetBytes += frameCount * sectorBytes;
      if (isLastOfFile) fileFirstSector += first + frameCount;
    }
    return layouts[wanted] ?? refuse("damaged", "the sheet has no such track");
  };
}

const firstIndexOf = (track: CueTrack): number => track.index0 ?? track.index1 ?? 0;

/** The number behind the mode's `/`, 2352 for others. */
function statedSectorBytes(track: CueTrack): number {
  const bytes = Number(/^MODE[^/]*\/(\d+)/.exec(track.mode)?.[1] ?? 2352);
  return bytes > 0 ? bytes : 2352;
}
