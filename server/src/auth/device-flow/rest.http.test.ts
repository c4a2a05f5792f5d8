import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { clientTokens } from "@multitap/db/schema/auth";
import { devices } from "@multitap/db/schema/devices";
import { desc, eq } from "drizzle-orm";
import { callOperation } from "../../base/operation.ts";
import { READ_SCOPES } from "../../base/scopes.ts";
import { callApp, openBrowser } from "../calls.testing.ts";
import { ADMIN, EDITOR, openTokenScene, type TokenScene, VIEWER } from "../client-tokens/scene.testing.ts";
import { getPendingDevice } from "../device-approvals/service.ts";
import { toRequestId } from "../device-requests/service.ts";
import { ASKED, bad, codeOf, createFlowCalls, outcome, PATH, START, UNKNOWN } from "./scene.testing.ts";
import { startDeviceFlow } from "./service.ts";

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

const { post, pending, start, approve, deny, poll } = createFlowCalls(() => scene);
const SORTED = ASKED.toSorted();

describe("POST /api/auth/device/init", () => {
  test("answers 201 with every field (argosy, rommbat, rommsync-nx)", async () => {
    const { status, json } = await post("init", { ...START, extra: 1 });
    expect(status).toBe(201);
    const { user_code: userCode } = json as { user_code: string };
    expect(json).toEqual({
      device_code: expect.stringMatching(/^[0-9a-f]{64}$/),
      user_code: expect.stringMatching(/^[A-HJKMNP-Z2-9]{8}$/),
      verification_path: "/pair/device",
      verification_path_complete: `/pair/device?user_code=${userCode}`,
      expires_in: 600,
      interval: 5,
    } as never);
  });

  test("takes a start without platform and version, with every known scope", async () => {
    const { client_device_identifier, name, client } = START;
    const required = { client_device_identifier, name, client };
    expect((await post("init", { ...required, requested_scopes: ["me.read"] })).status).toBe(201);
    const nulls = { ...required, platform: null, client_version: null };
    expect((await post("init", { ...nulls, requested_scopes: ["logs.read"] })).status).toBe(201);
  });

  test("refuses unknown scopes in the words of the compatible API", async () => {
    const { status, json } = await post("init", { ...START, requested_scopes: ["moon.fly"] });
    expect(status).toBe(422);
    expect(json).toMatchObject({
      detail: [
        {
          type: "value_error",
          loc: ["body", "requested_scopes"],
          msg: "Value error, Unknown scopes: moon.fly",
          ctx: { error: {} },
        },
      ],
    });
  });

  test.each([
    [{ client_device_identifier: "" }, "client_device_identifier", "string_too_short"],
    [{ client_device_identifier: "x".repeat(256) }, "client_device_identifier", "string_too_long"],
    // Such a device would be somebody's browser.
    [{ client_device_identifier: "web:1" }, "client_device_identifier", "value_error"],
    [{ name: "" }, "name", "string_too_short"],
    [{ client: "x".repeat(51) }, "client", "string_too_long"],
    [{ platform: "x".repeat(51) }, "platform", "string_too_long"],
    [{ requested_scopes: [] }, "requested_scopes", "too_short"],
    [{ requested_scopes: Array(23).fill("me.read") }, "requested_scopes", "too_long"],
  ])("refuses %p", async (fields, name, type) => {
    const { status, json } = await post("init", { ...START, ...fields });
    const [issue] = (json as { detail: { loc: string[]; type: string }[] }).detail;
    expect([status, issue?.loc, issue?.type]).toEqual([422, ["body", name], type]);
  });

  test("refuses the eleventh start of an address within a minute", async () => {
    for (let number = 0; number < 10; number++) expect((await post("init", START)).status).toBe(201);
    const refused = await post("init", START);
    expect(outcome(refused)).toEqual([429, '{"detail":"Too many authorize attempts. Try again later."}']);
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 61);
    const input = { clientDeviceIdentifier: "x", name: "x", client: "x", requestedScopes: ["me.read"] };
    const elsewhere = () => callOperation(startDeviceFlow, scene.from("198.51.100.1"), () => input);
    expect(await codeOf(elsewhere())).toBe("no error");
    await scene.app.ports.kv.increment("limit:device-inits:all", { by: 600, ttlMs: 60_000 });
    expect(await codeOf(elsewhere())).toBe("DEVICE_FLOW_LIMIT");
  });
});

describe("GET /api/auth/device/pending/{user_code}", () => {
  test("tells what is asked for, and what of it the caller may grant", async () => {
    const flow = await start({ requested_scopes: ["users.write", "roms.write", "me.read"] });
    const before = Date.now();
    const answer = await pending(flow.userCode.toLowerCase(), VIEWER);
    const { expires_at: expiresAt, ...rest } = answer.json as { expires_at: string };
    expect(answer.status).toBe(200);
    expect(rest).toEqual({
      client_device_identifier: "dev-ident-0001",
      name: "Pocket One",
      client: "argosy",
      platform: "android",
      client_version: "1.2.3",
      requested_scopes: ["me.read", "roms.write", "users.write"],
      allowed_scopes: ["me.read"],
    } as never);
    expect(expiresAt).toEndWith("+00:00");
    expect(Date.parse(expiresAt) - before).toBeWithin(590_000, 600_001);
    const allowed = async (authorization: string) =>
      ((await pending(flow.userCode, authorization)).json as { allowed_scopes: string[] }).allowed_scopes;
    expect(await allowed(EDITOR)).toEqual(["me.read", "roms.write"]);
    expect(await allowed(ADMIN)).toEqual(["me.read", "roms.write", "users.write"]);
    const token = await scene.createToken(ADMIN, { scopes: ["me.read"] });
    expect(await allowed(`Bearer ${token.raw_token}`)).toEqual(["me.read"]);
    const typed = await scene.query("deviceFlow.pending", { userCode: flow.userCode }, EDITOR);
    expect(typed.data).toMatchObject({ name: "Pocket One", allowedScopes: ["me.read", "roms.write"] });
  });

  test.each(["ZZZZZZZZ", "x", "10101010"])("does not know %p", async (userCode) => {
    expect(outcome(await pending(userCode, VIEWER))).toEqual([404, UNKNOWN]);
  });

  test("tells a kiosk's visitor nothing, who may read but has no account to let anything in", async () => {
    const { userCode } = await start();
    const identity = { kind: "kiosk" as const, scopes: new Set(READ_SCOPES) };
    const ctx = scene.app.createContext(identity);
    expect(await codeOf(callOperation(getPendingDevice, ctx, () => ({ userCode })))).toBe(
      "AUTH_ACCOUNT_REQUIRED",
    );
  });

  test("bounds how many wrong codes an account may try, and all accounts together", async () => {
    const flow = await start();
    for (let number = 0; number < 30; number++) expect((await pending("ZZZZZZZZ", VIEWER)).status).toBe(404);
    const refused = await pending("ZZZZZZZZ", VIEWER);
    expect(outcome(refused)).toEqual([429, '{"detail":"Too many codes tried. Try again later."}']);
    expect((await approve(flow)).status).toBe(429);
    for (let number = 0; number < 35; number++)
      expect((await pending(flow.userCode, EDITOR)).status).toBe(200);
    await scene.app.ports.kv.increment("limit:device-guesses:all", { by: 600, ttlMs: 60_000 });
    expect((await pending(flow.userCode, EDITOR)).status).toBe(429);
  });
});

describe("POST /api/auth/device/approve", () => {
  test.each([
    ["a viewer", VIEWER],
    ["an editor", EDITOR],
    ["an administrator", ADMIN],
  ])("lets %s let a device in", async (_who, authorization) => {
    const flow = await start();
    const approved = await approve(flow, { device_name: "My Pocket", expires_in: "90d" }, authorization);
    expect(approved.status).toBe(200);
    const { device_id: deviceId } = approved.json as { device_id: string };
    expect(approved.json).toEqual({ device_id: deviceId, device_name: "My Pocket" });
    const polled = await poll(flow);
    const { access_token: token, expires_at: expiresAt, ...rest } = polled.json as Record<string, string>;
    expect(polled.status).toBe(200);
    expect(token).toMatch(/^rmm_[0-9a-f]{64}$/);
    expect(expiresAt).toMatch(/\+00:00$/);
    expect(rest).toEqual({ device_id: deviceId, scopes: SORTED } as never);
    const me = await callApp(scene.app, "/api/users/me", { authorization: `Bearer ${token}` });
    expect(me.json).toMatchObject({ current_device_id: deviceId });
    const [row] = await scene.app.ports.database.select().from(devices);
    expect(row).toMatchObject({
      name: "My Pocket",
      client: "argosy",
      platform: "android",
      clientVersion: "1.2.3",
      syncMode: "api",
      syncEnabled: true,
    });
  });

  test("takes the name and no end unless said, and fewer scopes than asked for", async () => {
    const flow = await start();
    const approved = await approve(flow, { approved_scopes: ["roms.read", "me.read"] });
    expect(approved.json).toMatchObject({ device_name: "Pocket One" });
    expect((await poll(flow)).json).toMatchObject({ scopes: ["me.read", "roms.read"], expires_at: null });
  });

  test("refuses more than the device asked for, and more than the caller holds; the request still waits", async () => {
    const flow = await start({ requested_scopes: ["me.read", "roms.write"] });
    const token = await scene.createToken(EDITOR, { scopes: ["me.write", "me.read"] });
    for (const [scopes, authorization] of [
      [["users.write"], ADMIN],
      [["me.read", "roms.write"], VIEWER],
      [["moon.fly"], ADMIN],
      [["roms.write"], `Bearer ${token.raw_token}`],
    ] as const) {
      const refused = await approve(flow, { approved_scopes: scopes }, authorization);
      expect(outcome(refused)).toEqual([
        403,
        `{"detail":"Approved scopes exceed what's allowed for this user"}`,
      ]);
    }
    expect((await approve(flow, { approved_scopes: [] })).status).toBe(422);
    const wrongLife = await approve(flow, { approved_scopes: ["me.read"], expires_in: "7 moons" });
    expect(outcome(wrongLife)).toEqual([
      422,
      '{"detail":"Invalid expires_in value: 7 moons. Valid values: 30d, 90d, 1y, never"}',
    ]);
    expect(outcome(await poll(flow))).toEqual(bad("authorization_pending"));
    expect((await approve(flow, { approved_scopes: ["me.read"] })).status).toBe(200);
  });

  test("does not know a code that was decided, or never was", async () => {
    const flow = await start();
    expect((await approve(flow)).status).toBe(200);
    for (const answer of [await approve(flow), await deny(flow), await pending(flow.userCode, VIEWER)]) {
      expect(outcome(answer)).toEqual([404, UNKNOWN]);
    }
    expect(outcome(await approve({ userCode: "ZZZZZZZZ" }))).toEqual([404, UNKNOWN]);
  });

  test("counts once when several decide at the same moment", async () => {
    for (let round = 0; round < 5; round++) {
      await scene.clearLimits();
      const flow = await start({ client_device_identifier: `race-${round}` });
      const answers = await Promise.all([
        approve(flow),
        deny(flow),
        approve(flow, {}, ADMIN),
        deny(flow, ADMIN),
      ]);
      const losers = answers.filter(({ status }) => status !== 200);
      expect(losers).toHaveLength(3);
      for (const { status } of losers) expect([404, 410]).toContain(status);
      const winner = answers.findIndex(({ status }) => status === 200);
      const polled = await poll(flow);
      if (winner % 2 === 0) expect(polled.status).toBe(200);
      else expect(outcome(polled)).toEqual(bad("access_denied"));
      const tokens = await scene.app.ports.database.select().from(clientTokens);
      expect(tokens.length <= round + 1).toBe(true);
    }
  });

  test("keeps the device and ends its earlier tokens when it is paired again", async () => {
    const first = await start();
    const { json: before } = await approve(first);
    const { json: old } = await poll(first);
    const oldToken = (old as { access_token: string }).access_token;
    expect(await scene.statusOf(oldToken)).toBe(200);
    const again = await start({ client_version: "1.3.0" });
    const { json: after } = await approve(again, { device_name: "Renamed" });
    expect(after).toEqual({ ...(before as object), device_name: "Renamed" });
    expect(await scene.statusOf(oldToken)).toBe(401);
    const { json: fresh } = await poll(again);
    expect(await scene.statusOf((fresh as { access_token: string }).access_token)).toBe(200);
    const rows = await scene.app.ports.database.select().from(devices);
    expect(rows.map(({ name, clientVersion }) => [name, clientVersion])).toEqual([["Renamed", "1.3.0"]]);
    expect(await scene.app.ports.database.select().from(clientTokens)).toHaveLength(1);
    // The same identifier of somebody else is another device.
    const { json: other } = await approve(await start(), {}, EDITOR);
    expect((other as { device_id: string }).device_id).not.toBe((before as { device_id: string }).device_id);
  });

  test("counts toward the 25 tokens, the device's own earlier one excepted; then the request still waits", async () => {
    const known = await start();
    await approve(known);
    for (let number = 0; number < 24; number++) await scene.createToken(VIEWER);
    expect((await approve(await start())).status).toBe(200);
    const flow = await start({ client_device_identifier: "another" });
    const refused = await approve(flow);
    expect(outcome(refused)).toEqual([400, '{"detail":"Maximum of 25 tokens per user reached"}']);
    const rows = await scene.app.ports.database.select().from(devices);
    expect(rows.map(({ clientDeviceIdentifier }) => clientDeviceIdentifier)).toEqual(["dev-ident-0001"]);
    const [row] = await scene.app.ports.database.select().from(clientTokens).limit(1);
    await scene.app.ports.database.delete(clientTokens).where(eq(clientTokens.id, row?.id ?? 0));
    expect((await approve(flow)).status).toBe(200);
  });

  test("makes no device beyond the thousandth of an account, but knows those that are there", async () => {
    const rows = Array.from({ length: 999 }, (_, number) => ({ id: `old-${number}`, userId: 2 }));
    await scene.app.ports.database.insert(devices).values(rows);
    expect((await approve(await start())).status).toBe(200);
    const refused = await approve(await start({ client_device_identifier: "one-more" }));
    expect(outcome(refused)).toEqual([400, '{"detail":"Maximum of 1000 devices per user reached"}']);
    expect((await approve(await start())).status).toBe(200);
  });

  test("needs the CSRF pair of a browser, which the device's own calls do not", async () => {
    const flow = await start();
    const browser = openBrowser(scene.app);
    await browser.call("/api/login", { method: "POST", authorization: VIEWER });
    const json = { user_code: flow.userCode, approved_scopes: ["me.read"] };
    const forged = await browser.call(`${PATH}/approve`, { json, headers: { "x-csrftoken": "" } });
    expect(outcome(forged)).toEqual([403, "CSRF token verification failed"]);
    expect((await browser.call(`${PATH}/approve`, { json })).status).toBe(200);
    expect((await scene.mutate("deviceFlow.poll", { deviceCode: flow.deviceCode })).status).toBe(200);
  });
});

describe("POST /api/auth/device/deny", () => {
  test("tells the device so for a minute, and is noted", async () => {
    const flow = await start();
    expect(outcome(await deny(flow))).toEqual([200, "null"]);
    for (const answer of [await poll(flow), await poll(flow)]) {
      expect(outcome(answer)).toEqual(bad("access_denied"));
    }
    const [line] = await scene.app.ports.database.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1);
    expect([line?.action, line?.actorName, line?.subject]).toEqual(["device.denied", "ana", "Pocket One"]);
    const key = `device-flow:decision:${toRequestId(flow.deviceCode)}`;
    await scene.app.ports.kv.expire(key, 1);
    await Bun.sleep(10);
    expect(outcome(await poll(flow))).toEqual(bad("expired_token"));
    expect(outcome(await deny(flow))).toEqual([404, UNKNOWN]);
  });
});
