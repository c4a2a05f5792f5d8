import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { createLog } from "../ports/log/pino.ts";
import { type Exposition, parseExposition } from "../system/metrics/exposition.testing.ts";
import { readConfig } from "./config.ts";
import { openMetrics } from "./metrics.ts";
import { type RunningServer, startServer } from "./start.ts";

const TOKEN = "a token of enough letters";
let database: TestDatabase;
let basePath = "";
let server: RunningServer;
beforeAll(async () => {
  database = await createTestDatabase();
  basePath = await mkdtemp(join(tmpdir(), "multitap-metrics-"));
  server = await startServer(
    readConfig(
      {
        ROMM_BASE_PATH: basePath,
        ROMM_HOST: "127.0.0.1",
        ROMM_PORT: "0",
        MULTITAP_RELAY_PORT: "0",
        DATABASE_URL: formatTarget(database.target),
        MULTITAP_METRICS_TOKEN: TOKEN,
        LOGLEVEL: "ERROR",
      },
      { defaultBasePath: basePath },
    ),
  );
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await database?.drop();
  await rm(basePath, { recursive: true, force: true });
}, 30_000);

const ask = (authorization?: string, init: RequestInit = {}) =>
  fetch(`${server.url}/metrics`, {
    ...init,
    headers: authorization === undefined ? {} : { authorization },
  });

async function scrape(): Promise<Exposition> {
  // Answers are given again for a second.
  const before = performance.now();
  while (performance.now() - before < 1_050) await Bun.sleep(50);
  return parseExposition(await (await ask(`Bearer ${TOKEN}`)).text());
}

describe("/metrics on the main port", () => {
  test.each([undefined, "Bearer wrong", "Basic YTpi", `Bearer ${TOKEN}x`])(
    "is closed to %p",
    async (proof) => {
      const response = await ask(proof);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain("multitap_");
    },
  );

  test("tells of requests by pattern, however many paths there are", async () => {
    for (let id = 1; id <= 30; id += 1) await fetch(`${server.url}/api/roms/${id}`);
    for (let at = 0; at < 30; at += 1) await fetch(`${server.url}/api/guess/${at}`);
    for (let at = 0; at < 30; at += 1) await fetch(`${server.url}/trpc/guess${at}`);
    for (let at = 0; at < 30; at += 1) await fetch(`${server.url}/page${at}`);
    await fetch(`${server.url}/api/heartbeat`);
    const { samples, types } = await scrape();
    const counted = samples.filter(({ name }) => name === "multitap_http_requests_total");
    const of = (route: string) => counted.filter(({ labels }) => labels.route === route);
    expect(of("/api/roms/{id}")).toEqual([
      {
        name: "multitap_http_requests_total",
        labels: { class: "rest", route: "/api/roms/{id}", method: "GET", status: "401" },
        value: 30,
      },
    ]);
    expect(of("/api/heartbeat")[0]?.labels).toMatchObject({ status: "200" });
    expect(counted.length).toBeLessThan(20);
    const bucket = samples.find(
      ({ name, labels }) =>
        name === "multitap_http_request_duration_seconds_bucket" &&
        labels.route === "/api/roms/{id}" &&
        labels.le === "+Inf",
    );
    expect(bucket?.value).toBe(30);
    expect(types.get("multitap_http_request_duration_seconds")).toBe("histogram");
  }, 30_000);

  test("tells of every part, and of the process", async () => {
    const { samples } = await scrape();
    const numberOf = (name: string, labels: Record<string, string> = {}) =>
      samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )?.value;
    const up = samples.filter(({ name }) => name === "multitap_source_up");
    expect(up.map(({ value }) => value)).toEqual(up.map(() => 1));
    expect(up.map(({ labels }) => labels.source)).toEqual([
      "build",
      "database",
      "kv",
      "queue",
      "scans",
      "rooms",
      "disk",
      "backup",
      "sockets",
    ]);
    expect(numberOf("multitap_build_info", { database: "external" })).toBe(1);
    expect(numberOf("multitap_database_connections_max")).toBeGreaterThan(1);
    const connections = samples.filter(({ name }) => name === "multitap_database_connections");
    expect(connections.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(0);
    expect(numberOf("multitap_disk_free_bytes", { folder: "base" })).toBeGreaterThan(0);
    expect(numberOf("multitap_scans", { status: "running" })).toBe(0);
    expect(numberOf("multitap_rooms", { kind: "retroarch" })).toBe(0);
    expect(numberOf("process_resident_memory_bytes")).toBeGreaterThan(0);
    expect(numberOf("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(numberOf("nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0);
    // No backup was made yet, and no age is better than a wrong one.
    expect(numberOf("multitap_backup_age_seconds")).toBeUndefined();
    const jobs = samples.filter(({ name }) => name === "multitap_jobs");
    expect(jobs.every(({ labels }) => (labels.queue ?? "") !== "")).toBe(true);
  }, 30_000);

  test("counts websockets while they are open", async () => {
    const socket = new WebSocket(
      `${server.url.replace("http", "ws")}/ws/socket.io/?EIO=4&transport=websocket`,
    );
    await new Promise((resolve, reject) => {
      socket.onmessage = resolve;
      socket.onerror = reject;
    });
    const openCount = async () =>
      (await scrape()).samples
        .filter(({ name }) => name === "multitap_websockets")
        .reduce((sum, { value }) => sum + value, 0);
    expect(await openCount()).toBe(1);
    const closed = new Promise((resolve) => {
      socket.onclose = resolve;
    });
    socket.close();
    await closed;
    let left = await openCount();
    for (let tries = 0; left > 0 && tries < 10; tries += 1) left = await openCount();
    expect(left).toBe(0);
  }, 60_000);

  test("takes only reading", async () => {
    expect((await ask(`Bearer ${TOKEN}`, { method: "POST" })).status).toBe(405);
  });
});

describe("openMetrics", () => {
  const log = createLog({ level: "error", format: "text", write: () => undefined });
  const open = (environment: Record<string, string>) =>
    openMetrics(readConfig({ ROMM_HOST: "127.0.0.1", ...environment }, { defaultBasePath: basePath }), log);

  test("gives nothing anywhere unless the operator says where", () => {
    expect(open({})).toBeNull();
  });

  test("gives them on a port of their own without a token, and nothing else there", async () => {
    const opened = open({ MULTITAP_METRICS_PORT: "0" });
    try {
      expect(opened?.answer).toBeNull();
      const url = `http://127.0.0.1:${opened?.port}`;
      const { samples } = parseExposition(await (await fetch(`${url}/metrics`)).text());
      expect(samples.some(({ name }) => name === "process_resident_memory_bytes")).toBe(true);
      expect((await fetch(`${url}/api/heartbeat`)).status).toBe(404);
    } finally {
      await opened?.close();
    }
  });

  test("refuses a port in use, and a token that can be guessed", () => {
    const port = new URL(server.url).port;
    expect(() => open({ MULTITAP_METRICS_PORT: port })).toThrow("E_PORT");
    expect(() => open({ MULTITAP_METRICS_TOKEN: "short" })).toThrow("MULTITAP_METRICS_TOKEN");
  });
});
