import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { getSource, type RaRule } from "../target.ts";
import { hashBehind } from "./whole-file.ts";

const HEADER_BYTES = 512;

/** PC Engine: without the first 512 bytes of any file whose size has that bit set. */
export const hashPcEngine: RaRule = (target, context) => {
  const sizeBytes = Math.min(getSource(target).sizeBytes, HASHED_FILE_BYTES_MAX);
  return hashBehind(target, context, (sizeBytes & HEADER_BYTES) === 0 ? 0 : HEADER_BYTES);
};
