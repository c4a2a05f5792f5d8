import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { clientTokens } from "@multitap/db/schema/auth";
import { devices } from "@multitap/db/schema/devices";
import { kvEntries } from "@multitap/db/schema/kv";
import { openTokenScene, type TokenScene, VIEWER } from "../client-tokens/scene.testing.ts";
import { toRequestId } from "../device-requests/service.ts";
import { bad, codeOf, createFlowCalls, outcome, UNKNOWN } from "./scene.testing.ts";

let scene: TokenScene;
beforeAll(async () => {
  scene = await openTokenScene();
}, 30_000);
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.app.ports.database.delete(clientTokens);
  await scene.app.ports.database.delete(devices);
  await scene.clearLimits();
});

const { post, start, approve, poll, pollFrom } = createFlowCalls(() => scene);

describe("POST /api/auth/device/token", () => {
  test("is pending at the pace that was asked for, and too fast otherwise", async () => {
    const flow = await start();
    const token = () => post("token", { device_code: flow.deviceCode });
    expect(outcome(await token())).toEqual(bad("authorization_pending"));
    const early = await token();
    expect(outcome(early)).toEqual(bad("slow_down"));
    expect(early.headers.get("retry-after")).toBe("5");
    // The early question has begun the pause anew.
    expect(outcome(await token())).toEqual(bad("slow_down"));
    expect(outcome(await poll(flow))).toEqual(bad("authorization_pending"));
    await approve(flow);
    // The pace does not matter any more.
    expect((await token()).status).toBe(200);
  });

  test("gives the token once, of any number of questions at once", async () => {
    const flow = await start();
    await approve(flow);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, number) => codeOf(pollFrom(`192.0.2.${number}`, flow.deviceCode))),
    );
    expect(answers.toSorted()).toEqual([...Array(7).fill("DEVICE_FLOW_EXPIRED"), "no error"]);
    expect(outcome(await poll(flow))).toEqual(bad("expired_token"));
  });

  test.each([["0".repeat(64)], ["x"], ["../../etc/passwd"], ["ü".repeat(60)]])(
    "knows nothing of %p",
    async (deviceCode) => {
      expect(outcome(await post("token", { device_code: deviceCode }))).toEqual(bad("expired_token"));
    },
  );

  test("does not take a user code or what the store holds for a device code", async () => {
    const flow = await start();
    await approve(flow);
    for (const guess of [flow.userCode, toRequestId(flow.deviceCode), flow.deviceCode.toUpperCase()]) {
      expect(outcome(await post("token", { device_code: guess }))).toEqual(bad("expired_token"));
    }
    expect((await poll(flow)).status).toBe(200);
  });

  test("ends with the request's ten minutes", async () => {
    const flow = await start();
    await scene.app.ports.kv.expire(`device-flow:request:${toRequestId(flow.deviceCode)}`, 1);
    await Bun.sleep(10);
    expect(outcome(await poll(flow))).toEqual(bad("expired_token"));
    expect(outcome(await approve(flow))).toEqual([404, UNKNOWN]);
  });

  test("refuses the 61st question of an address within a minute", async () => {
    await scene.app.ports.kv.increment("limit:device-token:192.0.2.5", { by: 60, ttlMs: 60_000 });
    expect(await codeOf(pollFrom("192.0.2.5", "x"))).toBe("DEVICE_FLOW_LIMIT");
    expect(await codeOf(pollFrom("192.0.2.6", "x"))).toBe("DEVICE_FLOW_EXPIRED");
  });

  test("gives nothing when the owner was disabled or has removed the token meanwhile", async () => {
    const flow = await start();
    await approve(flow);
    await scene.setEnabled("ana", false);
    const polled = await poll(flow);
    await scene.setEnabled("ana", true);
    expect(outcome(polled)).toEqual(bad("access_denied"));
    const other = await start();
    await approve(other);
    await scene.app.ports.database.delete(clientTokens);
    expect(outcome(await poll(other))).toEqual(bad("expired_token"));
  });

  test("answers a repeated call whose answer got lost, and nobody else", async () => {
    const flow = await start();
    await approve(flow);
    const [mine, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const lost = await pollFrom("192.0.2.1", flow.deviceCode, mine);
    const repeated = await pollFrom("192.0.2.1", flow.deviceCode, mine);
    expect(repeated.deviceId).toBe(lost.deviceId);
    const statuses = [await scene.statusOf(lost.accessToken), await scene.statusOf(repeated.accessToken)];
    expect(statuses).toEqual([401, 200]);
    expect(await codeOf(pollFrom("192.0.2.1", flow.deviceCode, other))).toBe("DEVICE_FLOW_EXPIRED");
  });

  test("gives the token later when the database fails at that moment", async () => {
    const flow = await start();
    await approve(flow);
    const { database } = scene.app.ports;
    const transaction = database.transaction.bind(database);
    database.transaction = () => Promise.reject(new RangeError("away"));
    const failed = await codeOf(pollFrom("192.0.2.1", flow.deviceCode));
    database.transaction = transaction;
    expect(failed).toBe("RangeError: away");
    expect((await poll(flow)).status).toBe(200);
  });

  test("tells the same behind the typed door", async () => {
    const flow = await start();
    const { deviceCode, userCode } = flow;
    const polled = async () => {
      await scene.app.ports.kv.remove([`device-flow:poll:${toRequestId(deviceCode)}`]);
      return await scene.mutate("deviceFlow.poll", { deviceCode });
    };
    expect((await polled()).error).toMatchObject({ kind: "conflict", code: "DEVICE_FLOW_PENDING" });
    const early = await scene.mutate("deviceFlow.poll", { deviceCode });
    expect(early.error).toMatchObject({ kind: "rate_limited", code: "DEVICE_FLOW_SLOW_DOWN" });
    const input = { userCode, approvedScopes: ["me.read"] };
    const approved = await scene.mutate("deviceFlow.approve", input, VIEWER);
    expect(approved.data).toMatchObject({ deviceName: "Pocket One" });
    expect((await polled()).data).toMatchObject({
      accessToken: expect.stringMatching(/^rmm_/),
      scopes: ["me.read"],
    });
    expect((await polled()).error).toMatchObject({ kind: "not_found", code: "DEVICE_FLOW_EXPIRED" });
    const second = await start();
    const denied = await scene.mutate("deviceFlow.deny", { userCode: second.userCode }, VIEWER);
    expect([denied.status, denied.data]).toEqual([200, null]);
    const answer = await scene.mutate("deviceFlow.poll", { deviceCode: second.deviceCode });
    expect(answer.error).toMatchObject({ kind: "forbidden", code: "DEVICE_FLOW_DENIED" });
    const started = await scene.mutate("deviceFlow.start", {
      clientDeviceIdentifier: "x",
      name: "x",
      client: "x",
      requestedScopes: ["me.read"],
    });
    expect(started.data).toMatchObject({ verificationPath: "/pair/device", intervalSeconds: 5 });
  });
});

test("neither the store nor the audit log ever holds a device code or a token", async () => {
  const flow = await start();
  await approve(flow);
  const { database } = scene.app.ports;
  const read = async () =>
    JSON.stringify([
      await database.select().from(kvEntries),
      await database.select().from(auditLog),
      await database.select().from(clientTokens),
    ]);
  const before = await read();
  const { json } = await poll(flow);
  const token = (json as { access_token: string }).access_token;
  const after = await read();
  // On another driver the store is empty here, and this says nothing of it.
  if (process.env.MULTITAP_TEST_REDIS_URL === undefined) expect(before).toContain("device-flow:decision");
  for (const text of [before, after]) {
    expect(text).not.toContain(flow.deviceCode);
    expect(text).not.toContain(token.slice(4));
  }
});
