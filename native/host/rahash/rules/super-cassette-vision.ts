import type { RaRule } from "../target.ts";
import { hashWithoutHeader } from "./headered.ts";

/** Super Cassette Vision: without the 32 bytes of an EmuSCV header. */
export const hashSuperCassetteVision: RaRule = hashWithoutHeader([{ text: "EmuSCV", headerBytes: 32 }]);
