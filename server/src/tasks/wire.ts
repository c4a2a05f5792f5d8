import { toScanStatsWire } from "../scan/wire.ts";
import { TASK_GROUPS, type Task, type TaskGroup, type TaskRun, type TaskStats } from "./contract.ts";

/** The tasks by group, in the compatible shape. */
export function toTasksWire(tasks: readonly Task[]) {
  const ofGroup = (group: TaskGroup) => tasks.filter((task) => task.group === group).map(toTaskWire);
  return Object.fromEntries(TASK_GROUPS.map((group) => [group, ofGroup(group)]));
}

function toTaskWire(task: Task) {
  return {
    name: task.name,
    type: task.type,
    manual_run: task.canRun,
    title: task.title,
    description: task.description,
    enabled: task.isEnabled,
    cron_string: task.cron ?? "",
  };
}

/** A run that was queued just now, in the compatible shape. */
export function toQueuedRunWire(run: TaskRun) {
  return {
    task_name: run.title,
    task_id: run.id,
    status: run.status,
    created_at: run.createdAt,
    enqueued_at: run.enqueuedAt,
  };
}

/** A run in the compatible shape, and why it failed. */
export function toRunWire(run: TaskRun) {
  return {
    ...toQueuedRunWire(run),
    started_at: run.startedAt,
    ended_at: run.endedAt,
    task_type: run.type,
    meta: toMetaWire(run),
    error: run.errorMessage,
  };
}

function toMetaWire({ type, stats }: TaskRun) {
  switch (type) {
    case "scan":
      return { scan_stats: toStatsWire(stats) };
    case "cleanup":
      return { cleanup_stats: toStatsWire(stats) };
    case "conversion":
      return { conversion_stats: toStatsWire(stats) };
    case "update":
      return { update_stats: toStatsWire(stats) };
    default:
      return {};
  }
}

function toStatsWire(stats: TaskStats | null) {
  switch (stats?.kind) {
    case "scan":
      return toScanStatsWire(stats.scan);
    case "missingRoms":
      return {
        platform_id: stats.platformId,
        roms_found: stats.romsFound,
        roms_deleted: stats.romsDeleted,
        errors: stats.errors,
      };
    case "orphanedResources":
      return {
        platforms_in_db: stats.platformsInDb,
        roms_in_db: stats.romsInDb,
        platforms_in_fs: stats.platformsInFs,
        roms_in_fs: stats.romsInFs,
        removed_fs_platforms: stats.removedFsPlatforms,
        removed_fs_roms: stats.removedFsRoms,
      };
    default:
      return null;
  }
}

/** The arguments of a task out of a JSON body: names in snake case become those of the operation. */
export function fromArgumentsWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const toName = (field: string) =>
    field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(body).map(([field, value]) => [toName(field), value]));
}
