import { AppError } from "../../base/errors.ts";
import {
  SPACE_CRITICAL_BYTES,
  SPACE_LOW_BYTES,
  SPACE_POLL_INTERVAL_MS,
  SPACE_READ_TIMEOUT_MS,
} from "./limits.ts";
import type { Files } from "./port.ts";

/** `low` refuses uploads, scans, artwork and backups; `critical` every other write too. */
export type SpaceLevel = "ok" | "low" | "critical";

/** Free bytes of one watched path. */
export interface SpaceReading {
  readonly path: string;
  readonly freeBytes: number;
}

export interface SpaceStatus {
  readonly level: SpaceLevel;
  /** The path with the least room; null while nothing could be read. */
  readonly worst: SpaceReading | null;
}

/** Below how many free bytes a level begins. */
export interface SpaceFloors {
  readonly lowBytes: number;
  readonly criticalBytes: number;
}

/** Decides the level from what was read. */
export function judgeSpace(readings: readonly SpaceReading[], floors: SpaceFloors): SpaceStatus {
  let worst: SpaceReading | null = null;
  for (const reading of readings) {
    if (worst === null || reading.freeBytes < worst.freeBytes) worst = reading;
  }
  if (worst === null) return { level: "ok", worst };
  if (worst.freeBytes < floors.criticalBytes) return { level: "critical", worst };
  return { level: worst.freeBytes < floors.lowBytes ? "low" : "ok", worst };
}

export interface SpaceGuardOptions {
  files: Pick<Files, "freeSpace">;
  /** The folders we write to: data, assets, resources, temp. */
  paths: readonly string[];
  /** Measured too, but of weight only for those who name them: a library may well be full, or not ours to write. */
  separatePaths?: readonly string[] | undefined;
  lowBytes?: number | undefined;
  criticalBytes?: number | undefined;
  pollIntervalMs?: number | undefined;
  /** Receives paths that cannot be measured. */
  report(message: string, cause: unknown): void;
  /** Called when the level differs from the last look. */
  onChange?: ((status: SpaceStatus) => void) | undefined;
}

export interface SpaceAssertOptions {
  /**
   * `bulk` (the default) leaves `lowBytes` free: uploads, scans, artwork, backups. `small` leaves only
   * `criticalBytes`: every other write.
   */
  purpose?: "bulk" | "small" | undefined;
  /** Looks only at this one of the watched paths; absent looks at all. */
  path?: string | undefined;
}

/** Watches the room on our file systems. */
export interface SpaceGuard {
  /** The last look, at most one interval old. */
  status(): SpaceStatus;
  /**
   * Looks afresh and returns when `neededBytes` fit above the floor. A path that cannot be measured in time
   * counts with its last figure, one never measured not at all.
   * @throws AppError `STORAGE_FULL` with path and room, the former as the operator named it.
   */
  assertSpace(neededBytes: number, options?: SpaceAssertOptions): Promise<void>;
  /** Looks now. */
  refresh(): Promise<SpaceStatus>;
  /** Ends the polling. */
  stop(): void;
}

/** Starts watching; the first look happens at once. */
export function startSpaceGuard(options: SpaceGuardOptions): SpaceGuard {
  const floors: SpaceFloors = {
    lowBytes: options.lowBytes ?? SPACE_LOW_BYTES,
    criticalBytes: options.criticalBytes ?? SPACE_CRITICAL_BYTES,
  };
  const meters = options.paths.map((path) => createMeter(path, options));
  const separate = (options.separatePaths ?? []).map((path) => createMeter(path, options));
  let last: SpaceStatus = { level: "ok", worst: null };
  const readAll = async (): Promise<SpaceReading[]> => {
    const readings = await Promise.all(meters.map((meter) => meter.read()));
    return readings.filter((reading) => reading !== null);
  };
  const refresh = async (): Promise<SpaceStatus> => {
    const previous = last;
    last = judgeSpace(await readAll(), floors);
    if (last.level !== previous.level) options.onChange?.(last);
    return last;
  };
  const timer = setInterval(() => void refresh(), options.pollIntervalMs ?? SPACE_POLL_INTERVAL_MS);
  timer.unref();
  void refresh();
  return {
    status: () => last,
    refresh,
    stop: () => clearInterval(timer),
    async assertSpace(neededBytes, { purpose = "bulk", path } = {}) {
      const asked =
        path === undefined ? meters : [...meters, ...separate].filter((each) => each.path === path);
      // Whoever names a path pays for one look; small uploads come by the hundred a second.
      await (path === undefined ? refresh() : Promise.all(asked.map((meter) => meter.read())));
      const floorBytes = purpose === "bulk" ? floors.lowBytes : floors.criticalBytes;
      const known = asked.map((meter) => meter.last()).filter((reading) => reading !== null);
      const { worst } = judgeSpace(known, floors);
      if (worst !== null && worst.freeBytes - neededBytes < floorBytes)
        throw insufficient(worst, neededBytes);
    },
  };
}

interface Meter {
  readonly path: string;
  /** Measures; falls back on the last figure. Never throws. */
  read(): Promise<SpaceReading | null>;
  last(): SpaceReading | null;
}

function createMeter(path: string, { files, report }: SpaceGuardOptions): Meter {
  let last: SpaceReading | null = null;
  let running: Promise<void> | null = null;
  let isFailing = false;
  const measure = async (): Promise<void> => {
    try {
      const { freeBytes } = await files.freeSpace(path);
      last = { path, freeBytes };
      isFailing = false;
    } catch (error) {
      // Every look fails the same way until somebody repairs it; it is said once.
      if (!isFailing) report(`cannot measure the free space of ${path}`, error);
      isFailing = true;
    }
  };
  return {
    path,
    last: () => last,
    async read() {
      // One call per path at a time: each one on a dead mount would keep a thread of the runtime for ever.
      running ??= measure().finally(() => {
        running = null;
      });
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, SPACE_READ_TIMEOUT_MS);
      await Promise.race([running, timeout.promise]);
      clearTimeout(timer);
      return last;
    },
  };
}

function insufficient({ path, freeBytes }: SpaceReading, neededBytes: number): AppError {
  return new AppError("storage_full", "STORAGE_FULL", {
    message: `insufficient storage on ${path}: ${formatBytes(freeBytes)} left`,
    details: { path, freeBytes, neededBytes },
  });
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const UNIT_STEP = 1_024;

/** A size for people, for instance `431.2 MiB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unitIndex = 0;
  while (value >= UNIT_STEP && unitIndex < UNITS.length - 1) {
    value /= UNIT_STEP;
    unitIndex += 1;
  }
  return `${unitIndex === 0 ? value : value.toFixed(1)} ${UNITS[unitIndex]}`;
}
