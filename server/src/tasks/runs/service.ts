import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { type TaskRun, TaskRunSchema } from "../contract.ts";
import { RUNS_KEPT_MAX } from "../limits.ts";
import { isEnded, orderRuns } from "../rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

const INDEX_KEY = "task-runs";
const keyOf = (runId: string) => `task-run:${runId}`;

/** Stores a run as it is now; it is forgotten when nothing is heard of it for the life of results. */
export async function storeRun({ ports, facts }: Scene, run: TaskRun): Promise<void> {
  const ttlMs = facts.tasks.resultTtlMs;
  await ports.kv.set(keyOf(run.id), JSON.stringify(run), { ttlMs });
  await ports.kv.addMembers(INDEX_KEY, [run.id], { ttlMs });
}

/** Forgets a run. */
export async function removeRun({ ports }: Scene, runId: string): Promise<void> {
  await ports.kv.remove([keyOf(runId)]);
  await ports.kv.removeMembers(INDEX_KEY, [runId]);
}

/** One run; null when it is not known any more. */
export async function findRun({ ports }: Scene, runId: string): Promise<TaskRun | null> {
  const text = await ports.kv.get(keyOf(runId));
  return text === null ? null : parseRun(text);
}

/** What another version of us has stored may read otherwise, and is then as good as forgotten. */
function parseRun(text: string): TaskRun | null {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), TaskRunSchema), text);
  return result.success ? result.output : null;
}

/** All runs that are known, newest first. */
export async function listRuns(ctx: Scene): Promise<readonly TaskRun[]> {
  const ids = await ctx.ports.kv.members(INDEX_KEY);
  const runs = await Promise.all(ids.map((id) => findRun(ctx, id)));
  const gone = ids.filter((_, index) => runs[index] === null);
  await ctx.ports.kv.removeMembers(INDEX_KEY, gone);
  return orderRuns(runs.filter((run) => run !== null));
}

/**
 * Makes room for another run.
 * @returns False when as many as are kept have not ended yet.
 */
export async function makeRoom(ctx: Scene): Promise<boolean> {
  const runs = await listRuns(ctx);
  const surplus = runs.length - RUNS_KEPT_MAX + 1;
  if (surplus <= 0) return true;
  const oldest = runs.filter(isEnded).slice(-surplus);
  for (const run of oldest) await removeRun(ctx, run.id);
  return oldest.length === surplus;
}
