import { join } from "node:path";
import { WATCH_DEPTH_MAX, WATCH_FOLDERS_MAX, WATCH_GROWING_FILES_MAX } from "./limits.ts";
import type { WatchEvent, WatchProblem } from "./port.ts";
import { below, depthOf, findFacts, inFlight, listEntries, type TreeEntry } from "./tree.ts";

/** What a driver needs of the watch that opened it. */
export interface DriverOptions {
  readonly folder: string;
  isIgnored(path: string, isFolder: boolean | null): boolean;
  onChange(event: WatchEvent): void;
  onProblem(problem: WatchProblem): void;
  /** The watched folder itself is away or another one. */
  onLost(): void;
}

/** A running driver. */
export interface Driver {
  readonly ready: Promise<void>;
  folderCount(): number;
  close(): void;
}

/** What is remembered of a folder between two looks: four bytes per entry, whatever the names. */
interface SeenFolder {
  /** Changes whenever an entry comes or goes. */
  stamp: string;
  /** Sorted hashes of the names that count. */
  names: Uint32Array;
  /** Sub-folders to go on with. */
  folders: readonly string[];
  /**
   * Files that came lately and their last known size and time: somebody may still be writing them. Null when
   * the folder rests. A folder never rests before a second look, since two changes within the grain of a file
   * system's clock leave one stamp.
   */
  growing: Map<string, string> | null;
}

interface Polling {
  readonly options: DriverOptions;
  readonly seen: Map<string, SeenFolder>;
  readonly deviceId: { value: number | null };
  isFirst: boolean;
  isClosed: boolean;
  isFull: boolean;
  readonly unreadable: Set<string>;
}

/**
 * Watches by looking at the times of all folders every `intervalMs`, and at files only where names changed. A
 * file that is overwritten in place later goes unnoticed: its folder's time stays.
 */
export function watchByPolling(options: DriverOptions, intervalMs: number): Driver {
  const polling: Polling = {
    options,
    seen: new Map(),
    deviceId: { value: null },
    isFirst: true,
    isClosed: false,
    isFull: false,
    unreadable: new Set(),
  };
  const ready = Promise.withResolvers<void>();
  let timer: Timer | null = null;
  const look = async () => {
    try {
      await lookAround(polling);
    } catch (cause) {
      report(polling, { kind: "failed", message: "the library cannot be looked at", cause });
    }
    ready.resolve();
    // The pause begins after the look, so that a slow network is never asked twice at a time.
    if (!polling.isClosed) timer = setTimeout(() => void look(), intervalMs).unref();
  };
  void look();
  return {
    ready: ready.promise,
    folderCount: () => polling.seen.size,
    close() {
      polling.isClosed = true;
      if (timer !== null) clearTimeout(timer);
      ready.resolve();
    },
  };
}

/** A folder on the way down, and those it was reached through. */
interface Step {
  readonly path: string;
  /** Device and file number; null until it was looked at. */
  identity: string | null;
  readonly parent: Step | null;
}

async function lookAround(polling: Polling): Promise<void> {
  const { options, seen, deviceId } = polling;
  const root = await findFacts(options.folder);
  if (root === null || (deviceId.value !== null && deviceId.value !== root.dev)) {
    if (!polling.isClosed) options.onLost();
    return;
  }
  deviceId.value = root.dev;
  const present = new Set<string>();
  let level: Step[] = [{ path: "", identity: null, parent: null }];
  while (level.length > 0 && !polling.isClosed) {
    const next: Step[] = [];
    await inFlight(level, async (step) => {
      if (polling.isClosed || !takePlace(polling, present)) return;
      const folder = await lookAt(polling, step);
      if (folder === null) return;
      present.add(step.path);
      if (depthOf(step.path) >= WATCH_DEPTH_MAX) return;
      for (const name of folder.folders) {
        next.push({ path: below(step.path, name), identity: null, parent: step });
      }
    });
    level = next;
  }
  if (polling.isClosed) return;
  for (const path of seen.keys()) if (!present.has(path)) seen.delete(path);
  polling.isFirst = false;
}

/** Whether one more folder may be looked at; says so once when not. */
function takePlace(polling: Polling, present: ReadonlySet<string>): boolean {
  if (present.size < WATCH_FOLDERS_MAX) return true;
  if (!polling.isFull) {
    const message = `the library has more than ${WATCH_FOLDERS_MAX} folders; changes in the rest go unnoticed`;
    report(polling, { kind: "limit", message, cause: null });
  }
  polling.isFull = true;
  return false;
}

/** One folder; null when it is gone, or a link that leads back to where it hangs. */
async function lookAt(polling: Polling, step: Step): Promise<SeenFolder | null> {
  const { path } = step;
  const full = join(polling.options.folder, path);
  const facts = await findFacts(full);
  if (facts === null) return null;
  step.identity = `${facts.dev}:${facts.ino}`;
  if (isLoop(step)) return null;
  const before = polling.seen.get(path);
  const stamp = `${facts.mtimeMs}:${facts.ctimeMs}:${facts.ino}`;
  if (before !== undefined && before.stamp === stamp && before.growing === null) return before;
  try {
    const now = await listAgain(polling, { path, stamp, before });
    polling.seen.set(path, now);
    polling.unreadable.delete(path);
    return now;
  } catch (cause) {
    // Told once per folder while it stays so; the permissions of one must not hide the others.
    if (!polling.unreadable.has(path)) {
      report(polling, { kind: "failed", message: `${full} cannot be listed`, cause });
    }
    polling.unreadable.add(path);
    return before ?? null;
  }
}

function isLoop({ identity, parent }: Step): boolean {
  for (let step = parent; step !== null; step = step.parent) if (step.identity === identity) return true;
  return false;
}

interface Listing {
  readonly path: string;
  readonly stamp: string;
  readonly before: SeenFolder | undefined;
}

async function listAgain(polling: Polling, { path, stamp, before }: Listing): Promise<SeenFolder> {
  const { options, isFirst } = polling;
  const entries = await listEntries(join(options.folder, path));
  const kept = entries.filter((entry) => !options.isIgnored(below(path, entry.name), entry.isFolder));
  const names = Uint32Array.from(kept, (entry) => Bun.hash.crc32(entry.name)).sort();
  // At our own start every file is an old one; in a folder that came later every file is new.
  const known = new Set(before?.names ?? (isFirst ? names : []));
  const isFresh = (name: string) => before?.growing?.has(name) || !known.has(Bun.hash.crc32(name));
  const fresh = kept.filter((entry) => !entry.isFolder && isFresh(entry.name));
  const growing = await measure(join(options.folder, path), fresh.slice(0, WATCH_GROWING_FILES_MAX));
  const isChanged = before !== undefined && hasChanged(before, names, growing);
  if (isChanged || (before === undefined && !isFirst)) emit(polling, path);
  return {
    stamp,
    names,
    folders: kept.filter((entry) => entry.isFolder).map((entry) => entry.name),
    growing: isChanged || before === undefined ? growing : null,
  };
}

/** Size and time of some files. */
async function measure(folder: string, files: readonly TreeEntry[]): Promise<Map<string, string>> {
  const measured = new Map<string, string>();
  await inFlight(files, async ({ name }) => {
    const facts = await findFacts(join(folder, name));
    measured.set(name, facts === null ? "" : `${facts.size}:${facts.mtimeMs}`);
  });
  return measured;
}

function hasChanged(before: SeenFolder, names: Uint32Array, growing: ReadonlyMap<string, string>): boolean {
  if (!areEqual(before.names, names)) return true;
  return [...growing].some(([name, facts]) => (before.growing?.get(name) ?? facts) !== facts);
}

function areEqual(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function emit(polling: Polling, folder: string): void {
  if (!polling.isClosed) polling.options.onChange({ folder, name: null });
}

function report(polling: Polling, problem: WatchProblem): void {
  if (!polling.isClosed) polling.options.onProblem(problem);
}
