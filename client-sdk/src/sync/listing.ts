import { type MultitapError, toStorageError } from "../errors.ts";
import { throwIfAborted } from "../http/deadline.ts";
import { contentHashOf, type SaveFile } from "./content-hash.ts";
import { saveTooLarge } from "./errors.ts";
import { HASH_TRUSTED_AFTER_MS, SAVE_BYTES_MAX, SAVE_ENTRIES_MAX, SAVES_MAX } from "./limits.ts";
import type { KnownHash, Memory } from "./memory.ts";
import type { HashedSave } from "./reconcile.ts";
import type { LocalSave, SaveStore } from "./types.ts";

/** Everything that a device has. */
export interface Listing {
  readonly locals: ReadonlyMap<string, HashedSave>;
  /** What is there and cannot take part; its place is left alone. */
  readonly failures: ReadonlyMap<string, { readonly save: LocalSave; readonly error: MultitapError }>;
  /** Hashes that need not be found out again. */
  readonly hashes: Readonly<Record<string, KnownHash>>;
}

/** What a listing needs. */
export interface ListingScene {
  readonly store: SaveStore;
  readonly kinds: readonly string[];
  readonly hashes: Memory["hashes"];
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Lists a store and finds out what each save holds.
 * @throws MultitapError `storage` when the store cannot be listed, `too_large` when it has too many.
 */
export async function listSaves({ store, kinds, hashes, signal, now }: ListingScene): Promise<Listing> {
  const locals = new Map<string, HashedSave>();
  const failures = new Map<string, { save: LocalSave; error: MultitapError }>();
  const known: Record<string, KnownHash> = {};
  const take = async (save: LocalSave) => {
    const { key } = save;
    const seen = Object.hasOwn(hashes, key) ? hashes[key] : undefined;
    const { hash, isTrusted, signature, modifiedAtMs } = await hashSave(store, save, { seen, now, signal });
    if (isTrusted) known[key] = { signature, hash };
    locals.set(key, { save, hash, sizeBytes: sizeOf(save), modifiedAtMs });
  };
  for await (const save of inStore(store.list(signal))) {
    throwIfAborted(signal);
    if (!kinds.includes(save.kind)) continue;
    if (locals.size + failures.size >= SAVES_MAX) throw saveTooLarge("The store");
    try {
      await take(save);
    } catch (thrown) {
      throwIfAborted(signal);
      failures.set(save.key, { save, error: toStorageError(thrown, `Reading ${save.key}`) });
    }
  }
  return { locals, failures, hashes: known };
}

async function* inStore(list: AsyncIterable<LocalSave>): AsyncGenerator<LocalSave> {
  try {
    yield* list;
  } catch (thrown) {
    throw toStorageError(thrown, "Listing the store");
  }
}

const sizeOf = ({ entries }: LocalSave) => entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

interface HashScene {
  readonly seen: KnownHash | undefined;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

async function hashSave(store: SaveStore, save: LocalSave, { seen, now, signal }: HashScene) {
  const { entries } = save;
  const modifiedAtMs = entries.reduce(
    (latest, { modifiedAt }) => Math.max(latest, Date.parse(modifiedAt)),
    0,
  );
  const facts = entries.map(({ path, sizeBytes, modifiedAt }) => [path, sizeBytes, modifiedAt]);
  const signature = JSON.stringify(facts);
  const startedAtMs = now();
  const about = { signature, modifiedAtMs };
  if (save.contentHash !== undefined) return { ...about, hash: save.contentHash, isTrusted: false };
  if (seen?.signature === signature) return { ...about, hash: seen.hash, isTrusted: true };
  const hash = await contentHashOf(await readFiles(store, save, signal));
  return { ...about, hash, isTrusted: modifiedAtMs < startedAtMs - HASH_TRUSTED_AFTER_MS };
}

/**
 * Reads all entries of a save.
 * @throws MultitapError `too_large`, and what the store throws.
 */
export async function readFiles(
  store: SaveStore,
  save: LocalSave,
  signal?: AbortSignal,
): Promise<readonly (SaveFile & { readonly modifiedAtMs: number })[]> {
  const { key, entries } = save;
  if (entries.length > SAVE_ENTRIES_MAX || sizeOf(save) > SAVE_BYTES_MAX) throw saveTooLarge(key);
  const files: (SaveFile & { readonly modifiedAtMs: number })[] = [];
  let roomBytes = SAVE_BYTES_MAX;
  for (const { path, modifiedAt } of entries) {
    const source = await store.read(key, path);
    try {
      roomBytes -= source.sizeBytes;
      if (roomBytes < 0) throw saveTooLarge(key);
      const bytes = await source.read(0, source.sizeBytes, signal);
      files.push({ path, bytes, modifiedAtMs: Date.parse(modifiedAt) });
    } finally {
      await source.close?.();
    }
  }
  return files;
}
