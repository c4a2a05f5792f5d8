import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMultitapError, toStorageError } from "../errors.ts";
import { contentHashOf } from "../sync/content-hash.ts";
import { localChanged, localMissing } from "../sync/errors.ts";
import type { LocalSave, NewSaveEntry, RemoteSave, SaveEntry, SaveStore } from "../sync/types.ts";
import { hasFsCode, makeParent, writeFileDurably } from "./durable.ts";
import { fileSource } from "./file-source.ts";
import { findFile, OWN_FOLDER, openSwapFolder, removeEmptyFolders } from "./swap.ts";
import { watchFolders } from "./watch-folder.ts";

/** The state of the sync is nobody else's to read or change. */
const STATE_MODE = 0o600;

/** How one layout of files on disk is saves. Everything it gives lies below one of its roots. */
export interface SaveLayout {
  /** Folders that are on one disk each, absolute; the first also holds the state. */
  readonly roots: readonly string[];
  list(
    signal: AbortSignal,
  ): AsyncIterable<Omit<LocalSave, "entries"> & { readonly paths: readonly string[] }>;
  locate(remote: RemoteSave): Promise<string | null>;
  /** What a key means; null for a key that is none of this layout. */
  parse(key: string): Promise<PlacedSave | null>;
  /** Where a file that arrives under some name belongs; every name has a place of its own. */
  toPath(save: PlacedSave, entryPath: string): string;
}

/** A save of a layout, there or not. */
export interface PlacedSave extends Omit<LocalSave, "entries" | "contentHash"> {
  /** The root that it lies below. */
  readonly root: string;
  /** Paths of its entries below this folder are the names that the server sees. */
  readonly folder: string;
  /** Files that are there, relative to the folder. */
  readonly paths: readonly string[];
}

/** Makes a store of files. */
export function createFileSaveStore(layout: SaveLayout): SaveStore {
  const folders = new Map(layout.roots.map((root) => [root, openSwapFolder(root)]));
  const [firstRoot = ""] = layout.roots;
  const statePath = join(firstRoot, OWN_FOLDER, "state.json");
  let recovered: Promise<unknown> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** What a crash left is ended before anything is read. */
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      recovered ??= Promise.all([...folders.values()].map((folder) => folder.recover()));
      await recovered;
      return await work();
    } catch (thrown) {
      throw isMultitapError(thrown) ? thrown : toStorageError(thrown, what);
    }
  };
  /** Changes come one after the other: each begins with what the one before left. */
  const inTurn = <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => attempt(what, work));
    last = turn.catch(() => undefined);
    return turn;
  };
  const require = async (key: string): Promise<PlacedSave> => {
    const save = await layout.parse(key);
    if (save === null) throw localMissing(key, "place");
    return save;
  };
  const write = async (key: string, entries: readonly NewSaveEntry[], expectedHash: string | null) => {
    const save = await require(key);
    const writes = entries.map(({ path, bytes, modifiedAt }) => {
      return { target: layout.toPath(save, path), bytes, modifiedAt };
    });
    const targets = new Set(writes.map(({ target }) => target));
    const old = save.paths.map((path) => join(save.folder, path));
    const check = async () => {
      if ((await findHash(await require(key))) !== expectedHash) throw localChanged(key);
    };
    // Refused before the bytes are staged, and again when they are.
    await check();
    const removes = old.filter((path) => !targets.has(path));
    await folders.get(save.root)?.swap({ writes, removes, check });
    return await describe(await require(key));
  };
  return {
    async *list(signal) {
      await attempt("Listing the saves", async () => undefined);
      try {
        for await (const { paths, ...save } of layout.list(signal)) {
          const placed = await layout.parse(save.key);
          const entries = placed === null ? [] : await toEntries(placed.folder, paths);
          if (entries.length > 0) yield { ...save, entries };
        }
      } catch (thrown) {
        throw isMultitapError(thrown) ? thrown : toStorageError(thrown, "Listing the saves");
      }
    },
    locate: (remote) => attempt("Finding a place", () => layout.locate(remote)),
    read: (key, path) =>
      attempt(`Reading ${key}`, async () => {
        const save = await require(key);
        if (!save.paths.includes(path)) throw localMissing(key, path);
        return await fileSource(join(save.folder, path));
      }),
    write: (key, entries, expectedHash) => inTurn(`Writing ${key}`, () => write(key, entries, expectedHash)),
    trash: (key) =>
      inTurn(`Trashing ${key}`, async () => {
        const save = await layout.parse(key);
        if (save === null || save.paths.length === 0) return;
        await folders.get(save.root)?.trash(save.paths.map((path) => join(save.folder, path)));
        for (const path of save.paths) await removeEmptyFolders(dirname(join(save.folder, path)), save.root);
      }),
    loadState: () => attempt("Reading the state of the sync", () => readText(statePath)),
    storeState: (state) =>
      inTurn("Storing the state of the sync", async () => {
        await makeParent(statePath);
        await writeFileDurably(statePath, state, STATE_MODE);
      }),
    watch: (signal) => watchFolders(layout.roots, signal),
  };
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT") || hasFsCode(thrown, "ENOTDIR")) return null;
    throw thrown;
  }
}

async function toEntries(folder: string, paths: readonly string[]): Promise<readonly SaveEntry[]> {
  const found = await Promise.all(
    paths.map(async (path) => ({ path, facts: await findFile(join(folder, path)) })),
  );
  return found.flatMap(({ path, facts }) => (facts === null ? [] : [{ path, ...facts }]));
}

async function describe({ key, rom, kind, slot, folder, paths }: PlacedSave): Promise<LocalSave> {
  return { key, rom, kind, slot, entries: await toEntries(folder, paths) };
}

/** The content hash of what is on disk now; null when nothing is. */
async function findHash({ folder, paths }: PlacedSave): Promise<string | null> {
  const files = await Promise.all(
    paths.map(async (path) => ({ path, bytes: new Uint8Array(await readFile(join(folder, path))) })),
  );
  return files.length === 0 ? null : await contentHashOf(files);
}
