import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import type { ScanPhase, ScanStats, ScanStatus } from "../base/events.ts";
import { Id, InstantText, list } from "../base/schemas.ts";
import { SCAN_LIST_MAX, SCAN_PLATFORMS_MAX, SCAN_ROMS_MAX, SCAN_SOURCES_MAX } from "./limits.ts";

/**
 * How much a scan looks at: `quick` what is new, `new_platforms` only folders that are new, `complete` everything
 * again, `hashes` everything and hashes it anew, `update` and `unmatched` what metadata providers say of known roms.
 */
export const SCAN_TYPES = ["new_platforms", "quick", "update", "unmatched", "hashes", "complete"] as const;
/** How much of the library a scan looks at again. */
export type ScanType = (typeof SCAN_TYPES)[number];

export const SCAN_STATUSES = ["queued", "running", "paused", "done", "cancelled", "failed"] as const;
export const SCAN_PHASES = ["queued", "discovering", "hashing", "finishing", "ended"] as const;

export const ScanStatsSchema = v.object({
  platformsTotal: v.number(),
  romsTotal: v.number(),
  platformsDone: v.number(),
  platformsNew: v.number(),
  platformsIdentified: v.number(),
  romsDone: v.number(),
  romsNew: v.number(),
  romsIdentified: v.number(),
  romsMissing: v.number(),
  filesHashed: v.number(),
  bytesHashed: v.number(),
  firmwareDone: v.number(),
  firmwareNew: v.number(),
  problems: v.number(),
});

/** One scan from request to end. */
export interface Scan {
  readonly id: number;
  readonly type: ScanType;
  readonly status: ScanStatus;
  readonly phase: ScanPhase;
  /** Folder names; empty means all. */
  readonly platformFsSlugs: readonly string[];
  /** The only roms it looks at; empty means those of the folders. */
  readonly romIds: readonly number[];
  readonly stats: ScanStats;
  readonly errorMessage: string | null;
  readonly createdAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
}

export const ScanSchema = v.object({
  id: Id,
  type: v.picklist(SCAN_TYPES),
  status: v.picklist(SCAN_STATUSES),
  phase: v.picklist(SCAN_PHASES),
  platformFsSlugs: list(v.string()),
  romIds: list(Id),
  stats: ScanStatsSchema,
  errorMessage: v.nullable(v.string()),
  createdAt: InstantText,
  startedAt: v.nullable(InstantText),
  finishedAt: v.nullable(InstantText),
});

/** Something a scan could not read. */
export interface ScanProblem {
  readonly id: number;
  readonly code: string;
  /** Library-relative; bytes that are not UTF-8 are written as \xNN. */
  readonly path: string;
  readonly message: string;
  readonly at: Instant;
}

export const ScanProblemSchema = v.object({
  id: Id,
  code: v.string(),
  path: v.string(),
  message: v.string(),
  at: InstantText,
});

export const StartScanInput = v.strictObject({
  type: v.optional(v.picklist(SCAN_TYPES), "quick"),
  platformIds: v.optional(v.pipe(v.array(Id), v.maxLength(SCAN_PLATFORMS_MAX)), []),
  platformFsSlugs: v.optional(v.pipe(v.array(v.string()), v.maxLength(SCAN_PLATFORMS_MAX)), []),
  /** Only these roms, whatever else is said. */
  romIds: v.optional(v.pipe(v.array(Id), v.maxLength(SCAN_ROMS_MAX)), []),
  /** Short names of the metadata providers to ask. */
  sources: v.optional(v.pipe(v.array(v.string()), v.maxLength(SCAN_SOURCES_MAX)), []),
  /** While another scan is under way: `refuse` says so, `wait` lets this one follow it. */
  whenBusy: v.optional(v.picklist(["refuse", "wait"]), "refuse"),
  /** Confirms that vanished files really are gone. */
  acceptMissing: v.optional(v.boolean(), false),
});
export const ScanIdInput = v.strictObject({ scanId: Id });
export const ListScansInput = v.optional(
  v.strictObject({
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SCAN_LIST_MAX)), 20),
  }),
  {},
);
export const ScanListSchema = list(ScanSchema);
export const ScanProblemListSchema = list(ScanProblemSchema);
