import type { Environment } from "../environment.ts";
import { toStorageError } from "../errors.ts";
import { MEMORY_STORED_EVERY_MS } from "./limits.ts";
import {
  emptyMemory,
  formatMemory,
  type KnownHash,
  type Lane,
  type Memory,
  type MemoryOwner,
  type Pending,
  parseMemory,
} from "./memory.ts";
import type { SaveStore } from "./types.ts";

/** Holds the memory of a device and keeps it stored. */
export interface Keeper {
  /** What is remembered now; changes with every call below. */
  readonly memory: Memory;
  /** Reads what was stored, once. */
  load(): Promise<void>;
  learn(
    key: string,
    what: { readonly lane?: Lane | null | undefined; readonly pending?: Pending | null | undefined },
  ): void;
  /** Takes the hashes of a listing, and forgets what is gone. */
  learnListing(hashes: Readonly<Record<string, KnownHash>>, keys: ReadonlySet<string>): void;
  /** Resolves once everything that was learned is stored. */
  flush(): Promise<void>;
}

interface Tables {
  lanes: Record<string, Lane>;
  pending: Record<string, Pending>;
  hashes: Record<string, KnownHash>;
}

/** Makes a keeper; nothing is read before `load`. */
export function createKeeper(store: SaveStore, owner: MemoryOwner, environment: Environment): Keeper {
  let memory: Tables = emptyMemory();
  let isLoaded = false;
  let isDirty = false;
  let storedAtMs = 0;
  let storing = Promise.resolve();

  const storeNow = async () => {
    if (!isDirty) return;
    isDirty = false;
    storedAtMs = environment.now();
    try {
      await store.storeState(formatMemory(memory, owner));
    } catch (thrown) {
      isDirty = true;
      throw toStorageError(thrown, "Storing the state of the sync");
    }
  };
  const flush = () => {
    storing = storing.then(storeNow, storeNow);
    return storing;
  };
  const touch = () => {
    isDirty = true;
    if (environment.now() - storedAtMs < MEMORY_STORED_EVERY_MS) return;
    // A failure is met again at the end of the run, by whoever waits for the last one.
    flush().catch(() => undefined);
  };
  return {
    get memory() {
      return memory;
    },
    async load() {
      if (isLoaded) return;
      try {
        memory = { ...parseMemory(await store.loadState(), owner) };
      } catch (thrown) {
        throw toStorageError(thrown, "Reading the state of the sync");
      }
      isLoaded = true;
    },
    learn(key, { lane, pending }) {
      if (lane !== undefined) memory.lanes = change(memory.lanes, key, lane);
      if (pending !== undefined) memory.pending = change(memory.pending, key, pending);
      touch();
    },
    learnListing(hashes, keys) {
      const kept = <T>(table: Record<string, T>) =>
        Object.fromEntries(Object.entries(table).filter(([key]) => keys.has(key)));
      memory = { lanes: kept(memory.lanes), pending: kept(memory.pending), hashes };
      isDirty = true;
    },
    flush,
  };
}

/** Changes one row in place: copying a table per save would make a long run slow. */
function change<T>(table: Record<string, T>, key: string, row: T | null): Record<string, T> {
  if (row === null) delete table[key];
  // Not an assignment: a key such as `__proto__` is a key like any other.
  else
    Object.defineProperty(table, key, { value: row, enumerable: true, configurable: true, writable: true });
  return table;
}
