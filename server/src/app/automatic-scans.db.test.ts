// Scans that nobody asked for, in a process as a server composes it.
import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase } from "@multitap/db/testing";
import { createLog } from "../ports/log/pino.ts";
import { SCHEDULE_QUEUE } from "../scan/schedule/service.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import { readConfig } from "./config.ts";
import { createLifecycle } from "./lifecycle.ts";
import { openServerParts } from "./server-parts.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const DELAY_MS = 200;

/** Opens the parts of a server with an environment, with a delay that a test can wait for. */
async function open(environment: Readonly<Record<string, string>>, withAutomaticScans = true) {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-automatic-"));
  closers.push(() => rm(basePath, { recursive: true }));
  const database = await createTestDatabase();
  closers.push(() => database.drop());
  await prepareBaseFolder(basePath);
  const nes = join(basePath, "library", "roms", "nes");
  await mkdir(nes, { recursive: true });
  const DATABASE_URL = formatTarget(database.target);
  const config = readConfig({ ...environment, DATABASE_URL }, { defaultBasePath: basePath });
  const watching = config.watching && { ...config.watching, delayMs: DELAY_MS };
  const parts = await openServerParts(
    { ...config, basePath, watching },
    {
      log: createLog({ level: "error", format: "text" }),
      lifecycle: createLifecycle(),
      onFailed: () => undefined,
      withWorker: true,
      withAutomaticScans,
    },
  );
  closers.push(() => parts.close(500));
  const { sql } = database.handle;
  return {
    put: (name: string) => writeFile(join(nes, name), name),
    names: async () =>
      (await sql`select fs_name from roms order by fs_name`).map((row) => String(row.fs_name)),
    schedules: async () =>
      (await sql`select cron from pgboss.schedule where name = ${SCHEDULE_QUEUE}`).map((row) =>
        String(row.cron),
      ),
    isWatched: async () => (await parts.ports.kv.get("scan:watching")) !== null,
  };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!(await isTrue()) && performance.now() < deadline) await Bun.sleep(20);
}

describe("a server with a worker", () => {
  test("finds a rom by itself when it watches the library", async () => {
    const server = await open({ ENABLE_RESCAN_ON_FILESYSTEM_CHANGE: "true" });
    await until(server.isWatched);
    await Bun.sleep(100);
    await server.put("new.nes");
    await until(async () => (await server.names()).length > 0);
    expect(await server.names()).toEqual(["new.nes"]);
  }, 15_000);

  test("neither watches nor scans at set times unless told", async () => {
    const server = await open({});
    expect([await server.schedules(), await server.isWatched()]).toEqual([[], false]);
  }, 15_000);

  test("leaves both out when it is opened for one command", async () => {
    const both = { ENABLE_SCHEDULED_RESCAN: "true", ENABLE_RESCAN_ON_FILESYSTEM_CHANGE: "true" };
    const server = await open(both, false);
    expect([await server.schedules(), await server.isWatched()]).toEqual([[], false]);
  }, 15_000);

  test("sets its schedule", async () => {
    const server = await open({ ENABLE_SCHEDULED_RESCAN: "true", SCHEDULED_RESCAN_CRON: "15 4 * * 1" });
    expect(await server.schedules()).toEqual(["15 4 * * 1"]);
  }, 15_000);
});
