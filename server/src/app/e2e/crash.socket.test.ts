import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@multitap/client";
import {
  copyBase,
  createDice,
  endScenes,
  KILLS,
  openClient,
  type Prepared,
  prepareBase,
  readLibrary,
  SLACK,
  waitForScan,
} from "./scene.testing.ts";
import {
  endServers,
  findPostmaster,
  findStatus,
  listDatabaseProcesses,
  type RunningServer,
  SceneError,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 600_000;
const RESTART_BUDGET_MS = 3_000;
const BACK_MAX_MS = 20_000;
/** Files that take a moment to hash, so that there is a middle of the scan to hit. */
const SIZES = { least: 16_384, most: 65_536 };
/** Kills that came too late to interrupt anything are repeated, up to so many in all per wanted one. */
const TRIES_PER_KILL = 5;

const dice = createDice();
console.log(`crash tests: MULTITAP_E2E_SEED=${dice.seed}`);

let prepared: Prepared;
let scanMs: number;

beforeAll(async () => {
  prepared = await prepareBase("crash", { sizeBytes: SIZES });
  const server = await startServer({ basePath: copyBase(prepared, "undisturbed") });
  const client = openClient(server, prepared.token);
  const scan = await waitForScan(client, (await client.scan.start()).id);
  scanMs = Date.parse(scan.finishedAt ?? "") - Date.parse(scan.createdAt);
  await expectWhole(client);
  await client.close();
  await server.stop();
}, TEST_MAX_MS);
afterEach(endServers);
afterAll(endScenes);

/** The library is what it would be had nothing happened. */
async function expectWhole(client: Client): Promise<void> {
  const known = await readLibrary(client);
  expect(known.files).toEqual(prepared.expected);
  expect(new Set(known.romIds.values()).size).toBe(prepared.expected.length);
  expect(new Set(known.fileIds).size).toBe(prepared.expected.length);
}

/** Runs an experiment until it hit the middle of a scan as often as wanted. */
async function repeat(experiment: (delayMs: number) => Promise<boolean>): Promise<void> {
  let hits = 0;
  for (let tries = 0; hits < KILLS && tries < KILLS * TRIES_PER_KILL; tries += 1) {
    if (await experiment(dice.next() * scanMs)) hits += 1;
  }
  expect(hits).toBe(KILLS);
}

describe("kill -9 of the server in the middle of a scan", () => {
  test(
    "loses nothing: the next start takes a moment, and the scan goes on by itself",
    async () => {
      await repeat(async (delayMs) => {
        const basePath = copyBase(prepared, "killed");
        const server = await startServer({ basePath });
        const client = openClient(server, prepared.token);
        const { id } = await client.scan.start();
        await Bun.sleep(delayMs);
        server.signal("SIGKILL");
        await server.ended;
        await client.close();
        const killedAtMs = Date.now();

        const next = await startServer({ basePath });
        const nextClient = openClient(next, prepared.token);
        const scan = await waitForScan(nextClient, id);
        expect(scan).toMatchObject({ status: "done", errorMessage: null });
        const wasHit = Date.parse(scan.finishedAt ?? "") > killedAtMs;
        const resumedMs = Date.parse(scan.finishedAt ?? "") - killedAtMs;
        report("server", { delayMs, startMs: next.startedMs, resumedMs }, wasHit);
        expect(next.startedMs).toBeLessThan(RESTART_BUDGET_MS * SLACK);
        await expectWhole(nextClient);
        await nextClient.close();
        expect(await next.stop()).toMatchObject({ exitCode: 0 });
        return wasHit;
      });
    },
    TEST_MAX_MS,
  );
});

/** What a lack of memory may end: the whole of PostgreSQL, or one connection, whose fellows then end too. */
const victims = {
  "the server": (server: RunningServer) => findPostmaster(server.basePath),
  "a connection": (server: RunningServer) => {
    const all = listDatabaseProcesses(server.basePath);
    return all.findLast((pid) => pid !== findPostmaster(server.basePath)) ?? null;
  },
} as const;

describe("kill -9 in PostgreSQL in the middle of a scan", () => {
  test.each(Object.entries(victims))(
    "of %s is answered with 503 until it is back, and the scan waits for it and ends",
    async (name, findVictim) => {
      const statuses = new Set<number | null>();
      await repeat(async (delayMs) => {
        const server = await startServer({ basePath: copyBase(prepared, "database") });
        const client = openClient(server, prepared.token);
        const watch = watchStatuses(server, statuses);
        const { id } = await client.scan.start();
        await Bun.sleep(delayMs);
        const killedAtMs = Date.now();
        killProcess(findVictim(server));
        // On a busy machine it may be back before it was missed.
        await waitFor(async () => (await watch.ask()) !== 200, 1_000, 0);
        expect(await waitFor(async () => (await watch.ask()) === 200, BACK_MAX_MS)).toBe(true);
        const awayMs = Date.now() - killedAtMs;
        const scan = await waitForScan(client, id);
        expect(scan).toMatchObject({ status: "done", errorMessage: null });
        const wasHit = Date.parse(scan.finishedAt ?? "") > killedAtMs;
        const resumedMs = Date.parse(scan.finishedAt ?? "") - killedAtMs;
        report(`${name} of PostgreSQL`, { delayMs, awayMs, resumedMs }, wasHit);
        await watch.stop();
        await expectWhole(client);
        await client.close();
        expect(await server.stop()).toMatchObject({ exitCode: 0 });
        expect(listDatabaseProcesses(server.basePath)).toEqual([]);
        return wasHit;
      });
      expect([...statuses].sort()).toEqual([200, 503]);
    },
    TEST_MAX_MS,
  );
});

function killProcess(pid: number | null): void {
  if (pid === null) throw new SceneError("there is no such process");
  process.kill(pid, "SIGKILL");
}

/** Asks for something that needs the database, one question after the other, and collects how it is answered. */
function watchStatuses(server: RunningServer, statuses: Set<number | null>) {
  const headers = { authorization: `Bearer ${prepared.token}` };
  let isStopped = false;
  const ask = async () => {
    // No two questions are the same: an answer that is kept would need no database.
    const status = await findStatus(`${server.url}/api/roms?limit=1&offset=${asked++}`, headers);
    statuses.add(status);
    return status;
  };
  let asked = 0;
  const asking = (async () => {
    while (!isStopped) await ask();
  })();
  return {
    ask,
    async stop() {
      isStopped = true;
      await asking;
    },
  };
}

function report(what: string, figures: Record<string, number>, wasHit: boolean): void {
  const texts = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value)}`);
  console.log(`${what} killed: ${texts.join(", ")}${wasHit ? "" : " (after the scan)"}`);
}
