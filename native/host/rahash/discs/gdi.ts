import type { ByteSource } from "../../byte-source.ts";
import type { RaContext } from "../context.ts";
import { TRACKS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { openImageTrack, SECTOR_FORMS } from "./image-track.ts";
import type { RaDisc, RaTrackEntry } from "./ra-disc.ts";

/** A track as a gdi states it. */
export interface GdiTrack {
  readonly number: number;
  readonly firstSector: number;
  readonly isData: boolean;
  readonly sectorBytes: number;
  readonly fileName: string;
}

/** The type that marks data. */
const DATA_TYPE = 4;

/** Gives the tracks of a gdi; lines that are none are passed over, the first one with the count included. */
export function parseGdi(text: string): GdiTrack[] {
  const tracks: GdiTrack[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(?:"([^"]*)"|(\S+))/.exec(line);
    if (found === null) continue;
    tracks.push({
      number: Number(found[1]),
      firstSector: Number(found[2]),
      isData: Number(found[3]) === DATA_TYPE,
      sectorBytes: Number(found[4]),
      fileName: found[5] ?? found[6] ?? "",
    });
  }
  return tracks;
}

/**
 * Gives the disc of a gdi. A file is opened when its track is asked for.
 * @param openFile Opens a data file by its name in the sheet.
 */
export function openGdi(
  context: RaContext,
  text: string,
  openFile: (name: string) => Promise<ByteSource>,
): RaDisc {
  const tracks = parseGdi(text);
  if (tracks.length > TRACKS_MAX) return refuse("over_limit", `more than ${TRACKS_MAX} tracks`);
  const entries = tracks.map((track): RaTrackEntry => {
    const { number, isData, firstSector, sectorBytes } = track;
    return {
      number,
      isData,
      sessionNumber: 1,
      getFrameCount: async () =>
        Math.floor((await openFile(track.fileName)).sizeBytes / (sectorBytes || 2352)),
      open: async () =>
        openImageTrack(context, {
          source: await openFile(track.fileName),
          offsetBytes: 0,
          firstSector,
          pregapFrames: 0,
          fallback: SECTOR_FORMS.get(isData ? `MODE1/${sectorBytes}` : "AUDIO") ?? null,
        }),
    };
  });
  return { kind: "gdi", tracks: entries };
}
