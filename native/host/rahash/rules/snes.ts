import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { getSource, type RaRule } from "../target.ts";
import { hashBehind } from "./whole-file.ts";

const COPIER_HEADER_BYTES = 512;
const BANK_BYTES = 8192;

/** Gives how many bytes a copier put before the banks, by the size of what is hashed. */
export const countCopierBytes = (sizeBytes: number): number =>
  sizeBytes % BANK_BYTES === COPIER_HEADER_BYTES ? COPIER_HEADER_BYTES : 0;

/** SNES: without the 512 bytes that copiers put before whole banks. */
export const hashSnes: RaRule = (target, context) => {
  const sizeBytes = Math.min(getSource(target).sizeBytes, HASHED_FILE_BYTES_MAX);
  return hashBehind(target, context, countCopierBytes(sizeBytes));
};
