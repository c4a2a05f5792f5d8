import type { RaRule } from "../target.ts";
import { type HeaderMark, hashWithoutHeader } from "./headered.ts";

/** What its header begins with. */
export const SUPER_CASSETTE_VISION_MARKS: readonly HeaderMark[] = [{ text: "EmuSCV", headerBytes: 32 }];

/** Super Cassette Vision: without the 32 bytes of an EmuSCV header. */
export const hashSuperCassetteVision: RaRule = hashWithoutHeader(SUPER_CASSETTE_VISION_MARKS);
