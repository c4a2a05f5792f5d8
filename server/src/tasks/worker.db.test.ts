// Tasks that the clock starts, and tasks that are interrupted.
import { afterEach, expect, test } from "bun:test";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createPgListener } from "../ports/kv/pg-listener.ts";
import { createPgBossQueue } from "../ports/queue/pg-boss.ts";
import type { Job, Queue } from "../ports/queue/port.ts";
import type { TaskRun } from "./contract.ts";
import { TASKS } from "./index.ts";
import { listRuns } from "./runs/service.ts";
import { listTasks, runTask } from "./service.ts";
import { queueTask } from "./start.ts";
import { scheduleTasks, startTaskWorker } from "./worker.ts";

const SLOW_MS = 40_000;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await createTestApp(options);
  closers.push(() => app.close());
  return app;
}

const listSchedules = async ({ database }: TestApp) => {
  const rows = await database.handle.sql`select name, cron, timezone from pgboss.schedule order by name`;
  return rows.map((row) => [row.name, row.cron, row.timezone]);
};

async function until<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await Bun.sleep(50);
  }
  return undefined;
}

test(
  "a schedule that is off is taken away again",
  async () => {
    const on = await open({
      environment: {
        ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: "true",
        SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: "1 2 * * *",
        TZ: "Europe/Berlin",
      },
    });
    await scheduleTasks(on.ports, { createContext: on.createContext });
    const orphans = ["scheduled-cleanup_orphaned_resources", "1 2 * * *", "Europe/Berlin"];
    const before = await listSchedules(on);
    expect(before).toContainEqual(orphans);
    expect(before).toContainEqual(["scheduled-cleanup_zip_cache", "0 4 * * *", "Europe/Berlin"]);
    expect(before).toContainEqual(["scheduled-cleanup_upload_tmp", "0 * * * *", "Europe/Berlin"]);
    const off = await open({ database: on.database, environment: { TZ: "Europe/Berlin" } });
    await scheduleTasks(off.ports, { createContext: off.createContext });
    expect(await listSchedules(on)).toEqual(before.filter(([name]) => name !== orphans[0]));
  },
  SLOW_MS,
);

test(
  "a schedule starts a run that is seen like any other",
  async () => {
    const app = await open({
      environment: {
        ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: "1",
        SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: "* * * * *",
      },
    });
    // A queue that looks at its schedules every second.
    const { handle } = app.database;
    const report = () => undefined;
    const listener = createPgListener(handle.sql, report);
    const spans = { pollMs: 500, cronCheckMs: 1_000, cronForwardMs: 1_000 };
    const queue = await createPgBossQueue(handle, { listener, report, ...spans });
    closers.push(async () => {
      await queue.stop({ drainMs: 0 });
      await listener.close();
    });
    const createContext = () => ({ ...app.createContext(), ports: { ...app.ports, queue } });
    await startTaskWorker({ ...app.ports, queue }, { createContext });
    await scheduleTasks({ ...app.ports, queue }, { createContext });
    const run = await until(async () =>
      (await listRuns(app.createContext())).find(({ status }) => status === "finished"),
    );
    expect(run?.title).toBe("Cleanup orphaned resources");
  },
  SLOW_MS,
);

test(
  "housekeeping that is not listed runs at the start, and nobody hears of it",
  async () => {
    const app = await open();
    const left = join(app.facts.tempPath, "received", "left.received");
    await mkdir(join(left, ".."), { recursive: true });
    await writeFile(left, "x");
    const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
    await utimes(left, twoDaysAgo, twoDaysAgo);
    await scheduleTasks(app.ports, { createContext: app.createContext });
    const isGone = await until(async () =>
      (await readdir(join(left, ".."))).length === 0 ? true : undefined,
    );
    expect(isGone).toBe(true);
    expect(await listRuns(app.createContext())).toEqual([]);
    const names = (await listTasks.run(app.createContext(), {})).map(({ name }) => name);
    expect(names).not.toContain("cleanup_upload_tmp");
  },
  SLOW_MS,
);

test(
  "the cleanup of kept archives asks whoever keeps them",
  async () => {
    const app = await open();
    const { createContext } = app;
    const sweeps: string[] = [];
    const housekeeping = { sweepZips: async () => void sweeps.push("swept") };
    const worker = await startTaskWorker(app.ports, { createContext, housekeeping });
    closers.push(async () => worker.stop());
    const task = TASKS.find(({ name }) => name === "cleanup_zip_cache");
    if (task === undefined) throw new RangeError("no such task");
    await queueTask(createContext(), task, {});
    const run = await until(async () =>
      (await listRuns(createContext())).find(({ status }) => status === "finished"),
    );
    expect([run?.title, sweeps]).toEqual(["Scheduled ZIP cache cleanup", ["swept"]]);
  },
  SLOW_MS,
);

test(
  "a run that is interrupted goes on in the next process",
  async () => {
    const disk = createDiskFiles();
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const environment = { ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: "true" };
    const first = await open({
      environment,
      files: {
        ...disk,
        async remove(path, options) {
          reached.resolve();
          await gate.promise;
          return await disk.remove(path, options);
        },
      },
    });
    const resources = join(first.facts.resourcesPath, "roms");
    for (const id of ["101", "102", "103"]) await mkdir(join(resources, id, "1"), { recursive: true });
    await first.database.handle.sql`
      insert into platforms (slug, fs_slug, name, name_sort_key) values ('gba', 'gba', 'gba', 'gba')`;
    const interrupted = Promise.withResolvers<void>();
    const work: Queue["work"] = (name, options, handler) =>
      first.ports.queue.work(name, options, (job: Job<never>) => {
        job.signal.addEventListener("abort", () => interrupted.resolve());
        return handler(job);
      });
    const ports = { ...first.ports, queue: { ...first.ports.queue, work } };
    await startTaskWorker(ports, { createContext: first.createContext });
    const { id } = await runTask.run(first.createContext(), { name: "cleanup_orphaned_resources" });
    await reached.promise;
    const stopped = first.ports.queue.stop({ drainMs: 0 });
    await interrupted.promise;
    gate.resolve();
    await stopped;
    expect((await readdir(resources)).length).toBeGreaterThan(0);

    const second = await open({ database: first.database, environment });
    const facts = { ...second.facts, resourcesPath: first.facts.resourcesPath };
    await startTaskWorker(second.ports, { createContext: () => ({ ...second.createContext(), facts }) });
    const ended = await until(
      async (): Promise<TaskRun | undefined> =>
        (await listRuns(second.createContext())).find((run) => run.id === id && run.status === "finished"),
    );
    expect(ended?.status).toBe("finished");
    expect(await readdir(resources)).toEqual([]);
  },
  SLOW_MS,
);
