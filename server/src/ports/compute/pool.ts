import { assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { fromFailure } from "./failure.ts";
import { WORKERS_MAX } from "./limits.ts";
import type { Compute } from "./port.ts";
import type { TaskReply } from "./protocol.ts";
import type { TaskShapes } from "./task.ts";

/** One call as a lane sees it. */
export interface LaneTask {
  readonly name: string;
  readonly input: unknown;
  readonly signal: AbortSignal | null;
  readonly onProgress: ((progress: unknown) => void) | null;
}

/** A place where one task runs at a time. */
export interface Lane {
  /** Runs a task to its real end. Rejects only when the task could not be started. */
  run(task: LaneTask): Promise<TaskReply>;
  /** Cancels what runs and frees the lane's thread; bounded by `CLOSE_GRACE_MS`. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly size: number;
  readonly waitingMax: number;
  readonly createLane: () => Lane;
}

interface Waiter {
  readonly give: (lane: Lane) => void;
  readonly refuse: (reason: unknown) => void;
}

/** Creates the part all drivers share: turns, the bound on waiting, cancelling while waiting, closing. */
export function createPool<T extends TaskShapes>(options: PoolOptions): Compute<T> {
  const { size, waitingMax, createLane } = options;
  assert(Number.isInteger(size) && size >= 1 && size <= WORKERS_MAX, `a pool of ${size} workers`);
  const lanes = Array.from({ length: size }, createLane);
  const turns = createTurns(lanes, waitingMax);
  let closing: Promise<void> | null = null;

  async function run(task: LaneTask): Promise<unknown> {
    task.signal?.throwIfAborted();
    const lane = await turns.take(task.signal);
    try {
      // The pool may have closed between the turn being given and this line; a lane must not start again.
      if (closing !== null) throw closedError();
      const reply = await lane.run(task);
      task.signal?.throwIfAborted();
      if (closing !== null && reply.kind === "cancelled") throw closedError();
      if (reply.kind === "failed") throw fromFailure(reply.failure);
      assert(reply.kind === "done", "a lane cancelled a task that nobody cancelled");
      return reply.output;
    } finally {
      turns.release(lane);
    }
  }

  return {
    size,
    // The table's types hold on both sides of the thread boundary, which the messages between cannot express.
    run: (name, input, { signal, onProgress } = {}) =>
      run({
        name,
        input,
        signal: signal ?? null,
        onProgress: (onProgress as LaneTask["onProgress"]) ?? null,
      }),
    usage: turns.usage,
    close() {
      closing ??= closeAll(lanes, turns);
      return closing;
    },
  };
}

async function closeAll(lanes: readonly Lane[], turns: Turns): Promise<void> {
  turns.close();
  await Promise.all(lanes.map((lane) => lane.close()));
}

interface Turns {
  take(signal: AbortSignal | null): Promise<Lane>;
  release(lane: Lane): void;
  usage(): { running: number; waiting: number };
  close(): void;
}

function createTurns(lanes: readonly Lane[], waitingMax: number): Turns {
  // The last one used goes first again, so that quiet times need no second thread.
  const idle = [...lanes].reverse();
  const waiting = new Set<Waiter>();
  let isClosed = false;

  return {
    async take(signal) {
      if (isClosed) throw closedError();
      const lane = idle.pop();
      if (lane !== undefined) return lane;
      if (waiting.size >= waitingMax) throw fullError(waitingMax);
      return await waitForLane(waiting, signal);
    },
    release(lane) {
      const [next] = waiting;
      if (next === undefined) idle.push(lane);
      else next.give(lane);
    },
    usage: () => ({ running: lanes.length - idle.length, waiting: waiting.size }),
    close() {
      isClosed = true;
      for (const waiter of [...waiting]) waiter.refuse(closedError());
    },
  };
}

function waitForLane(waiting: Set<Waiter>, signal: AbortSignal | null): Promise<Lane> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(waiter);
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => waiter.refuse(signal?.reason);
    const waiter: Waiter = {
      give(lane) {
        leave();
        resolve(lane);
      },
      refuse(reason) {
        leave();
        reject(reason);
      },
    };
    waiting.add(waiter);
    signal?.addEventListener("abort", abort);
  });
}

function fullError(waitingMax: number): AppError {
  return new AppError("unavailable", "COMPUTE_FULL", {
    message: "The server is busy",
    details: { waitingMax },
    retryAfterMs: 1_000,
  });
}

function closedError(): AppError {
  return new AppError("unavailable", "COMPUTE_CLOSED", { message: "The server is stopping" });
}
