import type * as v from "valibot";
import type { Context } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import type { TaskGroup, TaskStats, TaskType } from "./contract.ts";

/** What one run is given. */
export interface TaskCall<I> {
  readonly input: I;
  /** Stores how far it is. */
  report(stats: TaskStats): Promise<void>;
}

/** One row of the table of tasks. */
export interface TaskDefinition<I = never> {
  readonly name: string;
  readonly group: TaskGroup;
  readonly type: TaskType;
  readonly title: string;
  describe(facts: Facts): string;
  isEnabled(facts: Facts): boolean;
  /** The pattern of its schedule, also while it is off; null without one. */
  findCron(facts: Facts): string | null;
  readonly input: v.GenericSchema<unknown, I>;
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
