import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { errnoOf } from "./failures.ts";
import { type FileContent, toPartialName, type WriteOptions } from "./port.ts";

/** Permission bits of a new file before the umask takes its share. */
const DEFAULT_MODE = 0o666;

/** File systems such as SMB answer so when a folder cannot be synced; there is nothing more we could do. */
const NO_FOLDER_SYNC = new Set(["EINVAL", "ENOTSUP", "EISDIR", "ENOSYS", "EBADF"]);

/** The step of {@link writeAtomic}; failures are the operating system's, not yet named. */
export async function writeFileAtomic(
  path: string,
  content: FileContent,
  options: WriteOptions,
): Promise<void> {
  const folder = dirname(path);
  const partial = join(folder, toPartialName(randomBytes(8).toString("hex")));
  try {
    await writeNew(partial, content, options);
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(ignoreAbsence);
    throw error;
  }
  if (options.isDurable !== false) await syncFolder(folder);
}

async function writeNew(
  path: string,
  content: FileContent,
  { mode, isDurable = true, expectedBytes }: WriteOptions,
): Promise<void> {
  const handle = await open(path, "wx", mode ?? DEFAULT_MODE);
  try {
    // The umask has narrowed the mode that `open` was given; a mode that was asked for is exact.
    if (mode !== undefined) await handle.chmod(mode);
    if (typeof content === "string") await writeAll(handle, new TextEncoder().encode(content));
    else if (content instanceof Uint8Array) await writeAll(handle, content);
    // The runtime moves a stream of its own by itself, at a third of the cost and without filling the heap.
    else if (content instanceof ReadableStream) await Bun.write(Bun.file(handle.fd), new Response(content));
    else for await (const chunk of content) await writeAll(handle, chunk);
    if (expectedBytes !== undefined && (await handle.stat()).size !== expectedBytes) {
      throw new AppError("conflict", "FILES_CHANGED", {
        message: `${path} was to have ${expectedBytes} bytes`,
        details: { path, expectedBytes },
      });
    }
    if (isDurable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One write may take less than it was given, for instance at the edge of a quota. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

/** Makes renames and new entries of a folder survive a power loss. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

function ignoreAbsence(): void {
  // Either it was never created, or the disk is failing; the first failure is the one worth telling.
}
