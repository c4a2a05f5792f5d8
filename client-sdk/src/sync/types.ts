import type { RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import type { Instant } from "../auth/types.ts";
import type { MultitapError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import type { ByteSource } from "../transfers/types.ts";

/** How a device names a rom: by its id on the server, its bytes, or its place in the library. */
export type RomRef =
  | number
  | { readonly sha1: string }
  | { readonly platformSlug: string; readonly fsName: string };

/** One file of a save. */
export interface SaveEntry {
  /** Below the save, with `/` between folders; a name alone for a save of one file. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Instant;
}

/** One save or state that this device has; a save that is a folder has several entries. */
export interface LocalSave {
  /** The store's own name for it, the same in every listing. */
  readonly key: string;
  readonly rom: RomRef;
  readonly kind: "save" | "state";
  /** Named lane of versions of one rom. What has none is kept by the server, too, but beside the lanes. */
  readonly slot: string | null;
  /** At least one. */
  readonly entries: readonly SaveEntry[];
  /** What `contentHashOf` gives, where the store knows it for certain; found out otherwise. */
  readonly contentHash?: string | undefined;
}

/** One version that the server keeps, and the rom that it belongs to. */
export interface RemoteSave extends ServedSave {
  /** Where the rom is in the library, so that a store can find its own copy. */
  readonly rom: {
    readonly platformSlug: string;
    readonly platformFsSlug: string;
    readonly fsName: string;
    /** Lower-case hex; "" when it is not known. */
    readonly sha1: string;
  };
}

/** One file that a store is to write. */
export interface NewSaveEntry {
  readonly path: string;
  readonly bytes: ByteSource;
  readonly modifiedAt: Instant;
}

/**
 * Where a device keeps its saves. Everything that a device may lose is in these functions, so a store of one's own
 * has to pass `saveStoreContract`.
 * @example
 * const store: SaveStore = { ...memorySaveStore(), loadState: async () => localStorage.getItem("sync") };
 */
export interface SaveStore {
  /** Gives everything that is there, each once. */
  list(signal: AbortSignal): AsyncIterable<LocalSave>;
  /** The key under which a version belongs here, whether there is something or not; null: not wanted here. */
  locate(remote: RemoteSave): Promise<string | null>;
  /** Opens one entry; whoever opened it closes it. */
  read(key: string, path: string): Promise<ByteSource>;
  /**
   * Puts a save in the place of what is there, all of it or nothing, and durably.
   * @param expectedHash Content hash of what is there; null: there is nothing.
   * @returns What is there now, as `list` gives it.
   * @throws MultitapError `conflict` (`SYNC_LOCAL_CHANGED`) when something else is there, having changed nothing.
   */
  write(key: string, entries: readonly NewSaveEntry[], expectedHash: string | null): Promise<LocalSave>;
  /** Puts a save where the user can get it back by hand. What is not there is no failure. */
  trash(key: string): Promise<void>;
  /** What `storeState` stored; null before. */
  loadState(): Promise<string | null>;
  /** Stores what the sync remembers, durably; a device without it begins anew, and loses nothing. */
  storeState(state: string): Promise<void>;
  /** Tells keys that may have changed, until the signal ends it; only hints. */
  watch?(signal: AbortSignal): AsyncIterable<readonly string[]>;
}

/** Both sides changed a save since they last met. */
export interface SyncConflict {
  readonly local: LocalSave;
  readonly remote: RemoteSave;
  /** What they last had in common; null when they never met. */
  readonly base: { readonly contentHash: string; readonly at: Instant } | null;
}

/**
 * What becomes of a conflict. Whatever is chosen, both versions stay in the server's history.
 * `keep_both`: the device's version becomes the newest, and the server's stays as an older one. `server_wins`: the
 * device's version is stored as an older one, and the server's comes to the device. `device_wins`: as `keep_both`,
 * noted as decided against the server. `skip`: nothing happens.
 */
export type ConflictChoice = "keep_both" | "server_wins" | "device_wins" | "skip";

/** One thing to be done. */
export type SyncAction =
  | { readonly action: "upload" | "trash"; readonly local: LocalSave; readonly reason: string }
  | { readonly action: "download"; readonly remote: RemoteSave; readonly reason: string }
  | { readonly action: "conflict"; readonly conflict: SyncConflict }
  | { readonly action: "none"; readonly key: string; readonly reason: string };

/** Everything that is to be done, as it was when it was planned. */
export interface SyncPlan {
  readonly createdAt: Instant;
  readonly actions: readonly SyncAction[];
  /** Bytes of everything that would move; of conflicts both sides. */
  readonly uploadBytes: number;
  readonly downloadBytes: number;
}

/** How a run ended. */
export interface SyncReport {
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly trashed: number;
  /** Conflicts that were met, those among them that were skipped as well. */
  readonly conflicts: number;
  readonly failed: number;
  /** What needed nothing, and what was skipped. */
  readonly unchanged: number;
}

/** What happens in a run, or between the runs of a follower. */
export type SyncEvent =
  | { readonly type: "planned"; readonly plan: SyncPlan }
  | {
      readonly type: "transferring";
      readonly action: SyncAction;
      readonly loadedBytes: number;
      readonly totalBytes: number;
    }
  | { readonly type: "done"; readonly action: SyncAction }
  | { readonly type: "conflict"; readonly conflict: SyncConflict; readonly choice: ConflictChoice }
  | { readonly type: "failed"; readonly action: SyncAction; readonly error: MultitapError }
  | { readonly type: "waiting"; readonly for: "change" | "connection" | "credentials" }
  | { readonly type: "completed"; readonly report: SyncReport };

/** What a sync is made of. */
export interface SyncOptions {
  /** The device that this is, as the server knows it. */
  deviceId: string;
  store: SaveStore;
  /** `keep_both` unless said. A function may ask the user; other saves go on meanwhile. */
  conflicts?:
    | ConflictChoice
    | ((conflict: SyncConflict, signal: AbortSignal) => ConflictChoice | Promise<ConflictChoice>)
    | undefined;
  /** Both unless said. */
  kinds?: readonly ("save" | "state")[] | undefined;
  /** These roms alone; all unless said. */
  romIds?: readonly number[] | undefined;
  /** One way only; conflicts are skipped by a device that only downloads, unless the server's side wins. */
  direction?: "both" | "upload" | "download" | undefined;
  /** What becomes here of a save that was removed on the server; it is kept unless said. */
  deletions?: "keep" | "trash" | undefined;
  /** Saves that move at once; 3 unless said, 16 at most. */
  concurrency?: number | undefined;
}

/** How to run. */
export interface RunOptions extends CallOptions {
  /** Does only what this plan has; what changed since is planned anew, never done blindly. */
  plan?: SyncPlan | undefined;
  /** Hears each step as it is done. */
  onEvent?: ((event: SyncEvent) => void) | undefined;
}

/** How to follow. */
export interface FollowOptions {
  signal: AbortSignal;
  /** How long nothing may change before it is looked at; 2000 unless said. */
  quietMs?: number | undefined;
  /** Looks at least so often; 300000 unless said. */
  everyMs?: number | undefined;
}

/** Brings the saves of one device and the server together. One run at a time; a second one waits for the first. */
export interface SyncEngine {
  /**
   * Tells what a run would do: nothing moves, and nothing is written on either side.
   * @throws MultitapError of the server's answer, `storage` when the store failed.
   * @example
   * for (const step of (await sync.plan()).actions) if (step.action !== "none") show(step.action);
   */
  plan(options?: CallOptions): Promise<SyncPlan>;
  /**
   * Plans and does it. What fails alone is reported as an event and counted, and the next run tries it again.
   * @throws MultitapError when the run could not go on: `network`, `unauthenticated`, `aborted`, `storage` of the listing.
   * @example
   * const { failed } = await sync.run({ onEvent: (event) => show(event.type) });
   */
  run(options?: RunOptions): Promise<SyncReport>;
  /**
   * Runs now and after each change on either side, until the signal ends it, which ends the loop in order.
   * @example
   * for await (const event of sync.follow({ signal })) if (event.type === "failed") show(event.error.code);
   */
  follow(options: FollowOptions): AsyncIterable<SyncEvent>;
}
