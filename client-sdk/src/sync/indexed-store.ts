import { isMultitapError, toStorageError } from "../errors.ts";
import type { ByteSource } from "../transfers/types.ts";
import { contentHashOf } from "./content-hash.ts";
import { localChanged, localMissing } from "./errors.ts";
import type { LocalSave, NewSaveEntry, RemoteSave, RomRef, SaveStore } from "./types.ts";

/** A flat place for bytes under names. A name is written once, whole or not at all. */
export interface BlobPlace {
  read(name: string): Promise<Uint8Array | null>;
  /** Replaces what has the name; durable once resolved. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

/** Which save an app writes. */
export interface SaveKey {
  readonly rom: RomRef;
  readonly kind: "save" | "state";
  readonly slot: string | null;
}

/** A store whose saves the app reads and writes itself. */
export interface AppSaveStore extends SaveStore {
  /**
   * Stores a save of the app's; an emulator calls it when the game saved. Waits for a write that is under way.
   * @example
   * await store.put({ rom: 42, kind: "save", slot: "main" }, [{ path: "game.srm", bytes }]);
   */
  put(
    save: SaveKey,
    files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  ): Promise<LocalSave>;
  /**
   * Gives the files of a save; null when there is none.
   * @example
   * const files = await store.open({ rom: 42, kind: "save", slot: "main" });
   */
  open(save: SaveKey): Promise<readonly { readonly path: string; readonly bytes: Uint8Array }[] | null>;
}

interface StoredEntry {
  readonly path: string;
  readonly blob: string;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
}

interface StoredSave extends SaveKey {
  readonly hash: string;
  readonly entries: readonly StoredEntry[];
}

/** Everything that the store knows; written as a whole, so that a save changes at one moment. */
interface Index {
  saves: Record<string, StoredSave>;
  trash: (StoredSave & { readonly trashedAt: string })[];
  nextBlob: number;
}

/** Saves in the trash; the oldest go first. */
const TRASH_MAX = 100;
const INDEX = "index.json";
const STATE = "state.json";

/** How a store is told apart from its neighbours, and how time is told. */
export interface IndexedStoreOptions {
  readonly place: BlobPlace;
  readonly now: () => number;
  /** Null: not wanted here. */
  readonly toRom: (remote: RemoteSave) => RomRef | null;
}

/** The key of a save; apps that name roms differently have different keys. */
export function keyOf({ rom, kind, slot }: SaveKey): string {
  if (typeof rom === "number") return JSON.stringify([kind, rom, slot]);
  return JSON.stringify([kind, "sha1" in rom ? [rom.sha1] : [rom.platformSlug, rom.fsName], slot]);
}

/** The index of a place, and the one way to change it. */
interface Shelf {
  /** One change at a time: each begins with what the one before left. */
  inTurn<T>(what: string, work: (index: Index) => Promise<T>): Promise<T>;
  replace(current: Index, replacement: Replacement): Promise<LocalSave>;
  remove(current: Index, key: string): Promise<void>;
  readonly listeners: Set<(key: string) => void>;
}

function openShelf(place: BlobPlace, now: () => number): Shelf {
  const listeners = new Set<(key: string) => void>();
  let index: Index | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const commit = async (next: Index) => {
    await place.write(INDEX, new TextEncoder().encode(JSON.stringify(next)));
    index = next;
  };
  const removeBlobs = async (entries: readonly StoredEntry[]) => {
    for (const { blob } of entries) await place.remove(blob);
  };
  const tell = (key: string) => {
    for (const listener of listeners) listener(key);
  };
  return {
    listeners,
    inTurn(what, work) {
      const turn = last.then(() =>
        attempt(what, async () => {
          index ??= await load(place);
          return await work(index);
        }),
      );
      last = turn.catch(() => undefined);
      return turn;
    },
    async replace(current, { key, save, files }) {
      const at = new Date(now()).toISOString();
      const entries: StoredEntry[] = [];
      let { nextBlob } = current;
      for (const { path, bytes, modifiedAt } of files) {
        const blob = `blob-${nextBlob++}`;
        await place.write(blob, bytes);
        entries.push({ path, blob, sizeBytes: bytes.length, modifiedAt: modifiedAt ?? at });
      }
      const stored: StoredSave = { ...save, entries, hash: await contentHashOf(files) };
      const old = current.saves[key]?.entries ?? [];
      await commit({ ...current, nextBlob, saves: { ...current.saves, [key]: stored } });
      await removeBlobs(old);
      tell(key);
      return toLocal(key, stored);
    },
    async remove(current, key) {
      const { [key]: gone, ...saves } = current.saves;
      if (gone === undefined) return;
      const trash = [{ ...gone, trashedAt: new Date(now()).toISOString() }, ...current.trash];
      await commit({ ...current, saves, trash: trash.slice(0, TRASH_MAX) });
      for (const old of trash.slice(TRASH_MAX)) await removeBlobs(old.entries);
      tell(key);
    },
  };
}

/** Makes a store of blobs and one index that names them. */
export function createIndexedStore({ place, now, toRom }: IndexedStoreOptions): AppSaveStore {
  const { inTurn, replace, remove, listeners } = openShelf(place, now);
  const located = new Map<string, SaveKey>();
  return {
    async *list() {
      const saves = await inTurn("Listing", async (current) => Object.entries(current.saves));
      for (const [key, save] of saves) yield toLocal(key, save);
    },
    async locate(remote) {
      const rom = toRom(remote);
      if (rom === null) return null;
      const save = { rom, kind: remote.kind, slot: remote.slot };
      located.set(keyOf(save), save);
      return keyOf(save);
    },
    read: (key, path) =>
      inTurn("Reading", async (current) => {
        const entry = current.saves[key]?.entries.find((each) => each.path === path);
        const bytes = entry === undefined ? null : await place.read(entry.blob);
        if (entry === undefined || bytes === null) throw localMissing(key, path);
        return toSource(entry, bytes);
      }),
    write: (key, given, expectedHash) =>
      inTurn("Writing", async (current) => {
        if ((current.saves[key]?.hash ?? null) !== expectedHash) throw localChanged(key);
        const save = current.saves[key] ?? located.get(key);
        if (save === undefined) throw localMissing(key, "place");
        return await replace(current, { key, save: toKey(save), files: await readAll(given) });
      }),
    trash: (key) => inTurn("Trashing", (current) => remove(current, key)),
    loadState: () =>
      inTurn("Reading", async () => {
        const bytes = await place.read(STATE);
        return bytes === null ? null : new TextDecoder().decode(bytes);
      }),
    storeState: (state) => inTurn("Writing", () => place.write(STATE, new TextEncoder().encode(state))),
    watch: (signal) => hints(listeners, signal),
    put: (save, given) =>
      inTurn("Writing", async (current) => {
        const files = given.map(({ path, bytes }) => ({ path, bytes, modifiedAt: null }));
        return await replace(current, { key: keyOf(save), save: toKey(save), files });
      }),
    open: (save) =>
      inTurn("Reading", async (current) => {
        const stored = current.saves[keyOf(save)];
        if (stored === undefined) return null;
        const files = stored.entries.map(async ({ path, blob }) => ({ path, bytes: await place.read(blob) }));
        return (await Promise.all(files)).flatMap(({ path, bytes }) =>
          bytes === null ? [] : [{ path, bytes }],
        );
      }),
  };
}

interface Replacement {
  readonly key: string;
  readonly save: SaveKey;
  readonly files: readonly {
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly modifiedAt: string | null;
  }[];
}

const toKey = ({ rom, kind, slot }: SaveKey): SaveKey => ({ rom, kind, slot });

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw isMultitapError(thrown) ? thrown : toStorageError(thrown, `${what} the saves`);
  }
}

/** Blobs that no index names are what a crash left. */
async function load(place: BlobPlace): Promise<Index> {
  const bytes = await place.read(INDEX);
  const index: Index =
    bytes === null
      ? { saves: {}, trash: [], nextBlob: 0 }
      : (JSON.parse(new TextDecoder().decode(bytes)) as Index);
  const named = new Set(
    [...Object.values(index.saves), ...index.trash].flatMap(({ entries }) => entries.map(({ blob }) => blob)),
  );
  for (const name of await place.list()) {
    if (name.startsWith("blob-") && !named.has(name)) await place.remove(name);
  }
  return index;
}

async function readAll(entries: readonly NewSaveEntry[]) {
  return await Promise.all(
    entries.map(async ({ path, bytes, modifiedAt }) => ({
      path,
      bytes: await bytes.read(0, bytes.sizeBytes),
      modifiedAt,
    })),
  );
}

function toLocal(key: string, { rom, kind, slot, entries, hash }: StoredSave): LocalSave {
  const shown = entries.map(({ path, sizeBytes, modifiedAt }) => ({ path, sizeBytes, modifiedAt }));
  return { key, rom, kind, slot, entries: shown, contentHash: hash };
}

function toSource({ path, modifiedAt }: StoredEntry, bytes: Uint8Array): ByteSource {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    sizeBytes: bytes.length,
    modifiedAt,
    read: async (start, end) => bytes.slice(start, end),
  };
}

/** Tells keys as they change; several at once when nobody asked meanwhile. */
async function* hints(
  listeners: Set<(key: string) => void>,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  let keys = new Set<string>();
  let wake = (): void => undefined;
  const listener = (key: string) => {
    keys.add(key);
    wake();
  };
  listeners.add(listener);
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (keys.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const told = [...keys];
      keys = new Set();
      yield told;
    }
  } finally {
    listeners.delete(listener);
  }
}
