import { createHash, randomUUID } from "node:crypto";
import {
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  utimes,
} from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { throwIfAborted } from "../http/deadline.ts";
import type { ByteSource } from "../transfers/types.ts";
import { hasFsCode, makeParent, syncFolder, withFile, writeFileDurably } from "./durable.ts";

/** Bytes that are copied at a time. */
const PIECE_BYTES = 1024 * 1024;
const FILE_MODE = 0o644;
/** How long what was trashed is kept: thirty days, as on the server. */
const TRASH_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** Holds everything of ours beside the saves; on the same disk, so that files can be moved. */
export const OWN_FOLDER = ".multitap-sync";

/** One file to be. */
export interface SwapWrite {
  /** Absolute. */
  readonly target: string;
  readonly bytes: ByteSource;
  readonly modifiedAt: string;
}

/** Several files that change at one moment. */
export interface Swap {
  readonly writes: readonly SwapWrite[];
  /** Files that go, absolute. */
  readonly removes: readonly string[];
  /** Asked last, when everything is ready; nothing has changed when it throws. */
  check(): Promise<void>;
}

/** Changes files below one folder, several at a time, so that after a crash all of them changed or none. */
export interface SwapFolder {
  /** Ends what a crash left; called before anything is read. */
  recover(): Promise<void>;
  swap(change: Swap): Promise<void>;
  /** Moves files where the user finds them, and removes what has been there for long. */
  trash(paths: readonly string[]): Promise<void>;
}

interface Move {
  readonly staged: string;
  readonly target: string;
}

/** What is written down before the first file moves. Paths are relative to the folder. */
interface Journal {
  readonly moves: readonly Move[];
  readonly removes: readonly string[];
  /** SHA-1 of what was at these paths; what has another by now belongs to somebody else. */
  readonly known: Readonly<Record<string, string>>;
}

/** Where everything of one folder is. */
interface Places {
  readonly root: string;
  own(...names: readonly string[]): string;
  toAbsolute(path: string): string;
  toRelative(path: string): string;
}

/** Opens the folder; nothing is made before the first change. */
export function openSwapFolder(root: string): SwapFolder {
  const places: Places = {
    root,
    own: (...names) => join(root, OWN_FOLDER, ...names),
    toAbsolute: (path) => join(root, ...path.split("/")),
    toRelative: (path) => relative(root, path).split(sep).join("/"),
  };
  const { own } = places;
  return {
    async recover() {
      for (const name of await listFolder(own("journal"))) {
        const path = own("journal", name);
        const journal = name.endsWith(".json") ? await readJournal(path) : null;
        if (journal !== null) await finish(places, journal, true);
        await rm(path, { force: true });
      }
      await rm(own("staging"), { recursive: true, force: true });
    },
    async swap(change) {
      const id = randomUUID();
      const staging = own("staging", id);
      await mkdir(staging, { recursive: true });
      try {
        await swapStaged(places, change, { id, staging });
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    },
    async trash(paths) {
      await purge(own("trash"));
      const folder = own("trash", `${stamp()}-${randomUUID().slice(0, 8)}`);
      for (const path of paths) {
        const kept = join(folder, relative(root, path));
        await makeParent(kept);
        await ignoring("ENOENT", () => rename(path, kept));
        await syncFolder(dirname(kept));
        await ignoring("ENOENT", () => syncFolder(dirname(path)));
      }
    },
  };
}

/** The present moment, as a name that every file system takes. */
const stamp = () => new Date().toISOString().replaceAll(":", "-");

async function swapStaged(
  places: Places,
  { writes, removes, check }: Swap,
  { id, staging }: { readonly id: string; readonly staging: string },
): Promise<void> {
  const { own, toAbsolute, toRelative } = places;
  const moves: Move[] = [];
  for (const [at, write] of writes.entries()) {
    const staged = join(staging, String(at));
    await stage(staged, write);
    moves.push({ staged: toRelative(staged), target: toRelative(write.target) });
  }
  await syncFolder(staging);
  await check();
  const paths = [...moves.map(({ target }) => target), ...removes.map(toRelative)];
  const journal = { moves, removes: removes.map(toRelative), known: await knownOf(paths, toAbsolute) };
  // One file alone changes at one moment by itself.
  const note = paths.length > 1 ? own("journal", `${id}.json`) : null;
  if (note !== null) {
    await makeParent(note);
    await writeFileDurably(note, JSON.stringify(journal), FILE_MODE);
  }
  await finish(places, journal, false);
  if (note !== null) await rm(note, { force: true });
}

/** Does what a journal says, as far as it is not done yet. */
async function finish(
  places: Places,
  { moves, removes, known }: Journal,
  isRecovery: boolean,
): Promise<void> {
  const { toAbsolute, toRelative } = places;
  const folders = new Set<string>();
  for (const { staged, target } of moves) {
    const [from, to] = [toAbsolute(staged), toAbsolute(target)];
    if (isRecovery && (await findSha1(from)) !== null) await keepStrange(places, to, known[target]);
    await makeParent(to);
    // Already there when a crash came behind it.
    await ignoring("ENOENT", () => rename(from, to));
    folders.add(dirname(to));
  }
  for (const path of removes.map(toAbsolute)) {
    if (isRecovery) await keepStrange(places, path, known[toRelative(path)]);
    await rm(path, { force: true });
    folders.add(dirname(path));
  }
  for (const folder of folders) await ignoring("ENOENT", () => syncFolder(folder));
}

/** A file that somebody wrote after the journal is kept. */
async function keepStrange({ root, own }: Places, path: string, known: string | undefined): Promise<void> {
  const sha1 = await findSha1(path);
  if (sha1 === null || sha1 === known) return;
  const kept = own("trash", `${stamp()}-kept`, relative(root, path));
  await makeParent(kept);
  await copyFile(path, kept);
}

async function knownOf(paths: readonly string[], toAbsolute: (path: string) => string) {
  const rows = await Promise.all(
    paths.map(async (path) => [path, await findSha1(toAbsolute(path))] as const),
  );
  return Object.fromEntries(rows.flatMap(([path, sha1]) => (sha1 === null ? [] : [[path, sha1]])));
}

async function stage(path: string, { bytes, modifiedAt }: SwapWrite): Promise<void> {
  await withFile(path, { flags: "wx", mode: FILE_MODE }, async (file) => {
    for (let at = 0; at < bytes.sizeBytes; at += PIECE_BYTES) {
      await writeAll(file, await bytes.read(at, Math.min(bytes.sizeBytes, at + PIECE_BYTES)));
    }
    await file.sync();
  });
  const at = new Date(modifiedAt);
  if (!Number.isNaN(at.getTime())) await utimes(path, at, at);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

/** A journal that was cut off was never begun with. */
async function readJournal(path: string): Promise<Journal | null> {
  try {
    const journal: unknown = JSON.parse(await readFile(path, "utf8"));
    const isJournal =
      typeof journal === "object" && journal !== null && "moves" in journal && "known" in journal;
    return isJournal ? (journal as Journal) : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || hasFsCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
}

async function findSha1(path: string): Promise<string | null> {
  try {
    return createHash("sha1")
      .update(await readFile(path))
      .digest("hex");
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT") || hasFsCode(thrown, "ENOTDIR")) return null;
    throw thrown;
  }
}

/** Names in a folder; none when it is not there. */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT") || hasFsCode(thrown, "ENOTDIR")) return [];
    throw thrown;
  }
}

async function purge(trash: string): Promise<void> {
  const before = Date.now() - TRASH_KEPT_MS;
  for (const name of await listFolder(trash)) {
    const path = join(trash, name);
    const { mtimeMs } = await lstat(path);
    if (mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}

async function ignoring(code: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!hasFsCode(thrown, code)) throw thrown;
  }
}

/** One regular file as it is now; null when there is none. Links lead elsewhere and are left alone. */
export async function findFile(
  path: string,
): Promise<{ readonly sizeBytes: number; readonly modifiedAt: string } | null> {
  try {
    const facts = await lstat(path);
    return facts.isFile() ? { sizeBytes: facts.size, modifiedAt: facts.mtime.toISOString() } : null;
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT") || hasFsCode(thrown, "ENOTDIR")) return null;
    throw thrown;
  }
}

/** Every regular file below a folder, as paths with `/`, in order; what begins with a dot is nobody's save. */
export async function* walkFiles(
  root: string,
  { depthMax, signal }: { readonly depthMax: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<string, void> {
  throwIfAborted(signal);
  const entries = await readFolder(root);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isFile()) yield entry.name;
    else if (entry.isDirectory() && depthMax > 0) {
      for await (const path of walkFiles(join(root, entry.name), { depthMax: depthMax - 1, signal })) {
        yield `${entry.name}/${path}`;
      }
    }
  }
}

async function readFolder(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return [];
    throw thrown;
  }
}

/** Removes folders that became empty, up to but without the root. */
export async function removeEmptyFolders(path: string, root: string): Promise<void> {
  for (let folder = path; folder.startsWith(root + sep); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (thrown) {
      if (!hasFsCode(thrown, "ENOENT")) return;
    }
  }
}
