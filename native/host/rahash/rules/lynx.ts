import type { RaRule } from "../target.ts";
import { type HeaderMark, hashWithoutHeader } from "./headered.ts";

/** What its header begins with. */
export const LYNX_MARKS: readonly HeaderMark[] = [{ text: "LYNX\0", headerBytes: 64 }];

/** Atari Lynx: without the 64 bytes of an LNX header. */
export const hashLynx: RaRule = hashWithoutHeader(LYNX_MARKS);
