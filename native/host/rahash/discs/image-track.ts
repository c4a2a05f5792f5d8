import type { ByteSource } from "../../byte-source.ts";
import { hasText, u8 } from "../bytes.ts";
import { type RaContext, readUpTo } from "../context.ts";
import { refuse } from "../refusal.ts";
import type { RaTrack } from "./ra-disc.ts";

/** How the sectors of a track lie in its file. */
export interface SectorForm {
  readonly sectorBytes: number;
  /** Bytes before the user's bytes of each sector. */
  readonly headerBytes: number;
  readonly dataBytes: number;
}

/** Where a track lies, before its sectors were looked at. */
export interface TrackPlace {
  readonly source: ByteSource;
  readonly offsetBytes: number;
  readonly firstSector: number;
  readonly pregapFrames: number;
  /** What to take where the sectors do not show their form; null refuses the track. */
  readonly fallback: SectorForm | null;
}

/** The sector that holds the volume descriptor, after the pregap. */
const DESCRIPTOR_SECTOR = 16;
const PROBE_BYTES = 32;
const SYNC = "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0";
const DATA_BYTES = 2048;

/** The forms that sectors of a stated mode have. */
export const SECTOR_FORMS: ReadonlyMap<string, SectorForm> = new Map([
  ["MODE2/2352", { sectorBytes: 2352, headerBytes: 24, dataBytes: DATA_BYTES }],
  ["MODE1/2048", { sectorBytes: 2048, headerBytes: 0, dataBytes: DATA_BYTES }],
  ["MODE2/2336", { sectorBytes: 2336, headerBytes: 8, dataBytes: DATA_BYTES }],
  ["MODE1/2352", { sectorBytes: 2352, headerBytes: 16, dataBytes: DATA_BYTES }],
  ["AUDIO", { sectorBytes: 2352, headerBytes: 0, dataBytes: 2352 }],
]);

/** Looks at a track's sectors and gives the way to read them. */
export async function openImageTrack(context: RaContext, place: TrackPlace): Promise<RaTrack> {
  const { source, offsetBytes, pregapFrames } = place;
  const seen = await detectForm(context, place);
  const form = seen?.form ?? place.fallback;
  if (form === null) return refuse("unrecognized", `${source.name}: the form of its sectors is not known`);
  const firstSector = seen?.firstSector ?? place.firstSector;
  return {
    firstSector,
    pregapFrames,
    dataBytes: form.dataBytes,
    async readSectors(frame, count) {
      const start = offsetBytes + frame * form.sectorBytes;
      // Clients count without sign, so an image that starts before the disc's first sector is closed to them.
      if (firstSector < 0 || frame < 0 || start >= source.sizeBytes) return new Uint8Array(0);
      return dataOf(await readUpTo(context, source, { start, length: count * form.sectorBytes }), form);
    },
  };
}

interface SeenForm {
  readonly form: SectorForm;
  /** null where sectors have no header that says it. */
  readonly firstSector: number | null;
}

async function detectForm(context: RaContext, place: TrackPlace): Promise<SeenForm | null> {
  const index = DESCRIPTOR_SECTOR + place.pregapFrames;
  for (const sectorBytes of [2352, 2336, 2048]) {
    const start = place.offsetBytes + index * sectorBytes;
    const probe = await readUpTo(context, place.source, { start, length: PROBE_BYTES });
    // An image too short for the largest sectors counts as unknown, whatever the others would show.
    if (probe.length < PROBE_BYTES) return null;
    if (sectorBytes === DATA_BYTES) {
      if (!hasText(probe, "CD001", 1)) return null;
      return { form: { sectorBytes, headerBytes: 0, dataBytes: DATA_BYTES }, firstSector: null };
    }
    if (hasText(probe, SYNC)) {
      const headerBytes = hasText(probe, "CD001", 25) ? 24 : 16;
      return {
        form: { sectorBytes, headerBytes, dataBytes: DATA_BYTES },
        firstSector: addressOf(probe) - index,
      };
    }
  }
  return null;
}

/** Gives the absolute sector that a sector's header names, from minute, second and frame in BCD. */
function addressOf(sector: Uint8Array): number {
  const bcd = (at: number) => (u8(sector, at) >> 4) * 10 + (u8(sector, at) & 15);
  return (bcd(12) * 60 + bcd(13)) * 75 + bcd(14) - 150;
}

/** Takes the user's bytes out of stored sectors; the last of them may be cut off. */
function dataOf(stored: Uint8Array, form: SectorForm): Uint8Array {
  const { sectorBytes, headerBytes, dataBytes } = form;
  if (sectorBytes === dataBytes) return stored;
  const data = new Uint8Array(Math.ceil(stored.length / sectorBytes) * dataBytes);
  let length = 0;
  for (let at = headerBytes; at < stored.length; at += sectorBytes) {
    const part = stored.subarray(at, at + dataBytes);
    data.set(part, length);
    length += part.length;
  }
  return data.subarray(0, length);
}
