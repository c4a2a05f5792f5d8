import { randomUUID } from "node:crypto";
import type { DatabaseHandle } from "@multitap/db";
import { sql as drizzleSql } from "drizzle-orm";
import { fromDrizzle, PgBoss, type QueueOptions, type SendOptions } from "pg-boss";
import { assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { findErrorCode } from "../../base/outage.ts";
import { toPgFailure } from "../kv/pg-failure.ts";
import type { PgListener } from "../kv/pg-listener.ts";
import type { ReportProblem } from "../kv/port.ts";
import { createJobStatements, type JobStatements } from "./job-statements.ts";
import * as limits from "./limits.ts";
import { createPgBossDatabase } from "./pg-boss-adapter.ts";
import type { EnqueueOptions, Job, Queue } from "./port.ts";
import { createRuns, type FetchedJob, type Runs } from "./runs.ts";

/** What the driver needs. Spans are those of `limits.ts` when absent. */
export interface PgBossQueueOptions {
  /** The one listening connection of the process; the caller closes it after the drivers that use it. */
  listener: PgListener;
  report: ReportProblem;
  /** Names to prepare at once; others are prepared when first used, which takes connections of the pool. */
  names?: readonly string[] | undefined;
  /** True when no other process can use this database: then every job left running is lost for sure. */
  isSoleProcess?: boolean | undefined;
  schema?: string | undefined;
  leaseMs?: number | undefined;
  pollMs?: number | undefined;
  retryDelayMs?: number | undefined;
  fullPauseMs?: number | undefined;
  cronCheckMs?: number | undefined;
  cronForwardMs?: number | undefined;
}

interface Parts {
  readonly boss: PgBoss;
  readonly runs: Runs;
  readonly statements: JobStatements;
  readonly options: PgBossQueueOptions;
  readonly leaseMs: number;
  /** Prepared names, by the promise of it. */
  readonly queues: Map<string, Promise<void>>;
  readonly workerIds: Map<string, string[]>;
  isStopped: boolean;
}

const MS_PER_SECOND = 1_000;
const toSeconds = (spanMs: number) => Math.max(1, Math.round(spanMs / MS_PER_SECOND));

/** The singleton key of scheduled jobs: a slow one is not overtaken by the next. */
const SCHEDULE_KEY = "schedule";

/**
 * Opens the queue port on pg-boss 12.35.0 in our own PostgreSQL, creating its schema where it is missing.
 * Takes connections of the pool for moments only; PostgreSQL announces new jobs over the shared listener.
 */
export async function createPgBossQueue(
  handle: Pick<DatabaseHandle, "sql">,
  options: PgBossQueueOptions,
): Promise<Queue> {
  const { report, schema = limits.QUEUE_SCHEMA, leaseMs = limits.QUEUE_LEASE_MS } = options;
  const boss = createBoss(handle, options);
  const statements = createJobStatements(handle.sql, schema);
  const fullPauseMs = options.fullPauseMs ?? limits.QUEUE_FULL_PAUSE_MS;
  const runs = createRuns({ boss, statements, fullPauseMs, report });
  const parts: Parts = {
    boss,
    runs,
    statements,
    options,
    leaseMs,
    queues: new Map(),
    workerIds: new Map(),
    isStopped: false,
  };
  await guard(parts, async () => {
    await boss.start();
    await statements.prepare();
    if (options.isSoleProcess) await reclaimLost(parts, 0);
    for (const name of options.names ?? []) await prepareName(parts, name);
  });
  const reclaimTimer = startReclaiming(parts);
  let stopping: Promise<void> | null = null;
  return {
    enqueue: (name, data, enqueueOptions = {}) =>
      guard(parts, () => enqueue(parts, { name, data, ...enqueueOptions })),
    work: (name, { concurrency }, handler) =>
      guard(parts, () =>
        startWorkers(parts, { name, concurrency, handler: handler as (job: Job<never>) => Promise<void> }),
      ),
    schedule: (name, cron, { timeZone, data } = {}) =>
      guard(parts, () => schedule(parts, { name, cron, timeZone, data })),
    unschedule: (name) => guard(parts, () => boss.unschedule(name)),
    cancel: (id) => guard(parts, () => cancel(parts, id)),
    depths: () => guard(parts, () => statements.countJobs()),
    stop({ drainMs }) {
      clearInterval(reclaimTimer);
      stopping ??= stop(parts, drainMs);
      return stopping;
    },
  };
}

function createBoss(handle: Pick<DatabaseHandle, "sql">, options: PgBossQueueOptions): PgBoss {
  const { report, schema = limits.QUEUE_SCHEMA } = options;
  const boss = new PgBoss({
    db: createPgBossDatabase(handle.sql, options.listener),
    schema,
    useListenNotify: true,
    maintenanceIntervalSeconds: toSeconds(limits.QUEUE_MAINTENANCE_MS),
    cronMonitorIntervalSeconds: toSeconds(options.cronCheckMs ?? limits.QUEUE_CRON_CHECK_MS),
    cronWorkerIntervalSeconds: toSeconds(options.cronForwardMs ?? limits.QUEUE_CRON_FORWARD_MS),
    // Jobs that depend on each other are not used; this is the longest allowed pause between looks at them.
    flowIntervalSeconds: toSeconds(limits.QUEUE_MAINTENANCE_MS),
  });
  boss.on("error", (error) => report("the job queue met a failure", error));
  boss.on("warning", ({ message, data }) => report(`the job queue warns: ${message}`, data));
  return boss;
}

/** Refuses a stopped queue and gives the failures of one operation their names. */
async function guard<T>(parts: Parts, run: () => Promise<T>): Promise<T> {
  if (parts.isStopped) {
    throw new AppError("unavailable", "QUEUE_UNAVAILABLE", { message: "the job queue has stopped" });
  }
  try {
    return await run();
  } catch (error) {
    throw toPgFailure(error, "QUEUE_UNAVAILABLE");
  }
}

/** Creates the queue of a name, or brings the settings of an existing one up to date. */
function prepareName({ boss, queues, options }: Parts, name: string): Promise<void> {
  const known = queues.get(name);
  if (known !== undefined) return known;
  const retryDelayMs = options.retryDelayMs ?? limits.QUEUE_RETRY_DELAY_MS;
  const settings: QueueOptions & { notify: boolean } = {
    notify: true,
    retryLimit: limits.QUEUE_RETRY_MAX,
    retryDelay: Math.round(retryDelayMs / MS_PER_SECOND),
    retryBackoff: retryDelayMs > 0,
    ...(retryDelayMs > 0 && { retryDelayMax: toSeconds(limits.QUEUE_RETRY_DELAY_MS_MAX) }),
    expireInSeconds: toSeconds(limits.QUEUE_RUN_MS_MAX),
    retentionSeconds: toSeconds(limits.QUEUE_QUEUED_KEPT_MS),
    deleteAfterSeconds: toSeconds(limits.QUEUE_FINISHED_KEPT_MS),
    // Turns signs of life on. pg-boss's own reaction to missing ones counts the run as a failure, so it is
    // put off beyond any run; `reclaimLost` acts long before.
    heartbeatSeconds: toSeconds(limits.QUEUE_RUN_MS_MAX),
  };
  const prepare = async () => {
    // `exclusive`: one job per singleton key among those queued and running.
    await boss.createQueue(name, { ...settings, policy: "exclusive" });
    await boss.updateQueue(name, settings);
  };
  const preparing = prepare().catch((error: unknown) => {
    queues.delete(name);
    throw error;
  });
  queues.set(name, preparing);
  return preparing;
}

interface EnqueueInput extends EnqueueOptions {
  name: string;
  data: unknown;
}

async function enqueue(parts: Parts, input: EnqueueInput): Promise<string | null> {
  const { name, data, within, singletonKey, startAfterMs, retryMax, priority } = input;
  const payload = wrapData(data);
  await prepareName(parts, name);
  const id = randomUUID();
  const options: SendOptions = {
    id,
    // The queue allows one job per key, so a job without one gets a key of its own.
    singletonKey: singletonKey === undefined ? id : `key:${singletonKey}`,
    ...(startAfterMs !== undefined && { startAfter: startAfterMs / MS_PER_SECOND }),
    ...(retryMax !== undefined && { retryLimit: retryMax }),
    ...(priority !== undefined && { priority }),
    ...(within !== undefined && { db: fromDrizzle(within, drizzleSql) }),
  };
  return parts.boss.send(name, payload, options);
}

/** pg-boss takes objects only, so data of any shape travels inside one. */
function wrapData(data: unknown): { payload: unknown } {
  const payload = { payload: data };
  const sizeBytes = Buffer.byteLength(JSON.stringify(payload));
  assert(sizeBytes <= limits.QUEUE_DATA_BYTES_MAX, `job data has ${sizeBytes} bytes of JSON`);
  return payload;
}

interface WorkInput {
  name: string;
  concurrency: number;
  handler: (job: Job<never>) => Promise<void>;
}

async function startWorkers(parts: Parts, { name, concurrency, handler }: WorkInput): Promise<void> {
  const { boss, runs, workerIds, leaseMs, options } = parts;
  assert(
    Number.isInteger(concurrency) && concurrency > 0 && concurrency <= limits.QUEUE_CONCURRENCY_MAX,
    `queue concurrency out of range: ${concurrency}`,
  );
  await prepareName(parts, name);
  const ids = workerIds.get(name) ?? [];
  workerIds.set(name, ids);
  const settings = {
    batchSize: 1,
    pollingIntervalSeconds: limits.QUEUE_POLL_DEAF_MS / MS_PER_SECOND,
    notifyPollingIntervalSeconds: (options.pollMs ?? limits.QUEUE_POLL_MS) / MS_PER_SECOND,
    heartbeatRefreshSeconds: leaseMs / limits.QUEUE_BEATS_PER_LEASE / MS_PER_SECOND,
  };
  for (let worker = 0; worker < concurrency; worker += 1) {
    const own: { id: string | null } = { id: null };
    own.id = await boss.work<FetchedJob["data"]>(name, settings, async ([job]) => {
      assert(job !== undefined, "pg-boss handed out an empty batch");
      await runs.run(job, handler);
      // Where one job was, the next may be; without this the worker would sleep for a polling interval.
      if (own.id !== null) boss.notifyWorker(own.id);
    });
    ids.push(own.id);
  }
}

interface ScheduleInput {
  name: string;
  cron: string;
  timeZone: string | undefined;
  data: unknown;
}

async function schedule(parts: Parts, { name, cron, timeZone, data }: ScheduleInput): Promise<void> {
  const payload = wrapData(data);
  await prepareName(parts, name);
  const options = { singletonKey: SCHEDULE_KEY, tz: timeZone ?? "UTC" };
  try {
    await parts.boss.schedule(name, cron, payload, options);
  } catch (error) {
    const code = findErrorCode(error);
    if (code !== null && code !== "ERR_ASSERTION") throw error;
    const message = `cannot schedule ${name} at "${cron}" in time zone ${options.tz}`;
    throw new AppError("invalid", "QUEUE_SCHEDULE_INVALID", { message, cause: error });
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function cancel({ boss, runs, statements }: Parts, id: string): Promise<void> {
  if (!UUID.test(id)) return;
  const name = await statements.findName(id);
  if (name === null) return;
  await boss.cancel(name, id);
  runs.cancel(id);
}

/** Gives jobs whose worker is gone to other workers and wakes ours. */
async function reclaimLost(
  { boss, runs, statements, options, workerIds }: Parts,
  leaseMs: number,
): Promise<void> {
  const lossesMax = limits.QUEUE_LOSSES_MAX;
  const lost = await statements.reclaimLost({ leaseMs, exceptIds: runs.ids(), lossesMax });
  for (const { name, id, isGivenUp } of lost) {
    const outcome = isGivenUp ? `is given up after ${lossesMax} losses` : "is run again";
    options.report(`job ${name} ${id} lost its worker and ${outcome}`, null);
    for (const workerId of workerIds.get(name) ?? []) boss.notifyWorker(workerId);
  }
}

function startReclaiming(parts: Parts): Timer {
  const { leaseMs, options } = parts;
  let isRunning = false;
  let isFailing = false;
  const look = async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      await reclaimLost(parts, leaseMs);
      isFailing = false;
    } catch (error) {
      // While the database is away every look fails the same way; it is said once.
      if (!isFailing) options.report("cannot look for lost jobs", error);
      isFailing = true;
    } finally {
      isRunning = false;
    }
  };
  const timer = setInterval(() => void look(), leaseMs / limits.QUEUE_BEATS_PER_LEASE);
  timer.unref();
  return timer;
}

async function stop(parts: Parts, drainMs: number): Promise<void> {
  const { boss, runs, workerIds } = parts;
  parts.isStopped = true;
  runs.refuse();
  const names = [...workerIds.keys()];
  const drained = Promise.all(names.map((name) => boss.offWork(name, { wait: true })));
  if (!(await settlesWithin(drained, drainMs))) {
    runs.interrupt();
    if (!(await settlesWithin(drained, limits.QUEUE_ABORT_GRACE_MS))) await runs.handBackAll();
  }
  // Not graceful, because that polls for what has just been waited for.
  await boss.stop({ graceful: false, close: false });
}

async function settlesWithin(promise: Promise<unknown>, waitMs: number): Promise<boolean> {
  const timeout = Promise.withResolvers<false>();
  const timer = setTimeout(() => timeout.resolve(false), waitMs);
  const isSettled = await Promise.race([promise.then(() => true), timeout.promise]);
  clearTimeout(timer);
  return isSettled;
}
