import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { getSource, type RaRule } from "../target.ts";
import { hashBehind } from "./whole-file.ts";

const COPIER_HEADER_BYTES = 512;
const BANK_BYTES = 8192;

/** SNES: without the 512 bytes that copiers put before whole banks. */
export const hashSnes: RaRule = (target, context) => {
  const sizeBytes = Math.min(getSource(target).sizeBytes, HASHED_FILE_BYTES_MAX);
  const hasHeader = sizeBytes % BANK_BYTES === COPIER_HEADER_BYTES;
  return hashBehind(target, context, hasHeader ? COPIER_HEADER_BYTES : 0);
};
