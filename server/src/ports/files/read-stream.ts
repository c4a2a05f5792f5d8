import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { toFilesFailure } from "./failures.ts";
import { FILES_READ_CHUNK_BYTES } from "./limits.ts";
import type { ByteRange } from "./port.ts";

/** Opens a file and returns the stream of {@link Files.openRead}; failures to open are not yet named. */
export async function openFileStream(
  path: string,
  range: ByteRange | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const attempt = { verb: "read", path };
  const handle = await open(path, "r");
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    const message = `cannot read ${path}: it is not a file`;
    throw new AppError("conflict", "FILES_WRONG_KIND", { message, details: { path } });
  }
  let offset = range?.start ?? 0;
  const close = onceOnly(handle);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const wantedBytes = Math.min(
            FILES_READ_CHUNK_BYTES,
            (range?.end ?? Number.POSITIVE_INFINITY) - offset,
          );
          const chunk = wantedBytes <= 0 ? null : await readChunk(handle, offset, wantedBytes);
          if (chunk !== null) {
            offset += chunk.length;
            controller.enqueue(chunk);
            return;
          }
          await close();
          if (range !== undefined && offset < range.end) throw shorter(path, offset);
          controller.close();
        } catch (error) {
          await close();
          controller.error(await toFilesFailure(error, attempt));
        }
      },
      cancel: close,
    },
    // Nothing is read ahead of the reader: an idle download holds no buffer at all.
    { highWaterMark: 0 },
  );
}

/** A handle closed twice throws, and one never closed raises an uncaught error when collected (Bun 1.4). */
function onceOnly(handle: FileHandle): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= handle.close();
    return closing;
  };
}

async function readChunk(handle: FileHandle, offset: number, sizeBytes: number): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(sizeBytes);
  const { bytesRead } = await handle.read(buffer, 0, sizeBytes, offset);
  return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
}

function shorter(path: string, atByte: number): AppError {
  return new AppError("conflict", "FILES_CHANGED", {
    message: `${path} became shorter while it was read`,
    details: { path, atByte },
  });
}
