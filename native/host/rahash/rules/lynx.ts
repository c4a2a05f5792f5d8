import type { RaRule } from "../target.ts";
import { hashWithoutHeader } from "./headered.ts";

/** Atari Lynx: without the 64 bytes of an LNX header. */
export const hashLynx: RaRule = hashWithoutHeader([{ text: "LYNX\0", headerBytes: 64 }]);
