import type { DecodeJob, DecodeResult } from "./chd/decode.ts";
import { NativeError } from "./errors.ts";
import type { JobRequest, JobResponse } from "./serve-jobs.ts";

/** Threads that decode for a caller; the results are the same with and without them. */
export interface NativeWorkers {
  /** How many jobs are worked on at a time. */
  readonly count: number;
  /**
   * Decodes a job on one of the threads; more jobs than threads wait.
   * @throws NativeError `NATIVE_INTERNAL` when the thread died, which is replaced for the next job; `NATIVE_MEMORY`
   *   when too many jobs wait; `NATIVE_UNAVAILABLE` when no thread can be started.
   */
  decode(job: DecodeJob, signal?: AbortSignal | undefined): Promise<DecodeResult>;
  /** Ends the threads; jobs under way are rejected. */
  close(): Promise<void>;
}

/** A browser's or Bun's `Worker`, or one of `node:worker_threads`. */
interface Thread {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): unknown;
  addEventListener?(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  on?(type: string, listener: (value: unknown) => void): void;
}

/** Threads unless the caller says how many: more than the disc can feed are of no use. */
const COUNT_DEFAULT = 4;
const COUNT_MAX = 64;
/** Jobs that may wait; each holds some hundred kilobytes. */
const WAITING_MAX = 256;

interface Waiting {
  readonly job: DecodeJob;
  resolve(result: DecodeResult): void;
  reject(error: unknown): void;
}

interface Lane {
  readonly thread: Thread;
  running: Waiting | null;
}

function listen(thread: Thread, onMessage: (data: unknown) => void, onEnd: (cause: unknown) => void): void {
  if (thread.addEventListener !== undefined) {
    thread.addEventListener("message", (event) => onMessage(event.data));
    thread.addEventListener("error", (event) => onEnd(event));
    thread.addEventListener("messageerror", (event) => onEnd(event));
    return;
  }
  thread.on?.("message", onMessage);
  thread.on?.("error", onEnd);
  thread.on?.("exit", onEnd);
}

/** A copy of the job that can be given away: the blobs are a part of a larger buffer that stays here. */
function detach(job: DecodeJob): { job: DecodeJob; transfer: ArrayBuffer[] } {
  const blobs = job.blobs.slice();
  return { job: { ...job, blobs }, transfer: [blobs.buffer] };
}

/** Hands a thread's answer to whoever waits for it. */
function settle(lane: Lane, response: JobResponse): void {
  const { running } = lane;
  lane.running = null;
  if ("result" in response) running?.resolve(response.result);
  else running?.reject(new NativeError(response.code, response.message));
}

/** Gives a job to a thread. */
function send(lane: Lane, running: Waiting, id: number): void {
  const { job, transfer } = detach(running.job);
  lane.thread.postMessage({ id, job } satisfies JobRequest, transfer);
  lane.running = running;
}

function createLanes(createThread: () => Thread, count: number): NativeWorkers {
  const lanes: (Lane | null)[] = Array.from({ length: count }, () => null);
  const waiting: Waiting[] = [];
  let isClosed = false;

  const drop = (place: number, lane: Lane, cause: unknown) => {
    if (lanes[place] !== lane) return;
    lanes[place] = null;
    lane.thread.terminate();
    lane.running?.reject(new NativeError("NATIVE_INTERNAL", "a decoding thread died", { cause }));
    next();
  };
  const start = (place: number): Lane => {
    const lane: Lane = { thread: createThread(), running: null };
    lanes[place] = lane;
    const onMessage = (data: unknown) => {
      settle(lane, data as JobResponse);
      next();
    };
    listen(lane.thread, onMessage, (cause) => drop(place, lane, cause));
    return lane;
  };
  const next = () => {
    while (waiting.length > 0 && !isClosed) {
      const place = lanes.findIndex((lane) => lane === null || lane.running === null);
      if (place === -1) return;
      const running = waiting.shift();
      if (running === undefined) return;
      try {
        send(lanes[place] ?? start(place), running, place);
      } catch (cause) {
        // The next job tries anew.
        running.reject(new NativeError("NATIVE_UNAVAILABLE", "no decoding thread can be started", { cause }));
      }
    }
  };
  return {
    count,
    decode(job, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        if (isClosed) throw new NativeError("CHD_CLOSED", "the threads were closed");
        if (waiting.length >= WAITING_MAX) throw new NativeError("NATIVE_MEMORY", `${WAITING_MAX} jobs wait`);
        waiting.push({ job, resolve, reject });
        next();
      });
    },
    async close() {
      isClosed = true;
      const error = new NativeError("CHD_CLOSED", "the threads were closed");
      for (const { reject } of waiting.splice(0)) reject(error);
      for (const lane of lanes.splice(0)) {
        lane?.running?.reject(error);
        await lane?.thread.terminate();
      }
    },
  };
}

/**
 * Creates threads for decoding; each starts with its first job.
 * @param create Makes a worker whose file calls `serveDecodeJobs`; it is the caller's, because bundlers find a
 *   worker's file only where the `Worker` is written.
 * @param options `count`: one for each core, at most 4, unless given.
 */
export function nativeWorkers(
  create: () => unknown,
  options: { readonly count?: number | undefined } = {},
): NativeWorkers {
  const cores = globalThis.navigator?.hardwareConcurrency ?? COUNT_DEFAULT;
  const count = Math.max(1, Math.min(options.count ?? Math.min(cores, COUNT_DEFAULT), COUNT_MAX));
  // What `create` gives is a worker of whatever runtime this is; the calls used are common to all of them.
  return createLanes(() => create() as Thread, count);
}
