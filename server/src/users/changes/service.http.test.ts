import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { clientTokens } from "@multitap/db/schema/auth";
import { users } from "@multitap/db/schema/users";
import { asc, eq } from "drizzle-orm";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { ADMIN, addAccounts, basic, callApp, openBrowser, VIEWER } from "../../auth/calls.testing.ts";
import { OPERATOR } from "../../base/identity.ts";
import { callOperation } from "../../base/operation.ts";
import { FULL_SCOPES } from "../../base/scopes.ts";
import { noteAccessChange } from "../../permissions/changes/service.ts";
import { hashPassword } from "../passwords/service.ts";
import { removeUser, updateUser } from "./service.ts";

const FORBIDDEN = '{"detail":"Forbidden"}';
const OTHER_ADMIN = basic("boss", "bosspass");
let app: TestApp;

// Accounts 1 and 2 are `admin` and `ana`.
beforeAll(async () => {
  app = await createTestApp();
}, 15_000);
afterAll(() => app.close());
beforeEach(async () => {
  await addAccounts(app);
  // What the process remembers of accounts is kept by id, and the ids are those of the last test.
  noteAccessChange({ ports: app.ports });
});
afterEach(async () => {
  await app.ports.events.flush();
  await app.database.handle.sql`truncate users, audit_log, event_log restart identity cascade`;
  await app.database.handle.sql`delete from permission_groups where name = 'Managers'`;
});

const addUser = async (username: string, password: string, role: "user" | "admin" = "user") => {
  const hashedPassword = await hashPassword(password, { memoryKib: 8, passes: 1 });
  const [row] = await app.ports.database.insert(users).values({ username, role, hashedPassword }).returning();
  return row?.id ?? 0;
};
const put = (userId: number, form: Record<string, string>, authorization = ADMIN) =>
  callApp(app, `/api/users/${userId}`, { method: "PUT", authorization, form });
const readRow = async (userId: number) =>
  (await app.ports.database.select().from(users).where(eq(users.id, userId)))[0];
const listAudit = async () =>
  (await app.ports.database.select().from(auditLog).orderBy(asc(auditLog.id))).map(
    ({ action, subject, actorName }) => `${actorName} ${action} ${subject}`,
  );
const rpc = (name: string, json: unknown, authorization = ADMIN) =>
  callApp(app, `/trpc/${name}`, { json, authorization });

describe("PUT /api/users/{id}", () => {
  test("changes every field, and says so in the compatible shape", async () => {
    const answer = await put(2, {
      username: "Anna",
      email: "Anna@Example.com",
      role: "editor",
      enabled: "false",
      ra_username: " AnnaPlays ",
      ui_settings: '{"theme":"dark"}',
    });
    expect(answer.status).toBe(200);
    const { updated_at, created_at, permission_group_id, oauth_scopes, ...rest } = answer.json as Record<
      string,
      unknown
    >;
    expect(rest).toEqual({
      id: 2,
      username: "anna",
      email: "anna@example.com",
      enabled: false,
      role: "user",
      avatar_path: "",
      last_login: null,
      last_active: null,
      ra_username: "AnnaPlays",
      ra_progression: {},
      ui_settings: { theme: "dark" },
      current_device_id: null,
    });
    expect(oauth_scopes).toContain("roms.write");
    expect(permission_group_id).toBeNumber();
    expect(String(updated_at) > String(created_at)).toBe(true);
    expect(await listAudit()).toEqual(["admin user.updated ana"]);
  });

  test("ignores empty texts, but clears the address and the RetroAchievements name", async () => {
    await put(2, { email: "a@example.com", ra_username: "ana", ui_settings: '{"a":1}' });
    await app.ports.database
      .update(users)
      .set({ raProgression: { total: 1 } })
      .where(eq(users.id, 2));
    const same = await put(2, {
      username: "",
      password: "",
      role: "",
      enabled: "",
      ui_settings: "",
      avatar: "",
    });
    expect(same.json).toMatchObject({ username: "ana", email: "a@example.com", ra_username: "ana" });
    expect(same.json).toMatchObject({ ui_settings: { a: 1 }, ra_progression: { total: 1 } });
    const cleared = await put(2, { email: "", ra_username: "" });
    expect(cleared.json).toMatchObject({ email: null, ra_username: "", ra_progression: {} });
    expect((await callApp(app, "/api/users/2", { authorization: VIEWER })).status).toBe(403);
    expect((await callApp(app, "/api/users/me", { authorization: VIEWER })).status).toBe(200);
  });

  test("moves the change date only with what others can see", async () => {
    const before = (await readRow(2))?.updatedAt;
    await put(2, { username: "ANA", password: "new password", role: "viewer", enabled: "true" });
    expect((await readRow(2))?.updatedAt).toEqual(before as Date);
    await put(2, { ra_username: "x" });
    expect((await readRow(2))?.updatedAt.getTime()).toBeGreaterThan(before?.getTime() ?? 0);
  });

  const refused: [Record<string, string>, number, string][] = [
    [{ username: "x" }, 400, "Username must be at least 3 characters long"],
    [{ username: " " }, 400, "Username cannot be empty"],
    [{ username: "Ädmin" }, 400, "Username must contain only ASCII characters"],
    [{ username: "a b c" }, 400, "Username can only contain letters, numbers, underscores, and hyphens"],
    [{ username: "ADMIN" }, 400, "Username ADMIN already exists"],
    [{ password: "x" }, 400, "Password must be at least 6 characters long"],
    [{ email: "x" }, 400, "Invalid email format"],
    [{ email: "Admin@example.com" }, 400, "User with email Admin@example.com already exists"],
    [{ role: "root" }, 400, "Role root is not valid"],
    [{ ra_username: "a\u0000b" }, 400, "Invalid RetroAchievements username"],
    [{ ui_settings: "[]" }, 400, "Invalid ui_settings JSON: must be a JSON object"],
    [{ ui_settings: "null" }, 400, "Invalid ui_settings JSON: must be a JSON object"],
    [{ ui_settings: "{" }, 400, "Invalid ui_settings JSON: the text is not JSON"],
    [
      { ui_settings: '{"a":"\\u0000"}' },
      400,
      "Invalid ui_settings JSON: nested deeper than 32, or a text with a zero character",
    ],
    [
      { ui_settings: '{"\\ud800":1}' },
      400,
      "Invalid ui_settings JSON: nested deeper than 32, or a text with a zero character",
    ],
    [
      { ui_settings: `{"a":${"[".repeat(99)}${"]".repeat(99)}}` },
      400,
      "Invalid ui_settings JSON: nested deeper than 32, or a text with a zero character",
    ],
    [
      { ui_settings: JSON.stringify({ a: "x".repeat(300_000) }) },
      400,
      "Invalid ui_settings JSON: longer than 262144 characters",
    ],
  ];
  test.each(refused)("refuses %j", async (form, status, detail) => {
    await app.ports.database.update(users).set({ email: "admin@example.com" }).where(eq(users.id, 1));
    const before = await readRow(2);
    const answer = await put(2, form);
    expect([answer.status, answer.json]).toEqual([status, { detail }]);
    expect(await readRow(2)).toEqual(before);
    expect(await listAudit()).toEqual([]);
  });

  test("names the field of a value of the wrong kind", async () => {
    const flag = await put(2, { enabled: "perhaps" });
    expect(flag.status).toBe(422);
    expect(flag.json).toMatchObject({ detail: [{ type: "bool_parsing", loc: ["body", "enabled"] }] });
    const id = await callApp(app, "/api/users/abc", { method: "PUT", authorization: ADMIN, form: {} });
    expect(id.json).toMatchObject({ detail: [{ type: "int_parsing", loc: ["path", "id"], input: "abc" }] });
  });

  test("asks for existence before ownership, and lets nobody change others with less than an administrator's proof", async () => {
    const missing = await put(99, {}, VIEWER);
    expect([missing.status, missing.text]).toEqual([404, '{"detail":"Username with id 99 not found"}']);
    expect((await put(1, { username: "evil" }, VIEWER)).text).toBe(FORBIDDEN);
    // A token of the administrator that was made for less.
    const form = { username: "admin", password: "adminpass", scope: "me.read me.write" };
    const { access_token } = (await callApp(app, "/api/token", { form })).json as { access_token: string };
    const narrow = await put(2, { role: "admin" }, `Bearer ${access_token}`);
    expect([narrow.status, narrow.text]).toEqual([403, FORBIDDEN]);
    expect((await put(1, { ra_username: "me" }, `Bearer ${access_token}`)).status).toBe(200);
  });

  test("takes no role and no switch from oneself, whatever else the form names", async () => {
    const form = {
      role: "admin",
      enabled: "false",
      permission_group_id: "2",
      id: "1",
      oauth_scopes: "users.write",
    };
    const answer = await put(2, { ...form, hashed_password: "x", avatar_path: "/etc/passwd" }, VIEWER);
    expect(answer.json).toMatchObject({ id: 2, role: "user", enabled: true, permission_group_id: null });
    expect((await readRow(2))?.avatarPath).toBe("");
    expect((await put(1, { role: "user", enabled: "0" })).json).toMatchObject({
      role: "admin",
      enabled: true,
    });
    expect((await put(1, { role: "no such role" })).status).toBe(200);
  });

  test("keeps a group when an app sends the plain role back", async () => {
    const editor = (await put(2, { role: "EDITOR" })).json as { permission_group_id: number };
    expect((await put(2, { role: "user" })).json).toMatchObject(editor);
    expect((await put(2, { role: "viewer" })).json).toMatchObject({ permission_group_id: null });
    const promoted = await put(2, { role: "admin" });
    expect(promoted.json).toMatchObject({ role: "admin", oauth_scopes: [...FULL_SCOPES] });
  });

  test("tells the account's apps when its rights change, and only then", async () => {
    const heard: unknown[] = [];
    const events = app.database.handle.sql;
    await put(2, { ra_username: "x" });
    await put(2, { role: "editor" });
    await put(2, { enabled: "false" });
    await app.ports.events.flush();
    for (const row of await events`select * from event_log order by 1`) heard.push(row.topic);
    expect(heard).toEqual(["permissions", "permissions"]);
  });

  test("is the same at the typed door", async () => {
    const changed = await rpc("users.update", { userId: 2, isEnabled: false, uiSettings: { a: [1] } });
    expect(changed.json).toMatchObject({
      result: { data: { id: 2, isEnabled: false, uiSettings: { a: [1] } } },
    });
    const extra = await rpc("users.update", { userId: 2, avatarPath: "/etc/passwd" });
    expect([extra.status, extra.json]).toMatchObject([400, { error: { data: { code: "INPUT_INVALID" } } }]);
    const foreign = await rpc("users.update", { userId: 1, username: "evil" }, VIEWER);
    expect([foreign.status, foreign.json]).toMatchObject([401, {}]);
    await put(2, { enabled: "true" });
    const still = await rpc("users.update", { userId: 1, username: "evil" }, VIEWER);
    expect([still.status, still.json]).toMatchObject([403, { error: { data: { code: "USER_FOREIGN" } } }]);
    const zero = await rpc("users.update", { userId: 2, uiSettings: { a: "\u0000" } });
    expect(zero.json).toMatchObject({ error: { data: { code: "USER_SETTINGS_INVALID" } } });
  });
});

describe("a login session", () => {
  const signIn = async (authorization: string) => {
    const browser = openBrowser(app);
    await browser.call("/api/login", { method: "POST", authorization });
    expect((await browser.call("/api/users/me")).status).toBe(200);
    return browser;
  };

  test.each([{ password: "new password" }, { username: "anna" }])(
    "ends with %j set by itself",
    async (form) => {
      const [first, second] = [await signIn(VIEWER), await signIn(VIEWER)];
      expect((await first.call("/api/users/2", { method: "PUT", form })).status).toBe(200);
      for (const browser of [first, second]) {
        expect((await browser.call("/api/users/me")).status).toBe(401);
        expect(browser.cookies.has("romm_session")).toBe(false);
      }
      const name = "username" in form ? "anna" : "ana";
      await signIn(basic(name, "password" in form ? "new password" : "viewerpass"));
    },
  );

  test.each([{ password: "new password" }, { enabled: "false" }])(
    "ends with %j set by an administrator",
    async (form) => {
      const browser = await signIn(VIEWER);
      await put(2, form);
      expect((await browser.call("/api/users/me")).status).toBe(401);
    },
  );

  test("stays with a change of anything else", async () => {
    const browser = await signIn(VIEWER);
    const form = { email: "a@example.com", ra_username: "ana", username: "ANA", ui_settings: "{}" };
    expect((await browser.call("/api/users/2", { method: "PUT", form })).status).toBe(200);
    expect((await browser.call("/api/users/me")).status).toBe(200);
  });

  test("is what a password change ends, while tokens for apps stay", async () => {
    const json = { name: "Deck", scopes: ["me.read"] };
    const created = await callApp(app, "/api/client-tokens", { json, authorization: VIEWER });
    const { raw_token } = created.json as { raw_token: string };
    await put(2, { password: "new password" });
    expect((await callApp(app, "/api/users/me", { authorization: `Bearer ${raw_token}` })).status).toBe(200);
    await put(2, { enabled: "false" });
    expect((await callApp(app, "/api/users/me", { authorization: `Bearer ${raw_token}` })).status).toBe(401);
    expect(await listAudit()).toContain("admin user.password_changed ana");
  });
});

describe("the last administrator", () => {
  test("stays one, who can sign in, although somebody else is one who cannot", async () => {
    const operator = app.createContext(OPERATOR);
    const bossId = await addUser("boss", "bosspass", "admin");
    await put(bossId, { enabled: "false" });
    const asked: [string, () => Promise<unknown>][] = [
      ["demote", () => callOperation(updateUser, operator, () => ({ userId: 1, role: "user" }))],
      ["disable", () => callOperation(updateUser, operator, () => ({ userId: 1, isEnabled: false }))],
      ["delete", () => callOperation(removeUser, operator, () => ({ userId: 1 }))],
    ];
    for (const [deed, ask] of asked) {
      const failure = (await ask().catch((error: unknown) => error)) as { code: string; message: string };
      expect([failure.code, failure.message]).toEqual([
        "USER_LAST_ADMIN",
        `You cannot ${deed} the last admin user`,
      ]);
    }
    expect(await readRow(1)).toMatchObject({ role: "admin", enabled: true });
  });

  const races: [string, (userId: number, by: string) => Promise<{ status: number; text: string }>][] = [
    ["demote", (userId, by) => put(userId, { role: "user" }, by)],
    ["disable", (userId, by) => put(userId, { enabled: "false" }, by)],
    [
      "delete",
      (userId, authorization) => callApp(app, `/api/users/${userId}`, { method: "DELETE", authorization }),
    ],
  ];
  test.each(races)("is left when two %s each other at once", async (deed, act) => {
    const bossId = await addUser("boss", "bosspass", "admin");
    // Both passwords are known by now, so that both calls begin together.
    await Promise.all(
      [ADMIN, OTHER_ADMIN].map((authorization) => callApp(app, "/api/users/me", { authorization })),
    );
    const answers = await Promise.all([act(bossId, ADMIN), act(1, OTHER_ADMIN)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.find(({ status }) => status !== 200);
    // On a busy machine the second call may begin when its caller is no administrator any more.
    const isLate = refused?.status === 401 || refused?.status === 403;
    const lastAdmin = `{"detail":"You cannot ${deed} the last admin user"}`;
    expect(isLate || (refused?.status === 400 && refused.text === lastAdmin)).toBe(true);
    const left = await app.ports.database.select().from(users).where(eq(users.role, "admin"));
    expect(left.filter(({ enabled }) => enabled)).toHaveLength(1);
  });
});

describe("DELETE /api/users/{id}", () => {
  const remove = (userId: number, authorization = ADMIN) =>
    callApp(app, `/api/users/${userId}`, { method: "DELETE", authorization });

  test("removes an account with its tokens and files", async () => {
    const json = { name: "Deck", scopes: ["me.read"] };
    const created = await callApp(app, "/api/client-tokens", { json, authorization: VIEWER });
    const { raw_token } = created.json as { raw_token: string };
    const folder = `${app.facts.assetsPath}/users/${Buffer.from("User:2").toString("hex")}`;
    await app.ports.files.createFolder(`${folder}/saves`);
    await app.ports.files.writeAtomic(`${folder}/saves/a.srm`, "x");
    const answer = await remove(2);
    expect([answer.status, answer.text]).toEqual([200, "null"]);
    expect(await app.ports.files.find(folder)).toBeNull();
    expect(await app.ports.files.find(app.facts.assetsPath)).not.toBeNull();
    expect(await app.ports.database.$count(clientTokens)).toBe(0);
    expect((await callApp(app, "/api/users/me", { authorization: `Bearer ${raw_token}` })).status).toBe(401);
    expect(await listAudit()).toContain("admin user.removed ana");
    expect((await remove(2)).text).toBe('{"detail":"User not found"}');
  });

  test("refuses oneself, and everybody but administrators", async () => {
    const self = await remove(1);
    expect([self.status, self.text]).toEqual([400, '{"detail":"You cannot delete yourself"}']);
    expect((await remove(1, VIEWER)).text).toBe(FORBIDDEN);
    expect((await remove(99)).status).toBe(404);
    const bad = await remove(0);
    expect(bad.json).toMatchObject({ detail: [{ type: "greater_than_equal", loc: ["path", "id"] }] });
  });

  const grantUsers = async (groupId: number, action: string) =>
    await app.database.handle.sql`
      insert into permission_group_grants (group_id, entity, action) values (${groupId}, 'users', ${action})`;

  test("keeps everybody from who may not delete users, and administrators from who is none", async () => {
    await addUser("boss", "bosspass", "admin");
    const id = await addUser("carl", "carlpass");
    const [group] = await app.database.handle.sql<{ id: number }[]>`
      insert into permission_groups (name) values ('Managers') returning id`;
    const permissionGroupId = group?.id ?? 0;
    await app.ports.database.update(users).set({ permissionGroupId }).where(eq(users.id, 2));
    await grantUsers(permissionGroupId, "write");
    const ungranted = await remove(id, VIEWER);
    expect([ungranted.status, ungranted.text]).toEqual([403, '{"detail":"Insufficient permissions"}']);
    await grantUsers(permissionGroupId, "delete");
    noteAccessChange({ ports: app.ports });
    const answer = await remove(1, VIEWER);
    expect([answer.status, answer.json]).toEqual([
      403,
      { detail: "Only an administrator can delete admin users" },
    ]);
    expect((await remove(id, VIEWER)).status).toBe(200);
  });

  test("is the same at the typed door", async () => {
    expect((await rpc("users.remove", { userId: 2 })).json).toMatchObject({ result: { data: null } });
    expect((await rpc("users.remove", { userId: 2 })).json).toMatchObject({
      error: { data: { code: "USER_NOT_FOUND" } },
    });
    expect((await rpc("users.remove", { userId: 1 })).json).toMatchObject({
      error: { data: { code: "USER_REMOVES_SELF" } },
    });
  });
});
