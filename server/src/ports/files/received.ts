import { join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { type Files, toPartialName } from "./port.ts";
import { type RemovalPorts, removeQuietly } from "./removing.ts";

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

/** What `withStaged` needs to know. */
export interface Staging {
  /** On the file system of the file's place; it must exist. */
  readonly folder: string;
  readonly file: Pick<ReceivedFile, "content">;
}

/**
 * Brings a received file onto the file system of its place, under a name that scans pass over, and runs what gives it
 * its name there: `storeReceived` then copies nothing, so the work may hold locks. Nothing stays behind.
 */
export async function withStaged<T>(
  ports: RemovalPorts & { readonly files: Pick<Files, "openRead" | "writeAtomic" | "rename"> },
  { folder, file }: Staging,
  work: (staged: Pick<ReceivedFile, "content">) => Promise<T>,
): Promise<T> {
  const path = join(folder, toPartialName(createHexToken(8)));
  try {
    await storeReceived(ports.files, file, path);
    return await work({ content: { path } });
  } finally {
    await removeQuietly(ports, path, { said: "a staged file stays" });
  }
}
