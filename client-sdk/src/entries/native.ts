/**
 * Hashes, RetroAchievements' hashes and CHDs, on the caller's side: browsers, Node, Bun and Deno.
 * @module
 */

export type { ChdHeader, ChdTrack, ChdTrackMode } from "@multitap/native/chd-types";
export { hashBytes } from "../native/hash-bytes.ts";
export { hashRom } from "../native/hash-rom.ts";
export { identify } from "../native/identify.ts";
export { loadNative } from "../native/load-native.ts";
export { openChd } from "../native/open-chd.ts";
export type {
  Chd,
  ChdVerification,
  Hashes,
  HashTarget,
  Identified,
  NativeOptions,
  NativeProgress,
  NativeWorkers,
  OpenChdOptions,
  RomHashName,
} from "../native/types.ts";
export { nativeWorkers } from "../native/workers.ts";
export type { ByteSink, ByteSource, BytesInput, ByteWriter } from "../transfers/types.ts";
