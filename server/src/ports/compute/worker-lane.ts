import { assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { toFailure } from "./failure.ts";
import { CLOSE_GRACE_MS } from "./limits.ts";
import type { Lane, LaneTask } from "./pool.ts";
import type { FromWorker, TaskReply } from "./protocol.ts";
import type { ComputeSettings } from "./settings.ts";
import { startThread, type Thread } from "./thread.ts";

/** Largest value of the cancel word; task ids start again after it. */
const TASK_ID_MAX = 0x7fffffff;

/** A worker that ended without being asked to. */
export interface WorkerLoss {
  readonly exitCode: number;
  /** What it died of, with a stack; null when it said nothing. */
  readonly message: string | null;
  /** The task it ran; null when it was idle or starting. */
  readonly taskName: string | null;
}

interface Running {
  readonly taskId: number;
  readonly task: LaneTask;
  readonly settle: (reply: TaskReply) => void;
  readonly ended: Promise<TaskReply>;
  graceTimer: ReturnType<typeof setTimeout> | null;
}

export interface WorkerLaneOptions {
  readonly entry: URL;
  readonly settings: ComputeSettings;
  readonly cancelGraceMs: number;
  readonly idleMs: number;
  readonly onLoss: (loss: WorkerLoss) => void;
}

interface LaneState extends WorkerLaneOptions {
  thread: Thread | null;
  running: Running | null;
  idleTimer: ReturnType<typeof setTimeout> | null;
  lastTaskId: number;
}

/** Creates a lane with a thread of its own, started by the first task and again after a loss or a long rest. */
export function createWorkerLane(options: WorkerLaneOptions): Lane {
  const lane: LaneState = { ...options, thread: null, running: null, idleTimer: null, lastTaskId: 0 };
  return {
    async run(task) {
      const { taskId, ended } = start(lane, task);
      const abort = (): void => cancel(lane, taskId, lane.cancelGraceMs);
      task.signal?.addEventListener("abort", abort);
      if (task.signal?.aborted === true) abort();
      return await ended.finally(() => task.signal?.removeEventListener("abort", abort));
    },
    async close() {
      if (lane.running !== null) {
        const { taskId, ended } = lane.running;
        cancel(lane, taskId, CLOSE_GRACE_MS);
        await ended;
      }
      endThread(lane);
    },
  };
}

function start(lane: LaneState, task: LaneTask): Running {
  assert(lane.running === null, "a lane was given two tasks at once");
  lane.thread ??= startThread(lane.entry, lane.settings, {
    receive: (message) => receive(lane, message),
    lose: (exitCode, message) => lose(lane, exitCode, message),
  });
  const taskId = (lane.lastTaskId % TASK_ID_MAX) + 1;
  const { name, input, onProgress } = task;
  // Throws when the input cannot be copied; nothing has changed by then.
  lane.thread.post({ kind: "start", taskId, name, input, wantsProgress: onProgress !== null });
  lane.thread.hold(true);
  stopTimer(lane.idleTimer);
  const { promise: ended, resolve: settle } = Promise.withResolvers<TaskReply>();
  lane.lastTaskId = taskId;
  lane.running = { taskId, task, settle, ended, graceTimer: null };
  return lane.running;
}

function receive(lane: LaneState, message: FromWorker): void {
  const { running } = lane;
  if (running === null || message.taskId !== running.taskId) return;
  if (message.kind === "progress") running.task.onProgress?.(message.progress);
  else finish(lane, message.reply);
}

function finish(lane: LaneState, reply: TaskReply): void {
  const { running } = lane;
  if (running === null) return;
  lane.running = null;
  stopTimer(running.graceTimer);
  lane.thread?.hold(false);
  lane.idleTimer = setTimeout(() => endThread(lane), lane.idleMs);
  // A process with nothing else to do ends without waiting for this.
  lane.idleTimer.unref();
  running.settle(reply);
}

/** Asks a task to stop and ends its thread when it does not: it may sit in a read from a mount that hangs. */
function cancel(lane: LaneState, taskId: number, graceMs: number): void {
  const { running } = lane;
  if (running === null || running.taskId !== taskId) return;
  lane.thread?.cancel(taskId);
  stopTimer(running.graceTimer);
  running.graceTimer = setTimeout(() => {
    endThread(lane);
    finish(lane, { kind: "cancelled" });
  }, graceMs);
}

function endThread(lane: LaneState): void {
  stopTimer(lane.idleTimer);
  lane.thread?.end();
  lane.thread = null;
}

function stopTimer(timer: ReturnType<typeof setTimeout> | null): void {
  if (timer !== null) clearTimeout(timer);
}

function lose(lane: LaneState, exitCode: number, message: string | null): void {
  lane.thread = null;
  const loss = { exitCode, message, taskName: lane.running?.task.name ?? null };
  lane.onLoss(loss);
  finish(lane, { kind: "failed", failure: toFailure(crashError(loss)) });
}

function crashError({ exitCode, message }: WorkerLoss): AppError {
  return new AppError("internal", "COMPUTE_CRASHED", {
    message: "The worker that ran this task died",
    cause: `worker ended with code ${exitCode}: ${message ?? "it gave no reason"}`,
  });
}
