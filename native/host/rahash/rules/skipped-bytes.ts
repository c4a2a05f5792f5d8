import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { ATARI_7800_MARKS } from "./atari-7800.ts";
import { WHOLE_FILE_CONSOLES } from "./consoles.ts";
import { countHeaderBytes, type HeaderMark } from "./headered.ts";
import { LYNX_MARKS } from "./lynx.ts";
import { NES_MARKS } from "./nes.ts";
import { countPcEngineBytes } from "./pc-engine.ts";
import { countCopierBytes } from "./snes.ts";
import { SUPER_CASSETTE_VISION_MARKS } from "./super-cassette-vision.ts";

type CountSkipped = (start: Uint8Array, sizeBytes: number) => number;

const behind =
  (marks: readonly HeaderMark[]): CountSkipped =>
  (start) =>
    countHeaderBytes(marks, start);

const COUNTERS: ReadonlyMap<number, CountSkipped> = new Map<number, CountSkipped>([
  ...WHOLE_FILE_CONSOLES.map((id) => [id, () => 0] as const),
  [3, (_start, sizeBytes) => countCopierBytes(sizeBytes)],
  [7, behind(NES_MARKS)],
  [8, (_start, sizeBytes) => countPcEngineBytes(sizeBytes)],
  [13, behind(LYNX_MARKS)],
  [51, behind(ATARI_7800_MARKS)],
  [55, behind(SUPER_CASSETTE_VISION_MARKS)],
  [81, behind(NES_MARKS)],
]);

/**
 * Tells a caller that reads a plain file anyway what to leave out: the hash is then the MD5 of the rest, and the
 * file need not be read again. Playlists and archives are no plain files.
 * @param start The file's first 16 bytes, or all of a shorter one.
 * @returns Bytes at the file's start that do not count; null where the console's rule is another one, or has no
 * answer for this file.
 */
export function findSkippedBytes(consoleId: number, start: Uint8Array, sizeBytes: number): number | null {
  if (sizeBytes > HASHED_FILE_BYTES_MAX) return null;
  const skipped = COUNTERS.get(consoleId)?.(start, sizeBytes) ?? null;
  return skipped === null || skipped > sizeBytes ? null : skipped;
}
