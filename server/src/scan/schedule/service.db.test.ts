import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { isAppError } from "../../base/errors.ts";
import { createPgListener } from "../../ports/kv/pg-listener.ts";
import { createPgBossQueue } from "../../ports/queue/pg-boss.ts";
import type { QueueScanInput } from "../watching/contract.ts";
import { type ScanSchedule, scheduleScans } from "./service.ts";

const NIGHTLY: ScanSchedule = { cron: "0 3 * * *", timeZone: "Europe/Berlin" };
const EACH_MINUTE: ScanSchedule = { cron: "* * * * *", timeZone: "UTC" };

describe("scheduleScans", () => {
  let app: TestApp;
  let queued: QueueScanInput[];
  let closers: (() => Promise<void>)[];

  beforeEach(async () => {
    app = await createTestApp();
    queued = [];
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers) await close();
    await app.close();
  });

  /** A process whose queue looks at its schedules every second. */
  const openProcess = async () => {
    const { handle } = app.database;
    const report = () => undefined;
    const listener = createPgListener(handle.sql, report);
    const spans = { pollMs: 500, cronCheckMs: 1_000, cronForwardMs: 1_000 };
    const queue = await createPgBossQueue(handle, { listener, report, ...spans });
    closers.push(async () => {
      await queue.stop({ drainMs: 0 });
      await listener.close();
    });
    return { ...app.ports, queue };
  };
  const options = () => ({
    createContext: () => app.createContext(),
    queueScan: async (_ctx: unknown, input: QueueScanInput) => {
      queued.push(input);
      return { scanId: 1, isNew: true };
    },
  });
  const schedules = async () => {
    const { sql } = app.database.handle;
    const rows = await sql`select name, cron, timezone from pgboss.schedule`;
    return rows.map((row) => [row.name, row.cron, row.timezone]);
  };

  test("queues a quick scan of everything, once however many processes run", async () => {
    const [first, second] = [await openProcess(), await openProcess()];
    await scheduleScans(first, EACH_MINUTE, options());
    await scheduleScans(second, EACH_MINUTE, options());
    const deadline = performance.now() + 8_000;
    while (queued.length === 0 && performance.now() < deadline) await Bun.sleep(20);
    expect(queued[0]).toEqual({ type: "quick", platformFsSlugs: [], origin: "schedule" });
    // One more only when the minute has just turned.
    await Bun.sleep(1_100);
    expect(queued.length).toBeLessThanOrEqual(2);
  }, 15_000);

  test("keeps one schedule, with its time zone, and takes it away when it is turned off", async () => {
    await scheduleScans(app.ports, EACH_MINUTE, options());
    await scheduleScans(app.ports, NIGHTLY, options());
    expect(await schedules()).toEqual([["scheduled-scan", "0 3 * * *", "Europe/Berlin"]]);
    await scheduleScans(app.ports, null, options());
    await scheduleScans(app.ports, null, options());
    expect(await schedules()).toEqual([]);
  });

  test("refuses a pattern that the queue cannot read", async () => {
    const bad = { cron: "0 3 LW * *", timeZone: "UTC" };
    const failure: unknown = await scheduleScans(app.ports, bad, options()).catch((error: unknown) => error);
    expect(isAppError(failure) && failure.code).toBe("QUEUE_SCHEDULE_INVALID");
  });
});
