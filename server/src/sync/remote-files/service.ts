import { randomBytes } from "node:crypto";
import type SftpClient from "ssh2-sftp-client";
import { AppError } from "../../base/errors.ts";
import type { ByteStream } from "../../base/received-file.ts";
import { ANSWER_MS, REMOTE_ENTRIES_MAX, TRANSFER_CHUNK_BYTES } from "../push-pull/limits.ts";

/** What SFTP says of a file; links are not followed. */
export interface RemoteFacts {
  readonly kind: "file" | "folder" | "other";
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** The twelve permission bits. */
  readonly mode: number;
}

/** One entry of a folder on a device. */
export interface RemoteEntry extends RemoteFacts {
  readonly name: string;
}

/**
 * The files of a device. Every member throws `SYNC_SSH_FAILED` for what the device refuses, and `SYNC_SSH_UNREACHABLE`
 * once the connection is lost or nothing was heard for `ANSWER_MS`.
 */
export interface RemoteFiles {
  /** Lists a folder. Throws `SYNC_SSH_FAILED` over `REMOTE_ENTRIES_MAX` entries, too. */
  list(path: string): Promise<readonly RemoteEntry[]>;
  /** The facts of a path; null when nothing is there. */
  find(path: string): Promise<RemoteFacts | null>;
  /** Reads a file; throws `SAVES_TOO_LARGE` when it turns out longer than `bytesMax`. */
  read(path: string, bytesMax: number): AsyncGenerator<Uint8Array>;
  /** Writes bytes beside their place and onto the disk, then gives them to `publish`; gone when that fails. */
  write(path: string, content: ByteStream, options: RemoteWrite): Promise<void>;
  /** Removes a file; harmless when it is not there. */
  remove(path: string): Promise<void>;
}

/** How a file is written. */
export interface RemoteWrite {
  readonly mode: number;
  /** Asked right before the new bytes take the name; throwing leaves everything as it was. */
  beforeRename?(): Promise<void>;
}

type Sftp = Awaited<ReturnType<SftpClient["connect"]>>;
type Attributes = Awaited<ReturnType<typeof listBatch>>[number]["attrs"];

/** SFTP status numbers. @source draft-ietf-secsh-filexfer-02, section 7. */
const END_OF_FILE = 1;
const NO_SUCH_FILE = 2;

const FILE_TYPE_BITS = 0o170000;
const REGULAR_FILE = 0o100000;
const FOLDER = 0o040000;
const PERMISSION_BITS = 0o7777;

/** The files behind an open SFTP channel; `lost` is aborted when the connection is. */
export function createRemoteFiles(sftp: Sftp, lost: AbortSignal): RemoteFiles {
  const channel: Channel = { sftp, lost };
  return {
    list: (path) => listFolder(channel, path),
    find: (path) => findFacts(channel, path),
    read: (path, bytesMax) => readFile(channel, path, bytesMax),
    write: (path, content, options) => writeFile(channel, path, { content, options }),
    remove: (path) => removeFile(channel, path),
  };
}

interface Channel {
  readonly sftp: Sftp;
  readonly lost: AbortSignal;
}

type Callback<T> = (error: Error | null | undefined, value?: T) => void;

/** Status number of a refusal; null for anything else. */
function statusOf(error: unknown): number | null {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : null;
}

/** Asks the device something; the answer has to come in time, and the connection has to hold. */
async function ask<T>(
  { lost }: Channel,
  what: string,
  run: (callback: Callback<T>) => void,
): Promise<T | undefined> {
  const unreachable = (cause?: unknown) =>
    new AppError("upstream", "SYNC_SSH_UNREACHABLE", {
      message: `The connection to the device was lost (${what})`,
      cause,
    });
  if (lost.aborted) throw unreachable(lost.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const onLost = () => reject(unreachable(lost.reason));
  const timer = setTimeout(() => reject(unreachable()), ANSWER_MS);
  lost.addEventListener("abort", onLost, { once: true });
  try {
    run((error, value) => {
      if (error === null || error === undefined) resolve(value);
      else if (statusOf(error) === null) reject(unreachable(error));
      else reject(error);
    });
    return await promise;
  } finally {
    clearTimeout(timer);
    lost.removeEventListener("abort", onLost);
  }
}

/** The same, and a refusal becomes one of ours. */
async function demand<T>(
  channel: Channel,
  what: string,
  run: (callback: Callback<T>) => void,
): Promise<T | undefined> {
  try {
    return await ask(channel, what, run);
  } catch (error) {
    throw toFailure(error, what);
  }
}

function toFailure(error: unknown, what: string): unknown {
  if (error instanceof AppError) return error;
  const status = statusOf(error);
  return new AppError("upstream", "SYNC_SSH_FAILED", {
    message: `The device cannot ${what}`,
    details: { status },
    cause: error,
  });
}

function toFacts({ mode, size, mtime }: Attributes): RemoteFacts {
  const type = mode & FILE_TYPE_BITS;
  return {
    kind: type === REGULAR_FILE ? "file" : type === FOLDER ? "folder" : "other",
    sizeBytes: size,
    modifiedAtMs: mtime * 1000,
    mode: mode & PERMISSION_BITS,
  };
}

async function openHandle(channel: Channel, what: string, run: (callback: Callback<Buffer>) => void) {
  const handle = await demand<Buffer>(channel, what, run);
  if (handle !== undefined) return handle;
  throw new AppError("upstream", "SYNC_SSH_FAILED", { message: `The device cannot ${what}` });
}

/** Lets a handle go; with the connection lost the device does so itself. */
async function closeHandle(channel: Channel, handle: Buffer): Promise<void> {
  if (channel.lost.aborted) return;
  await demand(channel, "close a file", (callback) => channel.sftp.close(handle, callback));
}

async function listBatch({ sftp, lost }: Channel, handle: Buffer) {
  type Entries = Parameters<Parameters<Sftp["readdir"]>[1]>[1];
  try {
    const channel = { sftp, lost };
    return (await ask<Entries>(channel, "list a folder", (callback) => sftp.readdir(handle, callback))) ?? [];
  } catch (error) {
    if (statusOf(error) === END_OF_FILE) return [];
    throw toFailure(error, "list a folder");
  }
}

async function listFolder(channel: Channel, path: string): Promise<readonly RemoteEntry[]> {
  const handle = await openHandle(channel, `open the folder ${path}`, (callback) =>
    channel.sftp.opendir(path, callback),
  );
  const entries: RemoteEntry[] = [];
  try {
    // Batch by batch, so that an endless folder cannot fill our memory.
    for (
      let batch = await listBatch(channel, handle);
      batch.length > 0;
      batch = await listBatch(channel, handle)
    ) {
      for (const { filename, attrs } of batch) {
        if (filename !== "." && filename !== "..") entries.push({ name: filename, ...toFacts(attrs) });
      }
      if (entries.length > REMOTE_ENTRIES_MAX) {
        throw new AppError("upstream", "SYNC_SSH_FAILED", {
          message: `The folder ${path} has more than ${REMOTE_ENTRIES_MAX} entries`,
        });
      }
    }
  } finally {
    await closeHandle(channel, handle);
  }
  return entries;
}

async function findFacts(channel: Channel, path: string): Promise<RemoteFacts | null> {
  try {
    const found = await ask<Attributes>(channel, "look at a file", (callback) =>
      channel.sftp.lstat(path, callback),
    );
    return found === undefined ? null : toFacts(found);
  } catch (error) {
    if (statusOf(error) === NO_SUCH_FILE) return null;
    throw toFailure(error, `look at ${path}`);
  }
}

async function* readFile(channel: Channel, path: string, bytesMax: number): AsyncGenerator<Uint8Array> {
  const { sftp } = channel;
  const handle = await openHandle(channel, `read ${path}`, (callback) => sftp.open(path, "r", callback));
  try {
    for (let at = 0; ; ) {
      const chunk = await readChunk(channel, handle, at);
      if (chunk.length === 0) return;
      at += chunk.length;
      if (at > bytesMax) {
        const message = `A file of this kind may have ${bytesMax} bytes at most`;
        throw new AppError("too_large", "SAVES_TOO_LARGE", { message, details: { bytesMax } });
      }
      yield chunk;
    }
  } finally {
    await closeHandle(channel, handle);
  }
}

/** The next bytes; none at the end of the file. */
async function readChunk(channel: Channel, handle: Buffer, at: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(TRANSFER_CHUNK_BYTES);
  try {
    const count = await ask<number>(channel, "read a file", (callback) =>
      channel.sftp.read(handle, buffer, 0, buffer.length, at, callback),
    );
    return buffer.subarray(0, count ?? 0);
  } catch (error) {
    if (statusOf(error) === END_OF_FILE) return buffer.subarray(0, 0);
    throw toFailure(error, "read a file");
  }
}

interface Writing {
  readonly content: ByteStream;
  readonly options: RemoteWrite;
}

async function writeFile(channel: Channel, path: string, { content, options }: Writing): Promise<void> {
  const slash = path.lastIndexOf("/");
  const partial = `${path.slice(0, slash + 1)}.multitap-${randomBytes(8).toString("hex")}.partial`;
  try {
    await writeNew(channel, partial, { content, options });
    await options.beforeRename?.();
    await demand(channel, `rename a file to ${path}`, (callback) =>
      channel.sftp.ext_openssh_rename(partial, path, callback),
    );
  } catch (error) {
    // Without a connection it stays, and a later run removes it.
    if (!channel.lost.aborted) await removeFile(channel, partial);
    throw error;
  }
}

async function writeNew(channel: Channel, path: string, { content, options }: Writing): Promise<void> {
  const { sftp } = channel;
  const handle = await openHandle(channel, `write ${path}`, (callback) =>
    sftp.open(path, "wx", { mode: options.mode }, callback),
  );
  try {
    let at = 0;
    for await (const bytes of content) {
      for (let from = 0; from < bytes.length; from += TRANSFER_CHUNK_BYTES) {
        const chunk = Buffer.from(bytes.subarray(from, from + TRANSFER_CHUNK_BYTES));
        const start = at;
        await demand(channel, `write ${path}`, (callback) =>
          sftp.write(handle, chunk, 0, chunk.length, start, callback),
        );
        at += chunk.length;
      }
    }
    await syncHandle(channel, handle);
  } finally {
    await closeHandle(channel, handle);
  }
}

/** Devices are switched off without asking. A server that cannot do it writes when it pleases. */
async function syncHandle(channel: Channel, handle: Buffer): Promise<void> {
  try {
    await ask(channel, "flush a file", (callback) => channel.sftp.ext_openssh_fsync(handle, callback));
  } catch (error) {
    if (error instanceof AppError) throw error;
  }
}

async function removeFile(channel: Channel, path: string): Promise<void> {
  try {
    await ask(channel, "remove a file", (callback) => channel.sftp.unlink(path, callback));
  } catch (error) {
    if (statusOf(error) !== NO_SUCH_FILE) throw toFailure(error, `remove ${path}`);
  }
}
