import { AppError, isAppError } from "../../base/errors.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import type { Files } from "./port.ts";

/** Opens the bytes of a file that a caller sent, as often as they are needed. */
export async function* readReceived(
  files: Pick<Files, "openRead">,
  { content }: Pick<ReceivedFile, "content">,
): AsyncGenerator<Uint8Array> {
  if ("bytes" in content) yield content.bytes;
  else yield* await files.openRead(content.path);
}

/**
 * Reads a small received file whole.
 * @throws AppError `BODY_TOO_LARGE` over `bytesMax`.
 */
export async function readReceivedWhole(
  files: Pick<Files, "openRead">,
  file: ReceivedFile,
  bytesMax: number,
): Promise<Uint8Array> {
  if (file.sizeBytes > bytesMax) {
    throw new AppError("too_large", "BODY_TOO_LARGE", {
      message: `The file may have ${bytesMax} bytes at most`,
      details: { bytesMax },
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readReceived(files, file)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Stores a received file so that after a crash either what was there before or the whole new file is there. A
 * longer file is moved when it waits on the same file system, and copied otherwise; its folder must exist.
 */
export async function storeReceived(
  files: Pick<Files, "openRead" | "writeAtomic" | "rename">,
  file: Pick<ReceivedFile, "content">,
  path: string,
): Promise<void> {
  const { content } = file;
  if ("bytes" in content) return await files.writeAtomic(path, content.bytes);
  try {
    await files.rename(content.path, path);
  } catch (error) {
    if (!isAppError(error) || error.code !== "FILES_OTHER_DEVICE") throw error;
    await files.writeAtomic(path, readReceived(files, file));
  }
}
