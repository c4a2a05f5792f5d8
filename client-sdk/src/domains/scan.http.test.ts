import { describe, expect, test } from "bun:test";
import { createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeScan, makeStats } from "../testing/fixtures.ts";
import { settle, until } from "../testing/manual-environment.ts";
import { createTestServer } from "../testing/test-server.ts";
import type { ScanStep } from "./scan.ts";

function setUp() {
  const server = createTestServer();
  server.scans.set(1, makeScan(1));
  const client = createClientIn(systemEnvironment, {
    url: "http://nas",
    fetch: server.fetch,
    auth: "t",
    retry: false,
  });
  const raise = (scanId: number, romsDone: number, changes: object = {}) =>
    server.log.raise("scan", {
      scanId,
      status: "running",
      phase: "hashing",
      platformFsSlug: "snes",
      stats: makeStats({ romsDone }),
      errorMessage: null,
      ...changes,
    });
  return { server, client, raise };
}

/** Follows a scan in the background. */
function follow(steps: AsyncIterable<ScanStep>) {
  const seen: string[] = [];
  const ended = (async () => {
    for await (const step of steps) seen.push(`${step.status} ${step.phase} ${step.romsDone}`);
  })();
  return { seen, ended };
}

describe("watching a scan", () => {
  test("begins with how it stands, tells each step of that scan, and ends with it", async () => {
    const { client, server, raise } = setUp();
    const { seen, ended } = follow(client.scan.watch(1));
    await until(() => seen.length === 1 && server.log.followers > 0);
    raise(1, 5);
    raise(2, 99);
    raise(1, 9);
    raise(1, 9, { status: "done", phase: "ended" });
    raise(1, 9, { status: "done", phase: "ended" });
    await ended;
    expect(seen).toEqual(["running discovering 0", "running hashing 5", "running hashing 9", "done ended 9"]);
    await client.close();
  });

  test("ends at once for a scan that is over", async () => {
    const { client, server } = setUp();
    server.scans.set(1, makeScan(1, { status: "failed", phase: "ended", errorMessage: "disk" }));
    const { seen, ended } = follow(client.scan.watch(1));
    await ended;
    expect(seen).toEqual(["failed ended 0"]);
    await client.close();
  });

  test("does not step back when an event is older than what was read", async () => {
    const { client, server, raise } = setUp();
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    server.intercept = (request) => (request.url.includes("scan.get") ? held : undefined);
    const { seen, ended } = follow(client.scan.watch(1));
    await until(() => server.log.followers > 0);
    raise(1, 7);
    await until(() => seen.length === 1);
    server.scans.set(1, makeScan(1, { phase: "hashing", stats: makeStats({ romsDone: 4 }) }));
    release(undefined);
    await settle();
    raise(1, 8, { status: "cancelled", phase: "ended" });
    await ended;
    expect(seen).toEqual(["running hashing 7", "cancelled ended 8"]);
    await client.close();
  });

  test("reads the scan again where events are missing", async () => {
    const { client, server, raise } = setUp();
    const { seen, ended } = follow(client.scan.watch(1));
    await until(() => server.log.followers > 0 && seen.length === 1);
    raise(1, 3);
    await until(() => seen.length === 2);
    for (let count = 0; count < 5; count++) server.log.raise("library", {});
    server.log.oldest = 6;
    server.scans.set(1, makeScan(1, { status: "done", phase: "ended", stats: makeStats({ romsDone: 20 }) }));
    client.connection.reconnect();
    await ended;
    expect(seen).toEqual(["running discovering 0", "running hashing 3", "done ended 20"]);
    await client.close();
  });

  test("fails for a scan that does not exist, and leaves no listener behind", async () => {
    const { client } = setUp();
    expect((await failureOf(follow(client.scan.watch(9)).ended)).kind).toBe("not_found");
    await client.close();
  });

  test("ends with the abort of its signal", async () => {
    const { client } = setUp();
    const controller = new AbortController();
    const { seen, ended } = follow(client.scan.watch(1, { signal: controller.signal }));
    await until(() => seen.length === 1);
    controller.abort("enough");
    expect(await failureOf(ended)).toMatchObject({ kind: "aborted", cause: "enough" });
    await client.close();
  });
});
