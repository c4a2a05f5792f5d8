import type { ByteSource } from "../../byte-source.ts";
import type { RaContext } from "../context.ts";
import { openImageTrack, SECTOR_FORMS, type SectorForm } from "./image-track.ts";
import type { RaDisc } from "./ra-disc.ts";

/** Gives a bare image as a disc with one track. */
export function openImage(context: RaContext, source: ByteSource): RaDisc {
  const track = {
    number: 1,
    isData: true,
    sessionNumber: 1,
    getFrameCount: async () =>
      Math.floor(source.sizeBytes / (formBySize(source.sizeBytes)?.sectorBytes ?? 2048)),
    open: () =>
      openImageTrack(context, {
        source,
        offsetBytes: 0,
        firstSector: 0,
        pregapFrames: 0,
        fallback: formBySize(source.sizeBytes),
      }),
  };
  return { kind: "image", tracks: [track] };
}

/** Guesses the sectors' form where they do not show it themselves. */
function formBySize(sizeBytes: number): SectorForm | null {
  for (const mode of ["MODE2/2352", "MODE1/2048", "MODE2/2336"]) {
    const form = SECTOR_FORMS.get(mode);
    if (form !== undefined && sizeBytes % form.sectorBytes === 0) return form;
  }
  return null;
}
