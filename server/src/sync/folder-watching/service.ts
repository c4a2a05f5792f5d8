import type { Context, Ports } from "../../base/context.ts";
import { isEntryName } from "../../base/entry-name.ts";
import { isAppError } from "../../base/errors.ts";
import { isPartialName } from "../../ports/files/port.ts";
import type { FolderWatch, Watch } from "../../ports/watch/port.ts";
import { DEVICE_FOLDERS_MAX, SWEEP_MS, WATCH_QUIET_MS, WATCH_TICK_MS } from "../folder/limits.ts";
import { findDeviceOfPath } from "../folder/rules.ts";
import { FOLDER_QUEUE, type FolderJob } from "../folder/service.ts";
import { listArrivals } from "../folder-arrivals/service.ts";

/** What a process that watches the folders of devices brings. */
export interface FolderWatchingOptions {
  readonly createContext: () => Context;
  readonly watch: Watch;
  /** How often all folders are looked at anyway; shorter in tests. */
  readonly sweepMs?: number | undefined;
}

interface Watching {
  readonly ports: Ports;
  readonly options: FolderWatchingOptions;
  /** Devices whose folders changed, and when they did last, by the monotonic clock. */
  readonly pending: Map<string, number>;
  /** What lay in a device's folder when it was last looked at. */
  readonly seen: Map<string, bigint>;
  sweptAtMs: number;
  isFailing: boolean;
}

/**
 * Watches the folders of devices that sync by files, and queues work for each that changed. What lies there at the start
 * counts as changed. Any number of processes may watch: the queue holds one job per device.
 */
export function startFolderWatching(
  ports: Ports,
  options: FolderWatchingOptions,
): { readonly ready: Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  const watching: Watching = {
    ports,
    options,
    pending: new Map(),
    seen: new Map(),
    sweptAtMs: Number.NEGATIVE_INFINITY,
    isFailing: false,
  };
  const opened = open(watching);
  const done = keepLooking(watching, opened, stopping.signal);
  return {
    ready: opened.then((folderWatch) => folderWatch.ready),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

async function open(watching: Watching): Promise<FolderWatch> {
  const { ports, options } = watching;
  const { folderPath } = options.createContext().facts.sync;
  try {
    await ports.files.createFolder(folderPath);
  } catch (error) {
    ports.log.warn("the sync folder cannot be made", { error });
  }
  return options.watch.open({
    folder: folderPath,
    isPolling: false,
    pollIntervalMs: options.sweepMs ?? SWEEP_MS,
    isIgnored: (path) => isPartialName(path.slice(path.lastIndexOf("/") + 1)),
    onChange({ folder, name }) {
      const deviceId = findDeviceOfPath(name === null ? `${folder}/` : `${folder}/${name}`);
      if (deviceId !== null) note(watching, deviceId);
    },
    onProblem: ({ message, cause }) => ports.log.warn(message, cause === null ? {} : { error: cause }),
  });
}

function note({ pending }: Watching, deviceId: string): void {
  if (pending.size < DEVICE_FOLDERS_MAX || pending.has(deviceId)) pending.set(deviceId, performance.now());
}

async function keepLooking(
  watching: Watching,
  opened: Promise<FolderWatch>,
  signal: AbortSignal,
): Promise<void> {
  const folderWatch = await opened;
  while (!signal.aborted) {
    try {
      await sweepWhenDue(watching);
      await queueDue(watching);
      watching.isFailing = false;
    } catch (error) {
      // With the database away nothing can be queued; it is said once, and what changed goes on waiting.
      if (!watching.isFailing)
        watching.ports.log.warn("the sync folders are not watched for a while", { error });
      watching.isFailing = true;
    }
    await Bun.sleep(WATCH_TICK_MS);
  }
  folderWatch.close();
}

async function queueDue({ ports, pending }: Watching): Promise<void> {
  const nowMs = performance.now();
  for (const [deviceId, changedAtMs] of pending) {
    if (nowMs - changedAtMs < WATCH_QUIET_MS) continue;
    const job: FolderJob = { deviceId };
    const jobId = await ports.queue.enqueue(FOLDER_QUEUE, job, { singletonKey: deviceId });
    // While a job of the device runs, what changed since may escape it: it is asked for again.
    if (jobId !== null && pending.get(deviceId) === changedAtMs) pending.delete(deviceId);
  }
}

async function sweepWhenDue(watching: Watching): Promise<void> {
  const { options, seen, ports } = watching;
  const nowMs = performance.now();
  if (nowMs - watching.sweptAtMs < (options.sweepMs ?? SWEEP_MS)) return;
  watching.sweptAtMs = nowMs;
  const ctx = options.createContext();
  for (const deviceId of await listDeviceFolders(ctx)) {
    try {
      const mark = markOf(await listArrivals(ctx, deviceId));
      // What stays where it is has been looked at.
      if (mark !== null && seen.get(deviceId) !== mark) note(watching, deviceId);
      if (mark === null) seen.delete(deviceId);
      else seen.set(deviceId, mark);
    } catch (error) {
      if (!isAppError(error)) throw error;
      ports.log.debug("a sync folder cannot be looked at", { deviceId, error });
    }
  }
}

async function listDeviceFolders({ ports, facts }: Context): Promise<readonly string[]> {
  const { folderPath } = facts.sync;
  if ((await ports.files.find(folderPath))?.kind !== "folder") return [];
  const entries = await ports.files.list(folderPath);
  const names = entries.flatMap(({ name, kind, isLink }) =>
    kind === "folder" && !isLink && name !== null && isEntryName(name) ? [name] : [],
  );
  return names.slice(0, DEVICE_FOLDERS_MAX);
}

/** A number that changes with what lies in a folder; null for nothing. */
function markOf(arrivals: Awaited<ReturnType<typeof listArrivals>>): bigint | null {
  if (arrivals.length === 0) return null;
  const lines = arrivals.map(({ path, sizeBytes, modifiedAtMs }) => `${path}\0${sizeBytes}\0${modifiedAtMs}`);
  return BigInt(Bun.hash(lines.sort().join("\n")));
}
