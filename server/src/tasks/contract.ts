import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import type { ScanStats } from "../base/events.ts";
import { Id, InstantText, list } from "../base/schemas.ts";
import { ScanStatsSchema } from "../scan/contract.ts";
import { NAME_CHARS_MAX, RUN_ID_CHARS_MAX } from "./limits.ts";

/** How a task is started: by the clock, by hand only, or by what happens on disk. */
export const TASK_GROUPS = ["scheduled", "manual", "watcher"] as const;
export type TaskGroup = (typeof TASK_GROUPS)[number];

export const TASK_TYPES = ["scan", "conversion", "cleanup", "update", "sync", "watcher", "generic"] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** Work that the server does in the background. */
export interface Task {
  readonly name: string;
  readonly group: TaskGroup;
  readonly type: TaskType;
  readonly title: string;
  readonly description: string;
  readonly isEnabled: boolean;
  /** May be started by hand at this moment. */
  readonly canRun: boolean;
  /** Five fields, minutes first; null for one that no clock starts. */
  readonly cron: string | null;
}

const TaskSchema = v.object({
  name: v.string(),
  group: v.picklist(TASK_GROUPS),
  type: v.picklist(TASK_TYPES),
  title: v.string(),
  description: v.string(),
  isEnabled: v.boolean(),
  canRun: v.boolean(),
  cron: v.nullable(v.string()),
});
export const TaskListSchema = list(TaskSchema);

/** What became of roms that are missing on disk. */
export interface MissingRomsStats {
  readonly kind: "missingRoms";
  /** Null: all platforms. */
  readonly platformId: number | null;
  readonly romsFound: number;
  /** Fewer than found where users have saves, states or screenshots: those roms stay. */
  readonly romsDeleted: number;
  /** Folders of artwork that could not be removed. */
  readonly errors: number;
}

/** What became of artwork without a rom. */
export interface OrphanedResourcesStats {
  readonly kind: "orphanedResources";
  readonly platformsInDb: number;
  readonly romsInDb: number;
  readonly platformsInFs: number;
  readonly romsInFs: number;
  readonly removedFsPlatforms: number;
  readonly removedFsRoms: number;
}

/** What a run of a task counted; each kind of task its own. */
export type TaskStats =
  | { readonly kind: "scan"; readonly scan: ScanStats }
  | MissingRomsStats
  | OrphanedResourcesStats;

const TaskStatsSchema = v.variant("kind", [
  v.object({ kind: v.literal("scan"), scan: ScanStatsSchema }),
  v.object({
    kind: v.literal("missingRoms"),
    platformId: v.nullable(Id),
    romsFound: v.number(),
    romsDeleted: v.number(),
    errors: v.number(),
  }),
  v.object({
    kind: v.literal("orphanedResources"),
    platformsInDb: v.number(),
    romsInDb: v.number(),
    platformsInFs: v.number(),
    romsInFs: v.number(),
    removedFsPlatforms: v.number(),
    removedFsRoms: v.number(),
  }),
]);

/** `deferred`: waits for room on the disk or for its library. */
export const RUN_STATUSES = ["queued", "started", "finished", "failed", "deferred", "canceled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** One run of a task, or one scan. */
export interface TaskRun {
  readonly id: string;
  readonly title: string;
  readonly type: TaskType;
  readonly status: RunStatus;
  readonly createdAt: Instant;
  readonly enqueuedAt: Instant;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  /** Null until something was counted. */
  readonly stats: TaskStats | null;
  /** Why it failed. */
  readonly errorMessage: string | null;
}

export const TaskRunSchema = v.object({
  id: v.string(),
  title: v.string(),
  type: v.picklist(TASK_TYPES),
  status: v.picklist(RUN_STATUSES),
  createdAt: InstantText,
  enqueuedAt: InstantText,
  startedAt: v.nullable(InstantText),
  endedAt: v.nullable(InstantText),
  stats: v.nullable(TaskStatsSchema),
  errorMessage: v.nullable(v.string()),
});
export const TaskRunListSchema = list(TaskRunSchema);

export const RunTaskInput = v.strictObject({
  name: v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX)),
  /** What it takes depends on the task, which checks it. */
  input: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
});
export const RunIdInput = v.strictObject({ runId: v.pipe(v.string(), v.maxLength(RUN_ID_CHARS_MAX)) });

/** What the cleanup of missing roms takes. */
export const CleanupMissingRomsInput = v.strictObject({
  platformId: v.optional(v.nullable(Id), null),
});
