import type { RaRule } from "../target.ts";
import { hashWithoutHeader } from "./headered.ts";

/** NES and Famicom Disk System: without the 16 bytes of an iNES or fwNES header; a trainer stays. */
export const hashNes: RaRule = hashWithoutHeader([
  { text: "NES\x1a", headerBytes: 16 },
  { text: "FDS\x1a", headerBytes: 16 },
]);
