import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import type { Files } from "../../ports/files/port.ts";
import type { BackupFile, BackupSummary, Manifest } from "../contract.ts";
import {
  BACKUPS_LISTED_MAX,
  FILES_MAX,
  LIST_LINE_CHARS_MAX,
  MANIFEST_BYTES_MAX,
  SHARED_FILES_MAX,
} from "../limits.ts";
import { unpackStream } from "../packing/service.ts";
import {
  countLines,
  damaged,
  FILE_LIST_NAME,
  findReason,
  MANIFEST_NAME,
  parseListLine,
  parseManifest,
  summarize,
  toTablePath,
} from "../rules.ts";

/** What reading a backup takes. */
export interface ReadingScene {
  readonly files: Files;
  readonly signal: AbortSignal;
}

/** A backup whose every byte is what was written. */
export interface VerifiedBackup {
  /** Its folder. */
  readonly path: string;
  readonly manifest: Manifest;
  readonly files: readonly BackupFile[];
}

/**
 * Gives the folder of a backup, also for the path of its manifest.
 * @throws AppError `BACKUP_NOT_FOUND`, `BACKUP_UNFINISHED`.
 */
export async function findBackupFolder({ files }: ReadingScene, path: string): Promise<string> {
  const facts = await files.find(path);
  const folder = facts?.kind === "file" && basename(path) === MANIFEST_NAME ? dirname(path) : path;
  if (facts === null || (await files.find(join(folder, MANIFEST_NAME))) === null) {
    throw new AppError("not_found", "BACKUP_NOT_FOUND", {
      message: `${path} is no backup: it is not a folder with a ${MANIFEST_NAME}`,
    });
  }
  return folder;
}

/** Reads what a backup says of itself. @throws AppError `BACKUP_DAMAGED`, `BACKUP_FORMAT_UNKNOWN`. */
export async function readManifest({ files }: ReadingScene, folder: string): Promise<Manifest> {
  try {
    return parseManifest(await files.readText(join(folder, MANIFEST_NAME), { maxBytes: MANIFEST_BYTES_MAX }));
  } catch (error) {
    if (!isAppError(error) || !error.code.startsWith("FILES_")) throw error;
    throw damaged(`${MANIFEST_NAME} cannot be read`, error);
  }
}

/**
 * Reads a backup to its last byte and compares everything with what was written.
 * @param onBytes Told how many bytes have been read so far.
 * @throws AppError `BACKUP_DAMAGED`, `BACKUP_FORMAT_UNKNOWN`, `BACKUP_NOT_FOUND`.
 */
export async function verifyBackup(
  scene: ReadingScene,
  path: string,
  onBytes: (doneBytes: number) => void = () => undefined,
): Promise<VerifiedBackup> {
  const folder = await findBackupFolder(scene, path);
  const manifest = await readManifest(scene, folder);
  const files: BackupFile[] = [];
  for await (const file of readList(scene, folder, manifest.filesSha256)) files.push(file);
  const rowCounts = new Map(
    manifest.database.tables.map(({ name, rowCount }) => [toTablePath(name), rowCount]),
  );
  let doneBytes = 0;
  const count = (bytes: number) => {
    doneBytes += bytes;
    onBytes(doneBytes);
  };
  for (const file of files) {
    const rowCount = rowCounts.get(file.path) ?? null;
    rowCounts.delete(file.path);
    await checkFile(scene, { folder, file, rowCount, count });
  }
  const [lost] = rowCounts.keys();
  if (lost !== undefined) throw damaged(`${lost} is not in it`);
  const { sizeBytes, fileCount } = summarize(manifest, "", folder);
  if (doneBytes !== sizeBytes || files.length !== fileCount) {
    throw damaged(`it has ${files.length} files of ${fileCount}, and ${doneBytes} bytes of ${sizeBytes}`);
  }
  return { path: folder, manifest, files };
}

interface FileToCheck {
  readonly folder: string;
  readonly file: BackupFile;
  /** Null for a file that is no table. */
  readonly rowCount: number | null;
  readonly count: (bytes: number) => void;
}

async function checkFile(scene: ReadingScene, { folder, file, rowCount, count }: FileToCheck): Promise<void> {
  const hash = createHash("sha256");
  const chunks = async function* () {
    for await (const chunk of await openFile(scene, join(folder, file.path))) {
      hash.update(chunk);
      count(chunk.byteLength);
      yield chunk;
    }
  };
  let foundRows: number | null = null;
  try {
    if (rowCount === null) for await (const _ of chunks());
    else foundRows = await countRows(unpackStream(chunks()));
  } catch (error) {
    if (scene.signal.aborted || isAppError(error)) throw error;
    throw damaged(`${file.path} cannot be unpacked`, error);
  }
  if (hash.digest("hex") !== file.sha256) throw damaged(`${file.path} is not what was written`);
  if (foundRows !== rowCount) throw damaged(`${file.path} has ${foundRows} rows of ${rowCount}`);
}

async function countRows(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let rowCount = 0;
  for await (const chunk of chunks) rowCount += countLines(chunk);
  return rowCount;
}

async function* openFile({ files, signal }: ReadingScene, path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of await files.openRead(path)) {
      signal.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    if (!isAppError(error) || error.code !== "FILES_NOT_FOUND") throw error;
    throw damaged(`${path} is gone`, error);
  }
}

/** The files that a backup lists, in their order. */
async function* readList(scene: ReadingScene, folder: string, sha256: string): AsyncGenerator<BackupFile> {
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let fileCount = 0;
  for await (const chunk of openFile(scene, join(folder, FILE_LIST_NAME))) {
    hash.update(chunk);
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LIST_LINE_CHARS_MAX) throw damaged(`${FILE_LIST_NAME} has a line without an end`);
    for (const line of lines) {
      fileCount += 1;
      if (fileCount > FILES_MAX) throw damaged(`${FILE_LIST_NAME} has more than ${FILES_MAX} lines`);
      yield parseListLine(line);
    }
  }
  if (rest !== "" || hash.digest("hex") !== sha256)
    throw damaged(`${FILE_LIST_NAME} is not what was written`);
}

/** The digests of the files of an earlier backup, by path; none where it cannot be read, or has too many to compare. */
export async function readFileList(
  scene: Pick<ReadingScene, "files" | "signal">,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    const { filesSha256 } = await readManifest(scene, folder);
    const known = new Map<string, string>();
    for await (const { path, sha256 } of readList(scene, folder, filesSha256)) {
      known.set(path, sha256);
      if (known.size > SHARED_FILES_MAX) return new Map();
    }
    return known;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return new Map();
  }
}

/** Backups of a folder under names of ours, the newest first; what cannot be read is left out. */
export async function listBackups(scene: ReadingScene, folder: string): Promise<readonly BackupSummary[]> {
  if ((await scene.files.find(folder))?.kind !== "folder") return [];
  const entries = await scene.files.list(folder);
  const names = entries.flatMap(({ name }) => (name !== null && findReason(name) !== null ? [name] : []));
  const found: BackupSummary[] = [];
  for (const name of names.slice(0, BACKUPS_LISTED_MAX)) {
    const path = join(folder, name);
    try {
      found.push(summarize(await readManifest(scene, path), name, path));
    } catch (error) {
      if (!isAppError(error)) throw error;
    }
  }
  return found.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** The rows of a table in COPY's text form. */
export function readTable({ files }: ReadingScene, folder: string, name: string): AsyncIterable<Uint8Array> {
  const chunks = async function* () {
    yield* await files.openRead(join(folder, toTablePath(name)));
  };
  return unpackStream(chunks());
}
