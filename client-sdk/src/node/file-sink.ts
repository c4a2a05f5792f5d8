import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { toStorageError } from "../errors.ts";
import type { ByteSink, ByteWriter, ExpectedContent } from "../transfers/types.ts";
import { hasFsCode, makeParent, syncFolder, writeFileDurably } from "./durable.ts";

/** Bytes after which a partial file is made durable: what a loss of power can cost. */
const CHECKPOINT_BYTES = 32 * 1024 * 1024;
/** Bytes that are read back at a time. */
const READ_BACK_BYTES = 1024 * 1024;
/** Partial files and their notes are the user's own. */
const FILE_MODE = 0o644;

/** What stands beside a partial file. */
interface PartNote {
  readonly validator: string;
  /** Bytes of the partial file that are on the disk for certain. */
  readonly durableBytes: number;
}

/** The files of one target. */
interface Paths {
  readonly target: string;
  readonly part: string;
  readonly note: string;
}

/**
 * A sink that writes a file. The bytes gather in `<path>.part`, with `<path>.part.json` beside it, and appear
 * under their name only when they are complete and durable; an earlier file of that name stays until then.
 * After an abort, a crash or a loss of power another transfer of the same content goes on from there. One
 * transfer at a time per path.
 * @param path Folders that are missing are made.
 * @example
 * await client.roms.download(42, fileSink("/roms/snes/a.sfc"));
 */
export function fileSink(path: string): ByteSink {
  const target = resolve(path);
  const paths: Paths = { target, part: `${target}.part`, note: `${target}.part.json` };
  return {
    async open(expected) {
      return await inFile(paths, async () => {
        await makeParent(target);
        const durableBytes = await findDurableBytes(paths, expected);
        const file = await open(paths.part, durableBytes === 0 ? "w+" : "r+", FILE_MODE);
        try {
          // What came after the last checkpoint may be holes after a loss of power.
          await file.truncate(durableBytes);
        } catch (thrown) {
          await file.close();
          throw thrown;
        }
        return createFileWriter(paths, { file, durableBytes, validator: expected.validator });
      });
    },
  };
}

interface PartState {
  readonly file: FileHandle;
  readonly durableBytes: number;
  /** Null: not to be gone on from. */
  readonly validator: string | null;
}

function createFileWriter(paths: Paths, part: PartState): ByteWriter {
  const { file } = part;
  let offsetBytes = part.durableBytes;
  let { durableBytes, validator } = part;

  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  const checkpoint = async (): Promise<void> => {
    await file.sync();
    durableBytes = offsetBytes;
    if (validator !== null) await writeNote(paths, { validator, durableBytes });
  };
  return {
    get offsetBytes() {
      return offsetBytes;
    },
    restart: () =>
      inFile(paths, async () => {
        // The content changed, and its new tag is not known here: these bytes cannot be gone on from.
        await rm(paths.note, { force: true });
        await file.truncate(0);
        validator = null;
        offsetBytes = 0;
        durableBytes = 0;
      }),
    write: (chunk) =>
      inFile(paths, async () => {
        await writeAll(file, chunk, offsetBytes);
        offsetBytes += chunk.length;
        if (offsetBytes - durableBytes >= CHECKPOINT_BYTES) await checkpoint();
      }),
    commit: () =>
      inFile(paths, async () => {
        await file.sync();
        durableBytes = offsetBytes;
        await close();
        try {
          await rename(paths.part, paths.target);
        } catch (thrown) {
          // Everything is there; another call only has to show it.
          if (validator !== null) await writeNote(paths, { validator, durableBytes });
          throw thrown;
        }
        await rm(paths.note, { force: true });
        await syncFolder(dirname(paths.target));
      }),
    suspend: () =>
      inFile(paths, async () => {
        try {
          if (isOpen && offsetBytes > 0 && validator !== null) await checkpoint();
        } finally {
          await close();
        }
        if (offsetBytes === 0 || validator === null) await rm(paths.part, { force: true });
      }),
    readBack: () => readBack(file, offsetBytes),
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}

async function* readBack(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  const buffer = new Uint8Array(READ_BACK_BYTES);
  for (let position = 0; position < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Bytes of an earlier transfer of the same content; 0 when there are none that can be relied on. */
async function findDurableBytes(paths: Paths, { validator, sizeBytes }: ExpectedContent): Promise<number> {
  const note = await readNote(paths);
  const stored = await findSize(paths.part);
  const isSame = note !== null && validator !== null && note.validator === validator;
  const fits = note !== null && note.durableBytes <= stored && note.durableBytes <= (sizeBytes ?? stored);
  if (isSame && fits) return note.durableBytes;
  await rm(paths.note, { force: true });
  return 0;
}

async function findSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return 0;
    throw thrown;
  }
}

async function writeNote(paths: Paths, note: PartNote): Promise<void> {
  await writeFileDurably(paths.note, JSON.stringify(note), FILE_MODE);
}

async function readNote(paths: Paths): Promise<PartNote | null> {
  try {
    const note: unknown = JSON.parse(await readFile(paths.note, "utf8"));
    return isPartNote(note) ? note : null;
  } catch (thrown) {
    // No note, or one of something else: the partial file begins anew.
    if (hasFsCode(thrown, "ENOENT") || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function isPartNote(note: unknown): note is PartNote {
  if (typeof note !== "object" || note === null || !("validator" in note) || !("durableBytes" in note))
    return false;
  return typeof note.validator === "string" && Number.isSafeInteger(note.durableBytes);
}

async function inFile<T>({ target }: Paths, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toStorageError(thrown, `Writing ${target}`);
  }
}
