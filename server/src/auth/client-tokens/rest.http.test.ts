import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { clientTokens } from "@multitap/db/schema/auth";
import { desc } from "drizzle-orm";
import { callOperation } from "../../base/operation.ts";
import { callApp } from "../calls.testing.ts";
import { ADMIN, EDITOR, openTokenScene, type TokenScene, VIEWER } from "./scene.testing.ts";
import { createClientToken } from "./service.ts";

let scene: TokenScene;
beforeAll(async () => {
  scene = await openTokenScene();
}, 30_000);
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.app.ports.database.delete(clientTokens);
});

const PATH = "/api/client-tokens";
const call = (path: string, authorization: string, more: object = {}) =>
  callApp(scene.app, `${PATH}${path}`, { authorization, ...more });
const bearer = (rawToken: string) => `Bearer ${rawToken}`;
const NOT_FOUND = '{"detail":"Token not found"}';
const EXCEEDED = "Requested scopes exceed your permissions: roms.write";

async function newestAction(): Promise<string> {
  const { database } = scene.app.ports;
  const [line] = await database.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1);
  return `${line?.action} ${line?.subject} by ${line?.actorName}`;
}

describe("PUT /api/client-tokens/{id}/regenerate", () => {
  const regenerate = (id: number | string, authorization: string) =>
    call(`/${id}/regenerate`, authorization, { method: "PUT" });

  test.each([
    ["a viewer", VIEWER],
    ["an editor", EDITOR],
    ["an administrator", ADMIN],
  ])(
    "gives %s another secret of the same token, and the old one stops at once",
    async (_who, authorization) => {
      const made = await scene.createToken(authorization, { expires_in: "30d" });
      // Both the old secret and its use are remembered by now.
      expect(await scene.statusOf(made.raw_token)).toBe(200);
      const answer = await regenerate(made.id, authorization);
      const { raw_token: fresh, ...rest } = answer.json as Record<string, unknown>;
      const { raw_token: old, ...before } = made as unknown as Record<string, unknown>;
      expect(answer.status).toBe(200);
      expect(rest).toEqual(before);
      expect(fresh).toMatch(/^rmm_[0-9a-f]{64}$/);
      expect(fresh).not.toBe(old);
      expect([await scene.statusOf(String(old)), await scene.statusOf(String(fresh))]).toEqual([401, 200]);
    },
  );

  test("does not find what is not there, or somebody else's, not even for an administrator", async () => {
    const { id, raw_token } = await scene.createToken(VIEWER);
    for (const [tokenId, authorization] of [
      [4711, VIEWER],
      [id, EDITOR],
      [id, ADMIN],
    ] as const) {
      const answer = await regenerate(tokenId, authorization);
      expect([answer.status, answer.text]).toEqual([404, NOT_FOUND]);
    }
    expect((await regenerate("abc", VIEWER)).status).toBe(422);
    expect(await scene.statusOf(raw_token)).toBe(200);
  });

  test("does not hand a token of few scopes the secret of one with more", async () => {
    const narrow = await scene.createToken(EDITOR, { scopes: ["me.read", "me.write"] });
    const wide = await scene.createToken(EDITOR, { scopes: ["me.read", "roms.write"] });
    const refused = await regenerate(wide.id, bearer(narrow.raw_token));
    expect([refused.status, refused.text]).toEqual([403, JSON.stringify({ detail: EXCEEDED })]);
    const typed = await scene.mutate(
      "clientTokens.regenerate",
      { tokenId: wide.id },
      bearer(narrow.raw_token),
    );
    expect(typed.error).toEqual({
      message: EXCEEDED,
      kind: "forbidden",
      code: "CLIENT_TOKEN_SCOPES_EXCEEDED",
    });
    expect(await scene.statusOf(wide.raw_token)).toBe(200);
    // Its own secret is no more than it has.
    expect((await regenerate(narrow.id, bearer(narrow.raw_token))).status).toBe(200);
  });

  test("is the same behind the typed door, and noted", async () => {
    const { id, raw_token } = await scene.createToken(VIEWER);
    const fresh = await scene.mutate("clientTokens.regenerate", { tokenId: id }, VIEWER);
    expect(fresh.data).toMatchObject({ id, rawToken: expect.stringMatching(/^rmm_/) });
    expect(await newestAction()).toBe("token.regenerated handheld by ana");
    expect(await scene.statusOf(raw_token)).toBe(401);
    const other = await scene.mutate("clientTokens.regenerate", { tokenId: id }, EDITOR);
    expect(other.error).toEqual({
      message: "Token not found",
      kind: "not_found",
      code: "CLIENT_TOKEN_NOT_FOUND",
    });
  });

  test("leaves one working secret of two calls at once", async () => {
    const { id } = await scene.createToken(VIEWER);
    const answers = await Promise.all([regenerate(id, VIEWER), regenerate(id, VIEWER)]);
    const statuses = await Promise.all(
      answers.map(({ json }) => scene.statusOf((json as { raw_token: string }).raw_token)),
    );
    expect(statuses.toSorted()).toEqual([200, 401]);
  });
});

describe("tokens of all users", () => {
  test("are listed with their owners to administrators, newest first", async () => {
    const [first, second] = [await scene.createToken(VIEWER), await scene.createToken(ADMIN)];
    const answer = await call("/all", ADMIN);
    const tokens = answer.json as Record<string, unknown>[];
    expect(tokens.map(({ id, username }) => [id, username])).toEqual([
      [second.id, "admin"],
      [first.id, "ana"],
    ]);
    // Every field of the recorded answer, and nothing else.
    expect(Object.keys(tokens[0] ?? {})).toEqual([
      "id",
      "name",
      "scopes",
      "expires_at",
      "last_used_at",
      "created_at",
      "user_id",
      "device_id",
      "username",
      "user_avatar_path",
      "user_updated_at",
    ]);
    expect(tokens[0]?.user_avatar_path).toBe("");
    expect(tokens[0]?.user_updated_at).toMatch(/\+00:00$/);
    const typed = await scene.query("clientTokens.listAll", {}, ADMIN);
    expect(typed.data).toMatchObject([{ username: "admin" }, { username: "ana", userAvatarPath: "" }]);
  });

  test("are removed by administrators, whoever owns them, and stop working at once", async () => {
    const { id, raw_token } = await scene.createToken(VIEWER);
    expect(await scene.statusOf(raw_token)).toBe(200);
    const removed = await call(`/${id}/admin`, ADMIN, { method: "DELETE" });
    expect([removed.status, removed.text]).toEqual([200, "null"]);
    expect(await newestAction()).toBe("token.removed handheld by admin");
    expect(await scene.statusOf(raw_token)).toBe(401);
    const again = await call(`/${id}/admin`, ADMIN, { method: "DELETE" });
    expect([again.status, again.text]).toEqual([404, NOT_FOUND]);
    const other = await scene.createToken(EDITOR);
    expect((await scene.mutate("clientTokens.removeAny", { tokenId: other.id }, ADMIN)).data).toBeNull();
    expect((await scene.mutate("clientTokens.removeAny", { tokenId: other.id }, ADMIN)).status).toBe(404);
  });

  test.each([
    ["a viewer", VIEWER],
    ["an editor", EDITOR],
  ])("are none of the business of %s", async (_who, authorization) => {
    const { id, raw_token } = await scene.createToken(ADMIN);
    const answers = [
      await call("/all", authorization),
      await call(`/${id}/admin`, authorization, { method: "DELETE" }),
    ];
    for (const { status, text } of answers) expect([status, text]).toEqual([403, '{"detail":"Forbidden"}']);
    expect((await scene.query("clientTokens.listAll", {}, authorization)).error?.code).toBe(
      "AUTH_SCOPE_MISSING",
    );
    expect(await scene.statusOf(raw_token)).toBe(200);
  });
});

describe("the scopes of a token", () => {
  test("cannot be exceeded by tokens that it makes, even where its owner holds more", async () => {
    const narrow = await scene.createToken(ADMIN, { scopes: ["me.read", "me.write"] });
    const json = { name: "wider", scopes: ["me.read", "roms.write"] };
    const refused = await call("", bearer(narrow.raw_token), { json });
    expect([refused.status, refused.text]).toEqual([403, JSON.stringify({ detail: EXCEEDED })]);
    expect(
      (await call("", bearer(narrow.raw_token), { json: { ...json, scopes: ["me.read"] } })).status,
    ).toBe(201);
  });

  test("shrink with those of its owner", async () => {
    const { raw_token } = await scene.createToken(EDITOR, { scopes: ["me.read", "me.write", "roms.write"] });
    const json = { name: "x", scopes: ["roms.write"] };
    expect((await call("", bearer(raw_token), { json })).status).toBe(201);
    const groupId = await scene.moveToGroup("edd", null);
    expect((await call("", bearer(raw_token), { json })).text).toBe(JSON.stringify({ detail: EXCEEDED }));
    await scene.moveToGroup("edd", groupId);
    expect((await call("", bearer(raw_token), { json })).status).toBe(201);
  });
});

describe("the limit of 25 tokens", () => {
  test("holds when two calls want the last one", async () => {
    for (let number = 0; number < 24; number++) await scene.createToken(VIEWER);
    const json = { name: "last", scopes: ["me.read"] };
    const answers = await Promise.all([1, 2, 3].map(() => call("", VIEWER, { json })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400]);
    expect(answers.find(({ status }) => status === 400)?.text).toBe(
      '{"detail":"Maximum of 25 tokens per user reached"}',
    );
  });
});

test("a token that a caller made is noted with its scopes, and never with its secret", async () => {
  const ctx = scene.app.createContext();
  const input = { name: "noted", scopes: ["me.read"] };
  const { rawToken } = await callOperation(createClientToken, ctx, () => input);
  expect(await newestAction()).toBe("token.created noted by admin");
  const lines = await scene.app.ports.database.select().from(auditLog);
  expect(JSON.stringify(lines)).not.toContain(rawToken.slice(4, 20));
});
