import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@multitap/client";
import {
  copyBase,
  createAdmin,
  createDice,
  endScenes,
  KILLS,
  makeBase,
  makeFolder,
  openClient,
  type Prepared,
  prepareBase,
  readLibrary,
  runScan,
  waitForPhase,
  waitForScan,
} from "./scene.testing.ts";
import {
  endServers,
  findStatus,
  findUrl,
  listDatabaseProcesses,
  type RunningServer,
  STOP_PROMISE_MS,
  spawnServer,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 180_000;
/** A hole in a file takes no room, and many seconds to hash. */
const LONG_FILE_BYTES = 16 * 2 ** 30;
/** More than a socket takes before its reader has read. */
const DOWNLOAD_BYTES = 64 * 2 ** 20;
const LOOPS = 16;
const LOAD_PATHS = ["/api/platforms", "/api/roms?limit=72", "/api/heartbeat", "/api/roms?search_term=a"];
/** What a start on an existing cluster takes. */
const START_USUAL_MS = 800;

const dice = createDice();
console.log(`stop tests: MULTITAP_E2E_SEED=${dice.seed}`);

let prepared: Prepared;

beforeAll(async () => {
  prepared = await prepareBase("stop");
}, TEST_MAX_MS);
afterEach(endServers);
afterAll(endScenes);

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Stops a server and holds it to its promise. */
async function expectGoodStop(server: RunningServer, signal: NodeJS.Signals, what: string): Promise<void> {
  const ending = await server.stop(signal);
  console.log(`${signal} ${what}: ended after ${Math.round(ending.tookMs)} ms`);
  expect(ending).toMatchObject({ exitCode: 0, signal: null });
  expect(ending.tookMs).toBeLessThan(STOP_PROMISE_MS);
  expect(server.errors()).toBe("");
  expect(listDatabaseProcesses(server.basePath)).toEqual([]);
}

describe("a signal to stop", () => {
  test(
    "in the middle of a huge file is obeyed, and the next start goes on with it",
    async () => {
      const { basePath, library } = await makeBase("long", { files: 10, platforms: 1 });
      makeHole(join(library.platforms[0]?.romsPath ?? "", "Long.bin"), LONG_FILE_BYTES);
      const server = await startServer({ basePath });
      const token = await createAdmin(server.url);
      const client = openClient(server, token);
      const { id } = await client.scan.start();
      await waitForPhase(client, id, "hashing");
      await client.close();
      await expectGoodStop(server, "SIGTERM", "while hashing a huge file");

      const next = await startServer({ basePath });
      const nextClient = openClient(next, token);
      await waitForPhase(nextClient, id, "hashing");
      expect(await nextClient.scan.get(id)).toMatchObject({ status: "running", stats: { romsNew: 11 } });
      await nextClient.close();
      await expectGoodStop(next, "SIGINT", "while hashing it again");
    },
    TEST_MAX_MS,
  );

  test.each(SIGNALS)(
    "%s under load and in the middle of a scan is obeyed, and the next start ends the scan",
    async (signal) => {
      const basePath = copyBase(prepared, "load");
      const large = join(basePath, "library", "roms", "snes", "Large.sfc");
      makeHole(large, DOWNLOAD_BYTES);
      const server = await startServer({ basePath });
      const client = openClient(server, prepared.token);
      expect(await runScan(client, { platformFsSlugs: ["snes"] })).toMatchObject({ status: "done" });
      const stopLoad = await startLoad(server, client);
      const { id } = await client.scan.start();
      await Bun.sleep(100 + dice.next() * 300);
      await expectGoodStop(server, signal, "under load and while scanning");
      const answers = await stopLoad();
      expect(answers.get(200)).toBeGreaterThan(LOOPS);
      const statuses = new Set(answers.keys());
      statuses.delete(503);
      expect(statuses).toEqual(new Set([200, null]));
      await client.close();

      const next = await startServer({ basePath });
      const nextClient = openClient(next, prepared.token);
      expect(await waitForScan(nextClient, id)).toMatchObject({ status: "done", errorMessage: null });
      const { files } = await readLibrary(nextClient);
      expect(files.filter((file) => file.sizeBytes !== DOWNLOAD_BYTES)).toEqual([...prepared.expected]);
      await nextClient.close();
      await expectGoodStop(next, signal, "while idle");
    },
    TEST_MAX_MS,
  );

  test.each(SIGNALS)(
    "%s while the database is being made is obeyed, and the next start makes it",
    async (signal) => {
      const basePath = join(makeFolder("early"), "base");
      const server = spawnServer({ basePath });
      const isMaking = () => existsSync(join(basePath, "postgres", "18.new"));
      expect(await waitFor(isMaking, 20_000, 1)).toBe(true);
      const ending = await server.stop(signal);
      console.log(`${signal} while the database is being made: ended after ${Math.round(ending.tookMs)} ms`);
      expect(ending).toMatchObject({ exitCode: 0, signal: null });
      expect(ending.tookMs).toBeLessThan(STOP_PROMISE_MS);
      expect(server.errors()).toBe("");
      expect(listDatabaseProcesses(basePath)).toEqual([]);

      const next = await startServer({ basePath });
      await expectGoodStop(next, signal, "while idle");
    },
    TEST_MAX_MS,
  );

  test(
    "at any moment of a start is obeyed",
    async () => {
      const basePath = copyBase(prepared, "any");
      for (let round = 0; round < KILLS * 2; round += 1) {
        const server = spawnServer({ basePath });
        const delayMs = dice.next() * START_USUAL_MS;
        await Bun.sleep(delayMs);
        const moment = findUrl(server) === null ? "while it starts" : "as soon as it serves";
        const ending = await server.stop(round % 2 === 0 ? "SIGTERM" : "SIGINT");
        console.log(
          `stopped ${Math.round(delayMs)} ms after the start, ${moment}: ${Math.round(ending.tookMs)} ms`,
        );
        expect(ending.tookMs).toBeLessThan(STOP_PROMISE_MS);
        expect(server.errors()).toBe("");
        // Before its first statement a process has no handlers yet, and ends as every process does.
        expect([0, null]).toContain(ending.exitCode);
        if (ending.exitCode === null) expect(server.output()).toBe("");
        expect(listDatabaseProcesses(basePath)).toEqual([]);
      }
    },
    TEST_MAX_MS,
  );
});

function makeHole(path: string, sizeBytes: number): void {
  writeFileSync(path, "");
  truncateSync(path, sizeBytes);
}

/** How often each status was answered; null stands for no answer. */
type Answers = ReadonlyMap<number | null, number>;

/** Keeps a server busy in every way that a stop could stumble over. Returns how to end that. */
async function startLoad(server: RunningServer, client: Client): Promise<() => Promise<Answers>> {
  const headers = { authorization: `Bearer ${prepared.token}` };
  const ending = new AbortController();
  const { signal } = ending;
  const answers = new Map<number | null, number>();
  const ask = async (path: string) => {
    for (let status: number | null = 200; status !== null && !signal.aborted; ) {
      status = await findStatus(`${server.url}${path}`, headers);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  const loops = Array.from({ length: LOOPS }, (_, index) => ask(LOAD_PATHS[index % LOAD_PATHS.length] ?? ""));
  const closed = Promise.withResolvers<void>();
  client.events(["scan", "library"], { signal }).subscribe(
    () => undefined,
    () => closed.resolve(),
  );
  const large = await client.roms.find({ platformSlug: "snes", fsName: "Large.sfc" });
  const url = `${server.url}/api/roms/${large?.id}/content/Large.sfc`;
  const stalled = await Promise.all([1, 2].map(() => fetch(url, { headers })));
  for (const response of stalled) expect(response.status).toBe(200);
  return async () => {
    ending.abort();
    for (const response of stalled) await response.body?.cancel().catch(ignoreEnd);
    await Promise.all([...loops, closed.promise]);
    return answers;
  };
}

function ignoreEnd(error: unknown): void {
  // A download that the server's end cut short.
  expect(error).toBeInstanceOf(Error);
}
