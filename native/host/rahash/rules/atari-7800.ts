import type { RaRule } from "../target.ts";
import { type HeaderMark, hashWithoutHeader } from "./headered.ts";

/** What its header begins with. */
export const ATARI_7800_MARKS: readonly HeaderMark[] = [{ text: "ATARI7800", at: 1, headerBytes: 128 }];

/** Atari 7800: without the 128 bytes of an A78 header; its first byte is a version. */
export const hashAtari7800: RaRule = hashWithoutHeader(ATARI_7800_MARKS);
