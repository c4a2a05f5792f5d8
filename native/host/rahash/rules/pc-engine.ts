import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { getSource, type RaRule } from "../target.ts";
import { hashBehind } from "./whole-file.ts";

const HEADER_BYTES = 512;

/** Gives how many bytes of the file's start do not count, by the size of what is hashed. */
export const countPcEngineBytes = (sizeBytes: number): number => sizeBytes & HEADER_BYTES;

/** PC Engine: without the first 512 bytes of any file whose size has that bit set. */
export const hashPcEngine: RaRule = (target, context) => {
  const sizeBytes = Math.min(getSource(target).sizeBytes, HASHED_FILE_BYTES_MAX);
  return hashBehind(target, context, countPcEngineBytes(sizeBytes));
};
