import type { ErrorCode } from "../../base/error-codes.data.ts";
import type { Kind } from "../../base/errors.ts";
import type { ComputeSettings } from "./settings.ts";

/** An expected failure as plain data; classes do not survive the way between threads. */
export interface Failure {
  readonly kind: Kind;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: unknown;
  readonly retryAfterMs: number | null;
  /** The private cause as text, for the log. */
  readonly cause: string | null;
}

/** From the pool to a worker: first the cancel word, then tasks one at a time. */
export type ToWorker =
  | {
      readonly kind: "init";
      /** One Int32: the id of the task that must stop. Shared memory, since a busy worker reads no messages. */
      readonly cancelWord: SharedArrayBuffer;
      readonly settings: ComputeSettings;
    }
  | {
      readonly kind: "start";
      /** From 1 upwards; 0 in the cancel word means none. */
      readonly taskId: number;
      readonly name: string;
      readonly input: unknown;
      readonly wantsProgress: boolean;
    };

/** How a task ended. */
export type TaskReply =
  | { readonly kind: "done"; readonly output: unknown }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "cancelled" };

/** From a worker to the pool; exactly one reply per started task. */
export type FromWorker =
  | { readonly kind: "progress"; readonly taskId: number; readonly progress: unknown }
  | { readonly kind: "reply"; readonly taskId: number; readonly reply: TaskReply };
