import type { Scan, ScanProblem, ScanType } from "@multitap/server/contract/scan";
import { abortedError, type MultitapError } from "../errors.ts";
import type { Hub } from "../events/hub.ts";
import { isGap, type StreamMessage } from "../events/messages.ts";
import { createStream, type StreamSink } from "../events/stream.ts";
import type { EventStream, ScanEvent, StreamOptions } from "../events/types.ts";
import { toClientError } from "../http/calls.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What to scan; the whole library unless said. */
export interface StartScan {
  /** `quick` unless said: new files only. */
  readonly type?: ScanType | undefined;
  readonly platformIds?: readonly number[] | undefined;
  /** Names of folders, also of those that are no platform yet. */
  readonly platformFsSlugs?: readonly string[] | undefined;
  /** Only these roms, whatever else is said. */
  readonly romIds?: readonly number[] | undefined;
  /** Short names of the metadata providers to ask. */
  readonly sources?: readonly string[] | undefined;
  /** While another scan is under way: `refuse`, unless said, throws; `wait` lets this one follow it. */
  readonly whenBusy?: "refuse" | "wait" | undefined;
  /** Confirms that vanished files really are gone. */
  readonly acceptMissing?: boolean | undefined;
}

/** How far a scan is; the counters only grow. */
export type ScanStep = Omit<ScanEvent, "stats"> & Scan["stats"];

/** Walks through the library's folders. */
export interface Scans {
  /**
   * Starts a scan and returns it at once; `watch` tells how it goes.
   * @throws MultitapError `conflict` when one is under way already and this one may not wait, or too many wait.
   * @example
   * const scan = await client.scan.start({ type: "complete", platformFsSlugs: ["snes"] });
   */
  start(input?: StartScan, options?: WriteOptions): Promise<Scan>;
  /**
   * Reads one scan.
   * @throws MultitapError `not_found`.
   * @example
   * const { status } = await client.scan.get(7);
   */
  get(scanId: number, options?: CallOptions): Promise<Scan>;
  /**
   * Gives the latest scans, newest first.
   * @example
   * const [latest] = await client.scan.list({ limit: 1 });
   */
  list(input?: { readonly limit?: number | undefined }, options?: CallOptions): Promise<readonly Scan[]>;
  /**
   * Asks a scan to stop; what it found stays.
   * @example
   * await client.scan.cancel(7);
   */
  cancel(scanId: number, options?: WriteOptions): Promise<Scan>;
  /**
   * Gives what a scan could not read.
   * @example
   * for (const problem of await client.scan.problems(7)) show(`${problem.path}: ${problem.message}`);
   */
  problems(scanId: number, options?: CallOptions): Promise<readonly ScanProblem[]>;
  /**
   * Tells how a scan goes, beginning with how it stands, until it ends; its last step has the status `done`,
   * `cancelled` or `failed`. A slow loop skips steps.
   * @example
   * for await (const step of client.scan.watch(scanId, { signal })) show(`${step.phase} ${step.romsDone}`);
   */
  watch(scanId: number, options?: Omit<StreamOptions, "resumeFrom">): EventStream<ScanStep>;
}

/** Builds the calls of this domain. */
export function createScans(rpc: Rpc, hub: Hub): Scans {
  const scans: Scans = {
    start: (input = {}, options) => rpc.mutate("scan.start", input, options),
    get: (scanId, options) => rpc.query("scan.get", { scanId }, options),
    list: (input = {}, options) => rpc.query("scan.list", input, options),
    cancel: (scanId, options) => rpc.mutate("scan.cancel", { scanId }, options),
    problems: (scanId, options) => rpc.query("scan.problems", { scanId }, options),
    watch(scanId, options) {
      const read = async (signal: AbortSignal) => fromScan(await scans.get(scanId, { signal }));
      return createStream<ScanStep>(
        {
          start: (sink) => watchScan(hub, { scanId, read, sink }),
          // Every step tells all that came before it.
          replace: (dropped) => dropped.at(-1) as ScanStep,
          idOf: () => null,
        },
        options,
      );
    },
  };
  return scans;
}

interface Watch {
  readonly scanId: number;
  readonly sink: StreamSink<ScanStep>;
  read(signal: AbortSignal): Promise<ScanStep>;
}

/** Ties events to the scan as it stands: read at the start, and wherever events are missing. */
function watchScan(hub: Hub, { scanId, read, sink }: Watch): () => void {
  const controller = new AbortController();
  let last: ScanStep | null = null;
  const tell = (step: ScanStep) => {
    // An event may be older than what was read meanwhile.
    if (last !== null && !isProgress(last, step)) return;
    last = step;
    sink.push(step);
    if (isEnd(step)) finish(null);
  };
  const finish = (error: MultitapError | null) => {
    stop();
    sink.end(error);
  };
  const catchUp = () => {
    read(controller.signal).then(tell, (thrown: unknown) => {
      if (!controller.signal.aborted) finish(toClientError(thrown));
    });
  };
  const detach = hub.attach({
    topics: new Set(["scan"]),
    resumeFrom: null,
    onMessage(message) {
      if (isGap(message)) catchUp();
      else if (isScanEvent(message) && message.data.scanId === scanId) tell(fromEvent(message.data));
    },
    // The first read may have been over before the stream began, and the scan's end lies between the two.
    onMark: catchUp,
    onEnd: finish,
  });
  const stop = () => {
    detach();
    controller.abort(abortedError(controller.signal));
  };
  catchUp();
  return stop;
}

function isScanEvent(message: StreamMessage): message is StreamMessage & { readonly data: ScanEvent } {
  return message.topic === "scan" && "data" in message;
}

function fromScan({ id, status, phase, stats, errorMessage }: Scan): ScanStep {
  return { scanId: id, status, phase, platformFsSlug: null, errorMessage, ...stats };
}

function fromEvent({ stats, ...event }: ScanEvent): ScanStep {
  return { ...event, ...stats };
}

function isEnd({ status }: ScanStep): boolean {
  return status === "done" || status === "cancelled" || status === "failed";
}

function isProgress(before: ScanStep, after: ScanStep): boolean {
  const gained = sumCounters(after) - sumCounters(before);
  return gained > 0 || (gained === 0 && (after.phase !== before.phase || after.status !== before.status));
}

/** All counters only grow, so their sum tells which of two steps is later. */
function sumCounters(step: ScanStep): number {
  return Object.values(step).reduce<number>(
    (sum, value) => (typeof value === "number" ? sum + value : sum),
    0,
  );
}
