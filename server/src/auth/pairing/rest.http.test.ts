import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { clientTokens } from "@multitap/db/schema/auth";
import { desc, eq } from "drizzle-orm";
import { callOperation } from "../../base/operation.ts";
import { callApp } from "../calls.testing.ts";
import { ADMIN, EDITOR, openTokenScene, type TokenScene, VIEWER } from "../client-tokens/scene.testing.ts";
import { exchangePairingCode, getPairingStatus } from "./service.ts";

let scene: TokenScene;
beforeAll(async () => {
  scene = await openTokenScene();
}, 30_000);
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.app.ports.database.delete(clientTokens);
  await scene.clearLimits();
});

const PATH = "/api/client-tokens";
const UNKNOWN = '{"detail":"Invalid or expired pairing code"}';
const REFUSED = '{"detail":"Too many exchange attempts. Try again later."}';

const pair = (tokenId: number, authorization: string) =>
  callApp(scene.app, `${PATH}/${tokenId}/pair`, { method: "POST", authorization });
const exchange = (code: string) => callApp(scene.app, `${PATH}/exchange`, { json: { code } });
const askStatus = (code: string) => callApp(scene.app, `${PATH}/pair/${code}/status`);
/** A token of an account, and a code for it. */
async function makeCode(authorization = VIEWER, fields = {}) {
  const token = await scene.createToken(authorization, fields);
  const { json } = await pair(token.id, authorization);
  return { token, code: (json as { code: string }).code };
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );
const exchangeFrom = (address: string, code: string, repeatKey?: string) =>
  callOperation(exchangePairingCode, scene.from(address, repeatKey), () => ({ code }));

describe("POST /api/client-tokens/{id}/pair", () => {
  test.each([
    ["a viewer", VIEWER],
    ["an editor", EDITOR],
    ["an administrator", ADMIN],
  ])("gives %s a code for a minute, and another one each time", async (_who, authorization) => {
    const { id } = await scene.createToken(authorization);
    const answers = [await pair(id, authorization), await pair(id, authorization)];
    for (const { status, json } of answers) {
      expect(status).toBe(200);
      expect(json).toEqual({ code: expect.stringMatching(/^[A-HJKMNP-Z2-9]{8}$/), expires_in: 60 } as never);
    }
    expect(answers[0]?.text).not.toBe(answers[1]?.text);
    const typed = await scene.mutate("clientTokens.createPairingCode", { tokenId: id }, authorization);
    expect(typed.data).toEqual({ code: expect.any(String), expiresInSeconds: 60 } as never);
  });

  test("does not find what is not there, or somebody else's", async () => {
    const { id } = await scene.createToken(VIEWER);
    for (const answer of [await pair(4711, VIEWER), await pair(id, ADMIN)]) {
      expect([answer.status, answer.text]).toEqual([404, '{"detail":"Token not found"}']);
    }
  });

  test("does not hand a token of few scopes a way to one with more", async () => {
    const narrow = await scene.createToken(EDITOR, { scopes: ["me.write"] });
    const wide = await scene.createToken(EDITOR, { scopes: ["me.write", "roms.write"] });
    const refused = await pair(wide.id, `Bearer ${narrow.raw_token}`);
    expect(refused.status).toBe(403);
    expect(refused.text).toBe('{"detail":"Requested scopes exceed your permissions: roms.write"}');
  });

  test("is bounded per account", async () => {
    const { id } = await scene.createToken(VIEWER);
    await scene.app.ports.kv.increment("limit:pair-codes:2", { by: 60, ttlMs: 60_000 });
    const refused = await pair(id, VIEWER);
    expect([refused.status, refused.text]).toEqual([
      429,
      '{"detail":"Too many pairing codes. Try again later."}',
    ]);
    await scene.app.ports.kv.remove(["limit:pair-codes:2"]);
  });
});

describe("GET /api/client-tokens/pair/{code}/status", () => {
  test("answers null while the code waits, however it is typed, and 404 once it was used", async () => {
    const { code } = await makeCode();
    for (const typed of [code, code.toLowerCase(), `${code.slice(0, 4)}-${code.slice(4)}`]) {
      const answer = await askStatus(typed);
      expect([answer.status, answer.text]).toEqual([200, "null"]);
    }
    expect((await scene.query("clientTokens.pairingStatus", { code })).data).toEqual({ isPending: true });
    await exchange(code);
    const answer = await askStatus(code);
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
    expect((await scene.query("clientTokens.pairingStatus", { code })).data).toEqual({ isPending: false });
  });

  test.each(["ZZZZZZZZ", "x", "%F0%9F%8E%AE", "A".repeat(40)])("answers 404 to %p", async (code) => {
    const answer = await askStatus(code);
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
  });

  test("may be asked about a waiting code without end, but not about wrong ones", async () => {
    const { code } = await makeCode();
    for (let number = 0; number < 40; number++) expect((await askStatus(code)).status).toBe(200);
    const ask = (wrong: string) =>
      callOperation(getPairingStatus, scene.from("192.0.2.9"), () => ({ code: wrong }));
    const answers = await Promise.all(Array.from({ length: 35 }, () => codeOf(ask("ZZZZZZZZ"))));
    expect(answers.filter((answer) => answer === "PAIRING_ATTEMPTS_LIMIT")).toHaveLength(5);
  });
});

describe("POST /api/client-tokens/exchange", () => {
  test("gives the token with another secret, once; every earlier copy stops working", async () => {
    const { token, code } = await makeCode(VIEWER, { expires_in: "30d" });
    expect(await scene.statusOf(token.raw_token)).toBe(200);
    const answer = await exchange(`${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase());
    const { raw_token: fresh, ...rest } = answer.json as Record<string, unknown>;
    const { raw_token: old, ...before } = token as unknown as Record<string, unknown>;
    expect(answer.status).toBe(200);
    expect(rest).toEqual(before);
    expect([await scene.statusOf(String(old)), await scene.statusOf(String(fresh))]).toEqual([401, 200]);
    const again = await exchange(code);
    expect([again.status, again.text]).toEqual([404, UNKNOWN]);
    const [line] = await scene.app.ports.database.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1);
    expect([line?.action, line?.actorName, line?.subject]).toEqual(["device.paired", "ana", "handheld"]);
  });

  test("is the same behind the typed door, for anybody", async () => {
    const { code } = await makeCode();
    const fresh = await scene.mutate("clientTokens.exchange", { code });
    expect(fresh.data).toMatchObject({ name: "handheld", rawToken: expect.stringMatching(/^rmm_/) });
    const again = await scene.mutate("clientTokens.exchange", { code });
    expect(again.error).toEqual({
      message: "Invalid or expired pairing code",
      kind: "not_found",
      code: "PAIRING_CODE_INVALID",
    });
  });

  test.each(["ZZZZZZZZ", "", "H26QKDT0", "A".repeat(200)])("does not know %p", async (code) => {
    const answer = await exchange(code);
    expect([answer.status, answer.text]).toEqual([404, UNKNOWN]);
  });

  test("has exactly one winner among ten at once", async () => {
    const { code } = await makeCode();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, number) => codeOf(exchangeFrom(`192.0.2.${number}`, code))),
    );
    expect(answers.toSorted()).toEqual([...Array(9).fill("PAIRING_CODE_INVALID"), "no error"]);
  });

  test("tells a removed and an expired token apart from a wrong code (romm-tender)", async () => {
    const removed = await makeCode();
    await callApp(scene.app, `${PATH}/${removed.token.id}`, { method: "DELETE", authorization: VIEWER });
    const expired = await makeCode(VIEWER, { expires_in: "30d" });
    const past = { expiresAt: new Date(Date.now() - 1_000) };
    await scene.app.ports.database
      .update(clientTokens)
      .set(past)
      .where(eq(clientTokens.id, expired.token.id));
    for (const { code } of [removed, expired]) {
      const answer = await exchange(code);
      expect([answer.status, answer.text]).toEqual([404, '{"detail":"Token no longer exists"}']);
    }
  });

  test("refuses when the owner is disabled, and the code is gone with that", async () => {
    const { token, code } = await makeCode();
    await scene.setEnabled("ana", false);
    const answer = await exchange(code);
    await scene.setEnabled("ana", true);
    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Token owner is disabled"}']);
    expect((await exchange(code)).text).toBe(UNKNOWN);
    expect(await scene.statusOf(token.raw_token)).toBe(200);
  });

  test("forgets a code after its minute", async () => {
    const { code } = await makeCode();
    await scene.app.ports.kv.expire(`pair:${code}`, 1);
    await Bun.sleep(10);
    expect((await exchange(code)).text).toBe(UNKNOWN);
  });

  test("refuses the sixth try of an address, and hammering prolongs the wait", async () => {
    const { code } = await makeCode();
    for (let number = 0; number < 5; number++) expect((await exchange("ZZZZZZZZ")).status).toBe(404);
    const refused = await exchange(code);
    expect([refused.status, refused.text]).toEqual([429, REFUSED]);
    expect(refused.headers.get("retry-after")).toBe("60");
    const typed = await scene.mutate("clientTokens.exchange", { code });
    expect(typed.error).toMatchObject({ kind: "rate_limited", code: "PAIRING_ATTEMPTS_LIMIT" });
    // Another address is not concerned, and the code still waits.
    expect(await codeOf(exchangeFrom("198.51.100.1", code))).toBe("no error");
  });

  test("bounds guessing from many addresses together, asking about codes included", async () => {
    const { code } = await makeCode();
    await scene.app.ports.kv.increment("limit:pair-guesses:all", { by: 590, ttlMs: 60_000 });
    const guess = (number: number) => codeOf(exchangeFrom(`2001:db8:0:${number}::1`, "ZZZZZZZZ"));
    const ask = (number: number) =>
      codeOf(
        callOperation(getPairingStatus, scene.from(`2001:db8:0:${number}::1`), () => ({ code: "ZZZZZZZZ" })),
      );
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) => (number % 2 === 0 ? guess(number) : ask(number))),
    );
    expect(answers.filter((answer) => answer === "PAIRING_ATTEMPTS_LIMIT")).toHaveLength(10);
    expect(await codeOf(exchangeFrom("198.51.100.2", code))).toBe("PAIRING_ATTEMPTS_LIMIT");
  });

  test("counts each guess of a batch, which needs the CSRF pair besides", async () => {
    const names = Array.from({ length: 7 }, () => "clientTokens.exchange").join(",");
    const json = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [at, { code: "ZZZZZZZZ" }]));
    const path = `/trpc/${names}?batch=1`;
    expect((await callApp(scene.app, path, { json })).text).toBe("CSRF token verification failed");
    const answer = await callApp(scene.app, path, { json, authorization: VIEWER });
    expect(answer.text.match(/PAIRING_CODE_INVALID/g)).toHaveLength(5);
    expect(answer.text.match(/PAIRING_ATTEMPTS_LIMIT/g)).toHaveLength(2);
  });

  test("lets nobody who hammers from one address use up the guesses of everybody", async () => {
    for (let number = 0; number < 50; number++) await codeOf(exchangeFrom("192.0.2.77", "ZZZZZZZZ"));
    expect(await scene.app.ports.kv.get("limit:pair-guesses:all")).toBe("5");
  });

  test("counts all addresses behind one IPv6 prefix as one", async () => {
    const answers: string[] = [];
    for (let number = 0; number < 7; number++) {
      answers.push(await codeOf(exchangeFrom(`2001:db8::${number}:1`, "ZZZZZZZZ")));
    }
    expect(answers.slice(5)).toEqual(["PAIRING_ATTEMPTS_LIMIT", "PAIRING_ATTEMPTS_LIMIT"]);
  });

  test("answers a repeated call whose answer got lost, and nobody else", async () => {
    const { code } = await makeCode();
    const [mine, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const lost = await exchangeFrom("192.0.2.1", code, mine);
    const repeated = await exchangeFrom("192.0.2.1", code, mine);
    expect([await scene.statusOf(lost.rawToken), await scene.statusOf(repeated.rawToken)]).toEqual([
      401, 200,
    ]);
    expect(await codeOf(exchangeFrom("192.0.2.1", code, other))).toBe("PAIRING_CODE_INVALID");
    expect(await codeOf(exchangeFrom("192.0.2.1", code))).toBe("PAIRING_CODE_INVALID");
  });

  test("gives no second answer to a key that somebody could guess", async () => {
    const { code } = await makeCode();
    await exchangeFrom("192.0.2.1", code, "1");
    expect(await codeOf(exchangeFrom("192.0.2.1", code, "1"))).toBe("PAIRING_CODE_INVALID");
  });
});
