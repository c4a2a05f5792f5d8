import type { LibraryEvent, ScanEvent, ScanStats, ScanStatus } from "../../base/events.ts";
import { hasScope } from "../../base/identity.ts";
import type { Scope } from "../../base/scopes.ts";
import type { FeedItem } from "../../ports/events/port.ts";
import type { SocketHub, SocketMessage, SocketPeer } from "../../socket/door.ts";
import { SCAN_PROGRESS_MS } from "../limits.ts";
import {
  type ScanLogLine,
  toScanLogWire,
  toScannedPlatformWire,
  toScannedRomWire,
  toScanStatsWire,
} from "../wire.ts";
import { SHOWN_ROMS, SILENCE_MS } from "./limits.ts";
import {
  findRunningScan,
  findScannedPlatform,
  findScanRequester,
  findWatchedScan,
  listScannedRoms,
  readSight,
  type WatcherSight,
} from "./service.ts";

/** The scan of this moment, as its watchers know it. */
interface WatchedScan {
  readonly scanId: number;
  readonly requesterId: number | null;
  stats: ScanStats;
  /** What was last sent, as text; null before the totals are known. */
  sent: string | null;
  sentAtMs: number;
  timer: ReturnType<typeof setTimeout> | null;
  /** Folder of the platform that was announced last. */
  announced: string | null;
  /** Folder of a platform that had no row yet when it should have been announced. */
  owed: string | null;
  firmwareNewBefore: number;
}

/** Tells sockets of the scan that runs, in whichever process. */
export interface ScanWatch {
  onEvents(items: readonly FeedItem[]): Promise<void>;
  /** Tells a socket where the running scan stands. */
  onIdentified(peer: SocketPeer): Promise<void>;
  /** Reads from the database what runs: for the beginning, and after events were lost. */
  catchUp(): Promise<void>;
  /** Counters of the running scan; null when none runs. */
  readStats(): ScanStats | null;
  close(): void;
}

interface State {
  readonly hub: SocketHub;
  /** Told the id of each scan that ended. */
  readonly onEnd: (scanId: number, stats: ScanStats) => void;
  current: WatchedScan | null;
  /** Newest scan that is over: what is still told of it comes too late. */
  endedId: number;
  heardAtMs: number;
  /** Something could not be told; the database knows better. */
  isBehind: boolean;
}

/** Starts watching; `close` must be called. */
export function watchScans(hub: SocketHub, onEnd: State["onEnd"]): ScanWatch {
  const heardAtMs = performance.now();
  const state: State = { hub, onEnd, current: null, endedId: 0, heardAtMs, isBehind: false };
  return {
    async onEvents(items) {
      for (const item of items) {
        // What one event should have told is learned with the next; the end of a scan must not be lost with it.
        await onItem(state, item).catch((error: unknown) => {
          state.isBehind = true;
          hub.ctx.ports.log.warn("watchers of a scan cannot be told everything", { error });
        });
      }
    },
    async onIdentified(peer) {
      if (state.current === null || !hasScope(peer.identity, "platforms.read")) return;
      if (performance.now() - state.heardAtMs > SILENCE_MS) await catchUp(state);
      const { current } = state;
      if (current === null || current.sent === null) return;
      hub.send([peer], { event: "scan:update_stats", args: [toScanStatsWire(current.stats)] });
    },
    catchUp: () => catchUp(state),
    readStats: () => state.current?.stats ?? null,
    close: () => forget(state),
  };
}

async function onItem(state: State, item: FeedItem): Promise<void> {
  if ("gap" in item || state.isBehind) await catchUp(state);
  if ("gap" in item) return;
  if (item.topic === "scan") await onScan(state, item.data);
  // What concerns one account alone is no find of the scan.
  else if (item.topic === "library" && item.userId === null) await onLibrary(state, item.data);
}

type ScanNews = Pick<ScanEvent, "scanId" | "status" | "stats" | "errorMessage">;

async function onScan(state: State, event: ScanEvent): Promise<void> {
  const scan = await hear(state, event);
  const { phase, platformFsSlug } = event;
  if (scan === null || phase !== "discovering" || platformFsSlug === null) return;
  await announcePlatform(state, scan, platformFsSlug);
}

/** Takes in where a scan stands; null when it does not go on. */
async function hear(state: State, news: ScanNews): Promise<WatchedScan | null> {
  const { scanId, status, stats } = news;
  // A scan that was handed back goes on with the next process.
  if (scanId <= state.endedId || status === "queued") return null;
  state.heardAtMs = performance.now();
  const scan = state.current?.scanId === scanId ? state.current : await begin(state, news);
  scan.stats = stats;
  if (status === "running") {
    offerStats(state, scan);
    return scan;
  }
  end(state, scan, news);
  return null;
}

async function begin(state: State, { scanId, stats }: ScanNews): Promise<WatchedScan> {
  forget(state);
  const requesterId = await findScanRequester(state.hub.ctx, scanId);
  const scan: WatchedScan = {
    scanId,
    requesterId,
    stats,
    sent: null,
    sentAtMs: 0,
    timer: null,
    announced: null,
    owed: null,
    firmwareNewBefore: 0,
  };
  state.current = scan;
  await writeLog(state, scan, { level: "INFO", message: "Scan started" });
  return scan;
}

function forget(state: State): void {
  if (state.current?.timer != null) clearTimeout(state.current.timer);
  state.current = null;
}

/** Ended, failed, or paused until there is room: watchers wait no longer. */
function end(state: State, scan: WatchedScan, { status, errorMessage }: ScanNews): void {
  const { scanId, stats } = scan;
  sendStats(state, scan);
  const isDone = status === "done" || status === "cancelled";
  const text = errorMessage ?? "Scan failed";
  tell(
    state,
    isDone ? { event: "scan:done", args: [toScanStatsWire(stats)] } : { event: "scan:done_ko", args: [text] },
  );
  const problems = stats.problems > 0 ? `, ${stats.problems} problems` : "";
  const line: ScanLogLine = isDone
    ? {
        level: stats.problems > 0 ? "WARNING" : "INFO",
        message: `Scan ${describeEnd(status)}: ${stats.romsNew} new roms, ${stats.romsMissing} missing${problems}`,
      }
    : { level: "ERROR", message: text };
  // The scan is over for everybody whether or not its last line can be sorted out.
  writeLog(state, scan, line).catch((error: unknown) => {
    state.hub.ctx.ports.log.warn("a scan's log line cannot be sent", { error });
  });
  forget(state);
  if (status === "paused") return;
  state.endedId = scanId;
  state.onEnd(scanId, stats);
}

function describeEnd(status: ScanStatus): string {
  return status === "cancelled" ? "stopped" : "done";
}

/** Sends the counters now, or once enough time has passed since the last ones. */
function offerStats(state: State, scan: WatchedScan): void {
  const { platformsTotal, romsTotal } = scan.stats;
  // The first ones hold the totals.
  if (scan.sent === null && platformsTotal + romsTotal === 0) return;
  const waitMs = scan.sentAtMs + SCAN_PROGRESS_MS - performance.now();
  if (waitMs <= 0) sendStats(state, scan);
  else scan.timer ??= setTimeout(() => sendStats(state, scan), waitMs);
}

function sendStats(state: State, scan: WatchedScan): void {
  if (scan.timer !== null) clearTimeout(scan.timer);
  scan.timer = null;
  const wire = toScanStatsWire(scan.stats);
  const text = JSON.stringify(wire);
  if (text === scan.sent) return;
  scan.sent = text;
  scan.sentAtMs = performance.now();
  tell(state, { event: "scan:update_stats", args: [wire] });
}

function listWatchers(hub: SocketHub, scope: Scope): readonly SocketPeer[] {
  return hub.listPeers().filter(({ identity }) => hasScope(identity, scope));
}

function tell({ hub }: State, message: SocketMessage): void {
  hub.send(listWatchers(hub, "platforms.read"), message);
}

/** Watchers who may be told of the same. */
interface Audience {
  readonly sight: WatcherSight;
  readonly peers: readonly SocketPeer[];
}

async function groupBySight(hub: SocketHub, peers: readonly SocketPeer[]): Promise<readonly Audience[]> {
  const byCaller = Map.groupBy(peers, ({ identity }) =>
    identity.kind === "user" ? identity.userId : identity.kind,
  );
  const audiences = new Map<string, { sight: WatcherSight; peers: SocketPeer[] }>();
  for (const [first, ...others] of byCaller.values()) {
    if (first === undefined) continue;
    const sight = await readSight(hub.contextOf(first));
    const known = audiences.get(sight.mark);
    if (known === undefined) audiences.set(sight.mark, { sight, peers: [first, ...others] });
    else known.peers.push(first, ...others);
  }
  return [...audiences.values()];
}

async function announcePlatform(state: State, scan: WatchedScan, fsSlug: string): Promise<void> {
  if (scan.announced === fsSlug) return;
  const { hub } = state;
  const platform = await findScannedPlatform(hub.ctx, fsSlug);
  scan.owed = platform === null ? fsSlug : null;
  if (platform === null) return;
  scan.announced = fsSlug;
  const firmwareNew = scan.stats.firmwareNew - scan.firmwareNewBefore;
  scan.firmwareNewBefore = scan.stats.firmwareNew;
  const args = [toScannedPlatformWire(platform, firmwareNew)];
  for (const { sight, peers } of await groupBySight(hub, listWatchers(hub, "platforms.read"))) {
    if (sight.seesPlatform(platform.id)) hub.send(peers, { event: "scan:scanning_platform", args });
  }
  await writeLog(state, scan, {
    level: platform.isIdentified ? "INFO" : "WARNING",
    message: platform.isIdentified
      ? `Folder ${fsSlug}[${platform.slug}] identified as ${platform.displayName}`
      : `Platform ${fsSlug} not identified`,
    platformId: platform.id,
  });
}

/** Roms that appeared or changed while a scan runs are what it found. */
async function onLibrary(state: State, { change, entity, ids }: LibraryEvent): Promise<void> {
  const { current, hub } = state;
  if (current === null || entity !== "rom" || (change !== "created" && change !== "updated")) return;
  if (current.owed !== null) await announcePlatform(state, current, current.owed);
  for (let start = 0; start < ids.length; start += SHOWN_ROMS) {
    const watchers = listWatchers(hub, "roms.read");
    if (watchers.length === 0) return;
    await sendRoms(hub, watchers, ids.slice(start, start + SHOWN_ROMS));
    // Clients that poll fetch what waits for them before more is put behind it.
    await Bun.sleep(0);
  }
}

async function sendRoms(
  hub: SocketHub,
  watchers: readonly SocketPeer[],
  ids: readonly number[],
): Promise<void> {
  const [roms, audiences] = await Promise.all([listScannedRoms(hub.ctx, ids), groupBySight(hub, watchers)]);
  for (const rom of roms) {
    const args = [toScannedRomWire(rom)];
    for (const { sight, peers } of audiences) {
      // Whoever reads too slowly finds the roms in the library.
      if (sight.seesRom(rom)) hub.send(peers, { event: "scan:scanning_rom", args, canSkip: true });
    }
  }
}

/** Tells whoever asked for the scan, in all their sockets. */
async function writeLog({ hub }: State, scan: WatchedScan, line: ScanLogLine): Promise<void> {
  const { requesterId } = scan;
  if (requesterId === null) return;
  const own = hub
    .listPeers()
    .filter(({ identity }) => identity.kind === "user" && identity.userId === requesterId);
  const args = [toScanLogWire(line, hub.ctx.ports.clock.now().getTime())];
  for (const { sight, peers } of await groupBySight(hub, own)) {
    const isShown = line.platformId === undefined || sight.seesPlatform(line.platformId);
    if (isShown) hub.send(peers, { event: "scan:log", args, canSkip: true });
  }
}

/** Learns from the database what events did not tell. */
async function catchUp(state: State): Promise<void> {
  const running = await findRunningScan(state.hub.ctx);
  state.isBehind = false;
  const { current } = state;
  if (current !== null && current.scanId !== running?.id) {
    const ended = await findWatchedScan(state.hub.ctx, current.scanId);
    if (ended !== null) await hear(state, { ...ended, scanId: ended.id });
  }
  if (running !== null) await hear(state, { ...running, scanId: running.id });
}
