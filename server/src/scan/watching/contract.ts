import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { WATCHING_PENDING_MAX } from "./limits.ts";

/** A scan that nobody pressed a button for. */
export interface QueueScanInput {
  readonly type: "quick";
  /** Folder names; empty means all. */
  readonly platformFsSlugs: readonly string[];
  readonly origin: "watcher" | "schedule";
}

/** Puts a scan into the queue. Never refuses: an equal one that waits already is joined, a running one awaited. */
export type QueueScan = (
  ctx: Context,
  input: QueueScanInput,
) => Promise<{ readonly scanId: number; readonly isNew: boolean }>;

/** What of the library a change belongs to. */
export type Place =
  | { readonly kind: "platform"; readonly fsSlug: string }
  /** The set of platform folders may have changed. */
  | { readonly kind: "platforms" }
  /** Anything may have changed. */
  | { readonly kind: "all" }
  | { readonly kind: "none" };

/** When something changed that has not been scanned yet. */
export interface PendingChange {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Changes by folder name of their platform; `PENDING_ALL` stands for everything. */
export type Pending = ReadonlyMap<string, PendingChange>;

/** No folder has this name. */
export const PENDING_ALL = "";

/** Pending changes as they are kept over a restart: folder name and time of the first change. */
export const StoredPendingSchema = v.pipe(
  v.array(v.tuple([v.string(), v.number()])),
  v.maxLength(WATCHING_PENDING_MAX + 1),
);
