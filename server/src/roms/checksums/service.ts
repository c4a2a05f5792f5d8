import { createHash } from "node:crypto";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { CHECKSUM_BATCH_FILES, CHECKSUM_TTL_MS } from "../limits.ts";

/** A file whose CRC-32 an archive needs. */
export interface FileToCheck {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Null when it is not known. */
  readonly crc32: number | null;
}

/**
 * Gives the CRC-32 of each file, in order. Those that are not known, such as of platforms that are not hashed, are
 * read through once and remembered as long as size and time stay the same.
 * @throws AppError `ROMS_FILE_CHANGED` when a file changed while it was read, or cannot be read.
 */
export async function readChecksums(ctx: Context, files: readonly FileToCheck[]): Promise<readonly number[]> {
  const known = await Promise.all(files.map((file) => findChecksum(ctx, file)));
  const missing = files.flatMap((file, index) => (known[index] === null ? [{ file, index }] : []));
  const checksums = [...known];
  for (let start = 0; start < missing.length; start += CHECKSUM_BATCH_FILES) {
    const batch = missing.slice(start, start + CHECKSUM_BATCH_FILES);
    const input = batch.map(({ file, index }) => ({
      id: index,
      path: file.path,
      expectedSizeBytes: file.sizeBytes,
    }));
    const results = await ctx.ports.compute.run("checksum-files", { files: input }, { signal: ctx.signal });
    for (const result of results) {
      const file = files[result.id];
      if (file === undefined) continue;
      if ("failure" in result) throw unreadable(file, result.failure.message);
      checksums[result.id] = result.crc32;
      await ctx.ports.kv.set(keyOf(file), String(result.crc32), { ttlMs: CHECKSUM_TTL_MS });
    }
  }
  return checksums.map((checksum) => checksum ?? 0);
}

function unreadable(file: FileToCheck, message: string): AppError {
  return new AppError("unavailable", "ROMS_FILE_CHANGED", {
    message: "A file of this rom changed while it was read, or cannot be read",
    details: { path: file.path, reason: message },
    retryAfterMs: 5_000,
  });
}

async function findChecksum(ctx: Context, file: FileToCheck): Promise<number | null> {
  if (file.sizeBytes === 0) return 0;
  if (file.crc32 !== null) return file.crc32;
  const text = await ctx.ports.kv.get(keyOf(file));
  return text === null ? null : Number(text);
}

/** A path may be longer than a key. */
function keyOf({ path, sizeBytes, modifiedAtMs }: FileToCheck): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([path, sizeBytes, modifiedAtMs]))
    .digest("base64url");
  return `checksum:${digest}`;
}
