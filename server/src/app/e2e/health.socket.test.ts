import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { copyBase, endScenes, IS_HEAVY, type Prepared, prepareBase } from "./scene.testing.ts";
import {
  endServers,
  findStatus,
  killPostmaster,
  listDatabaseProcesses,
  type RunningServer,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const BACK_MAX_MS = 30_000;

let prepared: Prepared;

beforeAll(async () => {
  prepared = await prepareBase("health", { files: 10 });
}, TEST_MAX_MS);
afterEach(endServers);
afterAll(endScenes);

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

async function ask(server: RunningServer, path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${prepared.token}` };
  const response = await fetch(`${server.url}${path}`, { headers, keepalive: false });
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: await response.json(),
  };
}

const isReady = (server: RunningServer) => async () => (await ask(server, "/health/ready")).status === 200;

/** Kills PostgreSQL and hides a file without which it does not start; returns how to put that back. */
async function breakDatabase(server: RunningServer): Promise<() => void> {
  const path = join(server.basePath, "postgres", "18", "PG_VERSION");
  renameSync(path, `${path}.hidden`);
  killPostmaster(server.basePath);
  expect(await waitFor(async () => !(await isReady(server)()), BACK_MAX_MS)).toBe(true);
  return () => renameSync(`${path}.hidden`, path);
}

describe("while PostgreSQL is down", () => {
  test(
    "we are alive and say what is missing; every door answers 503 and when to come back, until it is there again",
    async () => {
      const server = await startServer({ basePath: copyBase(prepared, "down") });
      const repair = await breakDatabase(server);
      const ready = await ask(server, "/health/ready");
      expect(ready.status).toBe(503);
      expect(JSON.stringify(ready.body)).toContain("database");
      expect(await ask(server, "/health/live")).toMatchObject({ status: 200 });
      for (const path of ["/api/heartbeat", "/api/platforms", "/trpc/scan.list"]) {
        const answer = await ask(server, path);
        expect([path, answer.status]).toEqual([path, 503]);
        expect(Number(answer.retryAfter)).toBeGreaterThan(0);
      }
      repair();
      expect(await waitFor(isReady(server), BACK_MAX_MS)).toBe(true);
      expect(await findStatus(`${server.url}/api/heartbeat`)).toBe(200);
      expect(await ask(server, "/api/platforms")).toMatchObject({ status: 200, body: [] });
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "a signal ends us in order",
    async () => {
      const server = await startServer({ basePath: copyBase(prepared, "down-stop") });
      const repair = await breakDatabase(server);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
      repair();
      const next = await startServer({ basePath: server.basePath });
      expect(await next.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test.skipIf(!IS_HEAVY)(
    "and stays so, we give up with exit code 1 (needs MULTITAP_E2E_FILES=5000)",
    async () => {
      const server = await startServer({ basePath: copyBase(prepared, "lost") });
      await breakDatabase(server);
      expect(await server.ended).toMatchObject({ exitCode: 1 });
      expect(listDatabaseProcesses(server.basePath)).toEqual([]);
    },
    TEST_MAX_MS,
  );
});

describe("while PostgreSQL does not answer", () => {
  test(
    "we are alive and not ready, and say which parts do not answer",
    async () => {
      const server = await startServer({ basePath: copyBase(prepared, "stuck") });
      const processes = listDatabaseProcesses(server.basePath);
      for (const pid of processes) process.kill(pid, "SIGSTOP");
      const ready = await ask(server, "/health/ready");
      expect(ready.status).toBe(503);
      expect(ready.body).toMatchObject({ failing: [{ name: "database" }, { name: "kv" }] });
      expect(await ask(server, "/health/live")).toMatchObject({ status: 200 });
      for (const pid of processes) process.kill(pid, "SIGCONT");
      expect(await waitFor(isReady(server), BACK_MAX_MS)).toBe(true);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
