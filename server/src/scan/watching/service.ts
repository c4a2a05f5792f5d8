import { join } from "node:path";
import type { Context, Ports } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import { listPlatformFolders, readLayout } from "../../platforms/folders/service.ts";
import type { KvLock } from "../../ports/kv/port.ts";
import type { FolderWatch, Watch, WatchEvent, WatchProblem, WatchState } from "../../ports/watch/port.ts";
import { SCAN_PLATFORMS_MAX } from "../limits.ts";
import { PENDING_ALL, type Pending, type QueueScan } from "./contract.ts";
import * as limits from "./limits.ts";
import {
  addChange,
  chooseDue,
  createLibraryMap,
  formatPending,
  type LibraryMap,
  needsPolling,
  parsePending,
  withoutScanned,
} from "./rules.ts";

/** How the operator wants the library to be watched. */
export interface WatchingSettings {
  /** `auto` looks from time to time where the file system announces nothing. */
  readonly mode: "auto" | "native" | "poll";
  readonly pollIntervalMs: number;
  /** Quiet time between a change and its scan. */
  readonly delayMs: number;
}

/** What a process that watches the library brings. */
export interface WatchingOptions extends WatchingSettings {
  readonly createContext: () => Context;
  readonly watch: Watch;
  readonly queueScan: QueueScan;
  /** No other process can use the store, so a lock found at the start belongs to a dead one. */
  readonly isSoleOwner: boolean;
  /** Life of the lock, and how often a process without it asks; shorter in tests. */
  readonly lockMs?: number | undefined;
  readonly standbyMs?: number | undefined;
}

/** The library under watch. */
export interface Watching {
  /** How it is watched; null while another process does, or none yet. */
  state(): WatchState | null;
  /** Ends it; changes that wait are kept for the next process. */
  stop(): Promise<void>;
}

const LOCK_KEY = "scan:watching";
const PENDING_KEY = "scan:watching:pending";
const NOTHING_PENDING = formatPending(new Map());

interface Run {
  readonly ports: Ports;
  readonly options: WatchingOptions;
  readonly signal: AbortSignal;
  /** Not the first try to take the lock. */
  hasTried: boolean;
  watch: FolderWatch | null;
  /** Changes that wait for their scan. They outlive a loss of the lock, should nobody else know of them. */
  pending: Pending;
  /** Platforms that changed since the last look; events come by the ten thousand. */
  readonly touched: Set<string>;
  /** What the store holds of what waits. */
  stored: string;
}

/**
 * Watches the library and queues scans of what changed. One process does it, the others stand by; what has not
 * been scanned yet is kept in the store, so that it survives restarts.
 */
export function startWatching(ports: Ports, options: WatchingOptions): Watching {
  const stopping = new AbortController();
  const run: Run = {
    ports,
    options,
    signal: stopping.signal,
    hasTried: false,
    watch: null,
    pending: new Map(),
    touched: new Set(),
    stored: NOTHING_PENDING,
  };
  const done = takeTurns(run);
  return {
    state: () => run.watch?.state() ?? null,
    async stop() {
      stopping.abort();
      await Promise.race([done, Bun.sleep(limits.WATCHING_STOP_MS)]);
    },
  };
}

/** Resolves after a while, or at once when everything stops. */
async function pause(signal: AbortSignal, ms: number): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  timer.unref();
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}

async function takeTurns(run: Run): Promise<void> {
  const { ports, options, signal } = run;
  const lockMs = options.lockMs ?? limits.WATCHING_LOCK_MS;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      if (options.isSoleOwner && !run.hasTried) await ports.kv.remove([LOCK_KEY]);
      const lock = await ports.kv.lock(LOCK_KEY, { ttlMs: lockMs });
      if (lock !== null) {
        // The one that watched until now may have died some time ago.
        if (run.hasTried) note(run, PENDING_ALL);
        await lead(run, { lock, lockMs });
      }
      run.hasTried = true;
      isFailing = false;
    } catch (error) {
      // While the store is away every try fails the same way; it is said once.
      if (!isFailing) ports.log.warn("the library is not watched for a while", { error });
      isFailing = true;
    }
    await pause(signal, options.standbyMs ?? limits.WATCHING_STANDBY_MS);
  }
}

/** What the process that watches knows. */
interface Lead {
  readonly run: Run;
  readonly ctx: Context;
  config: LibraryConfig;
  map: LibraryMap;
  /** Platform folders at the last look, to tell new ones from vanished ones. */
  known: ReadonlySet<string>;
  arePlatformsDue: boolean;
  /** The library came back, perhaps on another file system. */
  isReopenDue: boolean;
}

async function lead(run: Run, { lock, lockMs }: { lock: KvLock; lockMs: number }): Promise<void> {
  const { ports, options, signal } = run;
  const isKept = createBeat(lock, lockMs);
  const tickMs = Math.min(limits.WATCHING_TICK_MS, options.delayMs / limits.WATCHING_TICKS_PER_DELAY);
  try {
    await restorePending(run);
    const ctx = options.createContext();
    const { config, map, folders } = await readLibrary(ctx);
    const lead = { run, ctx, config, map, known: folders, arePlatformsDue: false, isReopenDue: false };
    await openWatch(lead);
    ports.log.info("watching the library for changes", { mode: run.watch?.state().mode });
    while (!signal.aborted && (await isKept())) {
      await step(lead);
      await pause(signal, tickMs);
    }
    gather(run);
    await keepPending(run);
  } finally {
    // Whoever watches next cannot know what happens until then.
    if (run.watch !== null && !signal.aborted) note(run, PENDING_ALL);
    run.watch?.close();
    run.watch = null;
    await release(run, lock);
  }
}

/** Frees the lock for others; with the store away it frees itself in time. */
async function release(run: Run, lock: KvLock): Promise<void> {
  try {
    await lock.release();
  } catch (error) {
    run.ports.log.debug("the lock of the watcher cannot be released", { error });
  }
}

/** Prolongs a lock when it is time; answers whether it is still ours. A store that is away gets until its end. */
function createBeat(lock: KvLock, lockMs: number): () => Promise<boolean> {
  let keptAtMs = performance.now();
  let triedAtMs = keptAtMs;
  return async () => {
    const nowMs = performance.now();
    if (nowMs - triedAtMs < lockMs / limits.WATCHING_BEATS_PER_LOCK) return true;
    triedAtMs = nowMs;
    try {
      if (!(await lock.extend(lockMs))) return false;
      keptAtMs = nowMs;
    } catch (error) {
      if (!isAppError(error) || nowMs - keptAtMs >= lockMs) throw error;
    }
    return true;
  };
}

/** Takes over what an earlier process left in the store. */
async function restorePending(run: Run): Promise<void> {
  const text = await run.ports.kv.get(PENDING_KEY);
  const restored = parsePending(text, run.ports.clock.now().getTime());
  run.pending = new Map([...restored, ...run.pending]);
  run.stored = text ?? NOTHING_PENDING;
}

interface Library {
  readonly config: LibraryConfig;
  readonly map: LibraryMap;
  readonly folders: ReadonlySet<string>;
  /** Absolute paths worth asking for their file system: each platform may be a mount of its own. */
  readonly places: readonly string[];
}

async function readLibrary(ctx: Context): Promise<Library> {
  const config = await ctx.ports.settings.read();
  const layout = await readLayout(ctx, config);
  const folders = await listPlatformFolders(ctx, config, layout);
  return {
    config,
    map: createLibraryMap(config, layout.structure),
    folders: new Set(folders.map(({ fsSlug }) => fsSlug)),
    places: [ctx.facts.libraryPath, ...folders.map(({ romsPath }) => join(ctx.facts.libraryPath, romsPath))],
  };
}

async function openWatch(lead: Lead): Promise<void> {
  const { run, ctx } = lead;
  run.watch?.close();
  run.watch = run.options.watch.open({
    folder: ctx.facts.libraryPath,
    isPolling: await choosePolling(lead),
    pollIntervalMs: run.options.pollIntervalMs,
    isIgnored: (path, isFolder) => lead.map.isIgnored(path, isFolder),
    onChange: (event) => onChange(lead, event),
    onProblem: (problem) => onProblem(lead, problem),
  });
  await Promise.race([run.watch.ready, pause(run.signal, limits.WATCHING_LOCK_MS)]);
}

async function choosePolling({ run, ctx }: Lead): Promise<boolean> {
  if (run.options.mode !== "auto") return run.options.mode === "poll";
  const { places } = await readLibrary(ctx);
  for (const place of places.slice(0, SCAN_PLATFORMS_MAX)) {
    if (needsPolling(await findFsType(ctx, place))) return true;
  }
  return false;
}

async function findFsType(ctx: Context, path: string): Promise<string | null> {
  try {
    return (await ctx.ports.files.freeSpace(path)).fsType;
  } catch (error) {
    // Absent or unreadable: the watch itself waits for it and says so.
    if (isAppError(error)) return null;
    throw error;
  }
}

function onChange(lead: Lead, { folder, name }: WatchEvent): void {
  const place = lead.map.locate(folder, name);
  if (place.kind === "platform") note(lead.run, place.fsSlug);
  if (place.kind === "all") note(lead.run, PENDING_ALL);
  if (place.kind === "all" || place.kind === "platforms") lead.arePlatformsDue = true;
}

function note({ touched }: Run, key: string): void {
  touched.add(touched.size < limits.WATCHING_PENDING_MAX ? key : PENDING_ALL);
}

/** Puts what changed since the last look with what waits already. */
function gather(run: Run): void {
  const nowMs = run.ports.clock.now().getTime();
  for (const key of run.touched) run.pending = addChange(run.pending, key, nowMs);
  run.touched.clear();
}

function onProblem(lead: Lead, { kind, message, cause }: WatchProblem): void {
  const { log } = lead.run.ports;
  if (kind === "back") {
    lead.isReopenDue = true;
    log.info(message);
  } else {
    log.warn(message, cause === null ? {} : { error: cause });
  }
}

async function step(lead: Lead): Promise<void> {
  const { run } = lead;
  try {
    if (lead.isReopenDue) await reopenWatch(lead);
    // While the library is away nothing of it can be believed; what waits goes on waiting.
    if (run.watch?.state().mode === "waiting") return;
    await readAgain(lead);
    gather(run);
    await keepPending(run);
    await queueDue(lead);
  } catch (error) {
    if (!isAppError(error)) throw error;
    // Nothing is lost by it, and the next look tries again.
    run.ports.log.debug("changes of the library cannot be handled yet", { error });
  }
}

/** The library came back, perhaps on a file system that has to be watched in the other way. */
async function reopenWatch(lead: Lead): Promise<void> {
  const mode = (await choosePolling(lead)) ? "polling" : "native";
  if (lead.run.watch?.state().mode !== mode) await openWatch(lead);
  lead.isReopenDue = false;
}

/** Takes the present settings over, and finds out which platform folders came or went. */
async function readAgain(lead: Lead): Promise<void> {
  const isDue = lead.arePlatformsDue;
  if (!isDue && (await lead.ctx.ports.settings.read()) === lead.config) return;
  lead.arePlatformsDue = false;
  const { config, map, folders } = await readLibrary(lead.ctx).catch((error: unknown) => {
    lead.arePlatformsDue = isDue;
    throw error;
  });
  for (const fsSlug of folders) if (!lead.known.has(fsSlug)) note(lead.run, fsSlug);
  // Only a scan of everything notices that a platform is gone, or was renamed.
  if ([...lead.known].some((fsSlug) => !folders.has(fsSlug))) note(lead.run, PENDING_ALL);
  lead.config = config;
  lead.map = map;
  lead.known = folders;
}

/** Writes what waits into the store when it is something else than there. */
async function keepPending(run: Run): Promise<void> {
  const text = formatPending(run.pending);
  if (text === run.stored) return;
  if (run.pending.size === 0) await run.ports.kv.remove([PENDING_KEY]);
  else await run.ports.kv.set(PENDING_KEY, text);
  run.stored = text;
}

async function queueDue({ run, ctx }: Lead): Promise<void> {
  const { clock, log } = run.ports;
  const { delayMs, queueScan } = run.options;
  const rule = { delayMs, delayMaxMs: delayMs * limits.WATCHING_DELAYS_MAX };
  const keys = new Set(chooseDue(run.pending, clock.now().getTime(), rule));
  if (keys.size === 0) return;
  const chosen: Pending = new Map([...run.pending].filter(([key]) => keys.has(key)));
  const isWhole = keys.has(PENDING_ALL) || keys.size > SCAN_PLATFORMS_MAX;
  const platformFsSlugs = isWhole ? [] : [...keys].sort();
  const { scanId } = await queueScan(ctx, { type: "quick", platformFsSlugs, origin: "watcher" });
  log.info("the library changed; scanning", { scanId, platforms: isWhole ? "all" : platformFsSlugs });
  run.pending = withoutScanned(run.pending, chosen);
  await keepPending(run);
}
