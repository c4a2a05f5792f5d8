// The server's log, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { VIEWER } from "../auth/calls.testing.ts";
import { EDITOR, openTwoDoors, seen, type TwoDoors } from "../config/scene.testing.ts";
import { followLogs } from "./service.ts";

let doors: TwoDoors;
beforeAll(async () => {
  doors = await openTwoDoors();
  const { log } = doors.app.ports;
  log.child("Scan").error("a test writes this", { token: "hunter2" });
  log.error("and this: http://host/login?token=hunter2");
}, 30_000);
afterAll(() => doors.app.close());

const FIRST = { level: "ERROR", module: "scan", message: "a test writes this token=***" };
const SECOND = { level: "ERROR", module: "multitap", message: "and this: http://host/login?token=***" };

describe("GET /api/logs", () => {
  test("answers the last lines, oldest first, without secrets", async () => {
    const { status, json, text } = await doors.call("/api/logs");
    const [first, second] = (json as { ts: number }[]).slice(-2);
    expect([status, { ...first, ts: 0 }, { ...second, ts: 0 }]).toEqual([
      200,
      { ts: 0, ...FIRST },
      { ts: 0, ...SECOND },
    ]);
    expect(Object.keys(first ?? {})).toEqual(["ts", "level", "module", "message"]);
    expect(Math.abs(Date.now() - (first?.ts ?? 0))).toBeLessThan(60_000);
    expect(text).not.toContain("hunter2");
    const rpc = await doors.ask("logs.list", { limit: 2 });
    expect((rpc.data as { message: string }[]).map(({ message }) => message)).toEqual([
      FIRST.message,
      SECOND.message,
    ]);
  });

  test.each([
    ["1", 1],
    ["0", 1],
    ["-5", 1],
    ["2", 2],
    ["99999999999", 2],
  ])("takes limit=%s to the nearest that can be", async (limit, count) => {
    const { status, json } = await doors.call(`/api/logs?limit=${limit}`);
    const lines = json as object[];
    expect([status, lines.length >= count, count === 1 ? lines.length : count]).toEqual([200, true, count]);
  });

  test("refuses what is no number", async () => {
    expect((await doors.call("/api/logs?limit=x")).status).toBe(422);
    expect((await doors.ask("logs.list", { limit: "x" })).code).toBe("INPUT_INVALID");
  });

  test("is for those who may read logs", async () => {
    expect((await doors.call("/api/logs", { authorization: undefined })).status).toBe(401);
    for (const authorization of [VIEWER, EDITOR]) {
      expect(seen(await doors.call("/api/logs", { authorization }))).toEqual([403, { detail: "Forbidden" }]);
      expect((await doors.ask("logs.list", undefined, authorization)).status).toBe(403);
    }
  });

  test("is not there when the operator wants no viewer", async () => {
    const off = await openTwoDoors({ environment: { DISABLE_LOGS_VIEWER: "true" } });
    expect(seen(await off.call("/api/logs"))).toEqual([404, { detail: "Logs viewer is disabled" }]);
    expect((await off.ask("logs.list")).code).toBe("LOGS_DISABLED");
    expect((await off.call("/api/logs", { authorization: VIEWER })).status).toBe(403);
    const told: unknown[] = [];
    const stop = followLogs(off.app, (entries) => void told.push(entries));
    off.app.ports.log.error("a test writes this, unseen");
    await Bun.sleep(250);
    stop();
    expect(told).toEqual([]);
    await off.app.close();
  }, 20_000);
});
