import type * as v from "valibot";
import type { Context } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import type { TaskGroup, TaskStats, TaskType } from "./contract.ts";

/** What one run is given. */
export interface TaskCall<I> {
  readonly input: I;
  /** Stores how far it is. */
  report(stats: TaskStats): Promise<void>;
  readonly housekeeping: Housekeeping;
}

/** Work on what other parts of this process keep, which tasks start at their time. */
export interface Housekeeping {
  /** Removes download archives that lay ready for too long. */
  sweepZips(): Promise<void>;
}

/** One row of the table of tasks. */
export interface TaskDefinition<I = never> {
  readonly name: string;
  readonly group: TaskGroup;
  readonly type: TaskType;
  /** False keeps it and its runs out of every list: housekeeping of which nobody needs to know. Listed unless said. */
  readonly isListed?: boolean | undefined;
  readonly title: string;
  describe(facts: Facts): string;
  isEnabled(facts: Facts): boolean;
  /** The pattern of its schedule, also while it is off; null without one. */
  findCron(facts: Facts): string | null;
  readonly input: v.GenericSchema<unknown, I>;
  /** True: only the clock starts it. */
  readonly isClockOnly?: boolean | undefined;
  /**
   * Does the work; may be called again at any moment for what is left. `ctx.signal` is aborted when it has to
   * stop, and it then throws. Null: it is started elsewhere and cannot be run by hand.
   */
  readonly run: ((ctx: Context, call: TaskCall<I>) => Promise<void>) | null;
}

/** Any row. */
export type AnyTask = TaskDefinition<unknown>;

/** Makes a row whose input the table need not know: it is checked right before the run. */
export function defineTask<I>(definition: TaskDefinition<I>): AnyTask {
  return definition as unknown as AnyTask;
}
