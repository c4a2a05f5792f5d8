import { readdir } from "node:fs/promises";
import { WATCH_INOTIFY_SHARE, WATCH_ROOT_CHECK_MS } from "./limits.ts";
import { type NativeLimit, watchNatively } from "./native.ts";
import { type Driver, watchByPolling } from "./polling.ts";
import type { FolderWatch, Watch, WatchOptions, WatchState } from "./port.ts";
import { findFacts } from "./tree.ts";

export interface DiskWatchOptions {
  /** How often the watched folder itself is looked at; 10 s unless said. */
  readonly rootCheckMs?: number | undefined;
}

/** What one open watch consists of. */
interface Watching {
  readonly options: WatchOptions;
  driver: Driver | null;
  mode: WatchState["mode"];
  /** Disk the folder was on when the driver began; another one means that a mount came or went. */
  deviceId: number | null;
  /** The driver hangs on what the folder was before, or could not go on. */
  isStale: boolean;
  isPolling: boolean;
  isClosed: boolean;
  /** One look at the folder at a time; a dead network mount never answers. */
  isChecking: boolean;
}

/** The watch port on the machine's own file systems. */
export function createDiskWatch({ rootCheckMs = WATCH_ROOT_CHECK_MS }: DiskWatchOptions = {}): Watch {
  return { open: (options) => openWatch(options, rootCheckMs) };
}

function openWatch(options: WatchOptions, rootCheckMs: number): FolderWatch {
  const watching: Watching = {
    options,
    driver: null,
    mode: "waiting",
    deviceId: null,
    isStale: false,
    isPolling: options.isPolling,
    isClosed: false,
    isChecking: false,
  };
  const timer = setInterval(() => void checkRoot(watching), rootCheckMs);
  timer.unref();
  return {
    ready: checkRoot(watching, true),
    state: () => ({ mode: watching.mode, folderCount: watching.driver?.folderCount() ?? 0 }),
    close() {
      watching.isClosed = true;
      clearInterval(timer);
      watching.driver?.close();
    },
  };
}

/** Looks whether the watched folder is still the same, and begins anew when it is back or another one. */
async function checkRoot(watching: Watching, isFirst = false): Promise<void> {
  if (watching.isChecking || watching.isClosed) return;
  watching.isChecking = true;
  const { options } = watching;
  const { folder } = options;
  try {
    const facts = await findFacts(folder);
    if (watching.isClosed) return;
    const isHome = watching.deviceId === null || watching.deviceId === facts?.dev;
    if (facts === null || !facts.isDirectory() || (!isHome && (await isEmpty(folder)))) {
      lose(watching, isFirst);
      return;
    }
    if (watching.driver !== null && isHome && !watching.isStale) return;
    const wasWaiting = watching.driver === null;
    watching.driver?.close();
    watching.isStale = false;
    watching.deviceId = facts.dev;
    await startDriver(watching);
    if (isFirst || watching.isClosed) return;
    if (wasWaiting) {
      options.onProblem({ kind: "back", message: `${folder} is back`, cause: null });
    }
    // What happened meanwhile is not known.
    options.onChange({ folder: "", name: null });
  } catch (cause) {
    // The next check tries again.
    watching.isStale = true;
    options.onProblem({ kind: "failed", message: `${folder} cannot be watched for now`, cause });
  } finally {
    watching.isChecking = false;
  }
}

function lose(watching: Watching, isFirst: boolean): void {
  if (watching.driver === null && !isFirst) return;
  watching.driver?.close();
  watching.driver = null;
  watching.mode = "waiting";
  const message = `${watching.options.folder} is away; is the mount there? Waiting for it`;
  watching.options.onProblem({ kind: "gone", message, cause: null });
}

/** An empty folder on another disk is a mount point without its mount. */
async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error) return true;
    throw error;
  }
}

async function startDriver(watching: Watching): Promise<void> {
  const { options } = watching;
  const shared = {
    folder: options.folder,
    isIgnored: options.isIgnored,
    onChange: options.onChange,
    onProblem: options.onProblem,
    onLost: () => {
      // Its watches may hang on a folder that has been replaced under the same name.
      watching.isStale = true;
      void checkRoot(watching);
    },
  };
  if (!watching.isPolling) {
    watching.mode = "native";
    watching.driver = watchNatively({ ...shared, onLimit: (limit) => fallBack(watching, limit) });
    await watching.driver.ready;
    // The driver gave up on its way.
    if (!watching.isPolling || watching.isClosed) return;
  }
  watching.mode = "polling";
  watching.driver = watchByPolling(shared, options.pollIntervalMs);
  await watching.driver.ready;
}

function fallBack(watching: Watching, limit: NativeLimit): void {
  if (watching.isClosed) return;
  watching.isPolling = true;
  const message = describeLimit(watching.options, limit);
  watching.options.onProblem({ kind: "limit", message, cause: limit.cause });
  // While it starts, whoever starts it sees that; later, a check opens the other driver.
  if (watching.isChecking) return;
  watching.isStale = true;
  void checkRoot(watching);
}

/** Says what is there, what is needed, and what the operator may do. */
function describeLimit(options: WatchOptions, { folderCount, allowed }: NativeLimit): string {
  const needed = Math.ceil(folderCount / WATCH_INOTIFY_SHARE);
  const has = allowed === null ? "" : ` of the ${allowed} that are allowed`;
  const seconds = Math.round(options.pollIntervalMs / 1000);
  return (
    `the system lets us watch no more folders: ${folderCount} are needed${has}, of which we take half. ` +
    `Looking every ${seconds} s instead; to be told at once, run: ` +
    `sysctl -w fs.inotify.max_user_watches=${Math.max(needed, (allowed ?? 0) * 2)}`
  );
}
