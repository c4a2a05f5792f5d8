/**
 * Brings the saves and states of a device and a server together.
 * @module
 */

export { contentHashOf, type SaveFile } from "../sync/content-hash.ts";
export { createSync } from "../sync/engine.ts";
export type { AppSaveStore, SaveKey } from "../sync/indexed-store.ts";
export { memorySaveStore } from "../sync/memory-save-store.ts";
export { type StoreDemand, type StoreOnTrial, saveStoreContract } from "../sync/save-store-contract.ts";
export type {
  ConflictChoice,
  FollowOptions,
  LocalSave,
  NewSaveEntry,
  RemoteSave,
  RomRef,
  RunOptions,
  SaveEntry,
  SaveStore,
  SyncAction,
  SyncConflict,
  SyncEngine,
  SyncEvent,
  SyncOptions,
  SyncPlan,
  SyncReport,
} from "../sync/types.ts";
