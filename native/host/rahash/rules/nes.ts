import type { RaRule } from "../target.ts";
import { type HeaderMark, hashWithoutHeader } from "./headered.ts";

/** The headers of iNES and fwNES. */
export const NES_MARKS: readonly HeaderMark[] = [
  { text: "NES\x1a", headerBytes: 16 },
  { text: "FDS\x1a", headerBytes: 16 },
];

/** NES and Famicom Disk System: without the 16 bytes of an iNES or fwNES header; a trainer stays. */
export const hashNes: RaRule = hashWithoutHeader(NES_MARKS);
