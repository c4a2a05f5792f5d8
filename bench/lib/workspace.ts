import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Cleanup } from "./cleanup.ts";

/** The checkout this file is in. */
export const REPOSITORY = dirname(dirname(import.meta.dir));
/** The runtime as npm installed it, which is what `npm start` uses. */
export const BUN = join(REPOSITORY, "node_modules", ".bin", "bun");

/** Makes a folder that goes away with the benchmark. `TMPDIR` says on which disk. */
export function createFolder(cleanup: Cleanup, name: string): string {
  const path = mkdtempSync(join(tmpdir(), `multitap-bench-${name}-`));
  cleanup.add(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Makes an empty folder in a folder and gives its path. */
export function createSubfolder(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
}

const BLOCK_BYTES = 1 << 20;

/** Writes a file of one random block repeated; holes would be read faster than data. */
export async function writeLargeFile(path: string, sizeBytes: number): Promise<void> {
  const block = crypto.getRandomValues(Buffer.alloc(65_536));
  const piece = Buffer.concat(Array.from({ length: BLOCK_BYTES / block.length }, () => block));
  const sink = Bun.file(path).writer({ highWaterMark: BLOCK_BYTES });
  for (let writtenBytes = 0; writtenBytes < sizeBytes; writtenBytes += piece.length) {
    sink.write(piece.subarray(0, Math.min(piece.length, sizeBytes - writtenBytes)));
    await sink.flush();
  }
  await sink.end();
}
