import type { RaRule } from "../target.ts";
import { hashWithoutHeader } from "./headered.ts";

/** Atari 7800: without the 128 bytes of an A78 header; its first byte is a version. */
export const hashAtari7800: RaRule = hashWithoutHeader([{ text: "ATARI7800", at: 1, headerBytes: 128 }]);
