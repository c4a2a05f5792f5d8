import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id } from "../../base/schemas.ts";

/** What became of a conflict. */
export const RESOLUTIONS = ["keep_both", "server_wins", "device_wins"] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Two sides changed one save or state since they last met. Both versions are kept. */
export interface SyncConflict {
  readonly id: number;
  readonly deviceId: string | null;
  readonly romId: number;
  readonly kind: "saves" | "states";
  readonly slot: string | null;
  readonly canonicalName: string;
  /** What the server had. */
  readonly serverVersionId: number;
  readonly serverContentHash: string | null;
  /** What the device brought; null while the server knows only its hash. */
  readonly deviceVersionId: number | null;
  readonly deviceContentHash: string | null;
  readonly reason: string;
  /** Null until somebody decides. */
  readonly resolution: Resolution | null;
  readonly resolvedAt: Instant | null;
  readonly createdAt: Instant;
}

export const SyncConflictSchema = v.object({
  id: Id,
  deviceId: v.nullable(v.string()),
  romId: Id,
  kind: v.picklist(["saves", "states"]),
  slot: v.nullable(v.string()),
  canonicalName: v.string(),
  serverVersionId: Id,
  serverContentHash: v.nullable(v.string()),
  deviceVersionId: v.nullable(Id),
  deviceContentHash: v.nullable(v.string()),
  reason: v.string(),
  resolution: v.nullable(v.picklist(RESOLUTIONS)),
  resolvedAt: v.nullable(v.string()),
  createdAt: v.string(),
});
