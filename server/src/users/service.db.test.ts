import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { users } from "@multitap/db/schema/users";
import { eq, sql } from "drizzle-orm";
import { openScene, type TestScene } from "../auth/scene.testing.ts";
import type { Identity } from "../base/identity.ts";
import { callOperation } from "../base/operation.ts";
import { EDIT_SCOPES, FULL_SCOPES, type Scope, WRITE_SCOPES } from "../base/scopes.ts";
import { findAccount, findAccountByPassword, findUserByName, noteActivity } from "./accounts/service.ts";
import type { User } from "./contract.ts";
import { lockFirstAdmin } from "./queries.ts";
import { createUser, getMe, hasAdmin } from "./service.ts";

let scene: TestScene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const admin: Identity = {
  kind: "user",
  userId: 1,
  username: "admin",
  isAdmin: true,
  scopes: new Set(FULL_SCOPES),
  proof: "session",
  deviceId: "a device",
  sessionId: null,
};

interface NewUser {
  username?: string;
  password?: string;
  email?: string;
  role?: string;
}

const create = (fields: NewUser = {}, identity?: Identity): Promise<User> =>
  callOperation(createUser, scene.context({ identity }), () => ({
    username: "Admin",
    password: "adminpass",
    email: "",
    role: "user",
    ...fields,
  }));

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );

describe("createUser", () => {
  test("makes the first account an administrator, whatever role it asked for", async () => {
    expect(await hasAdmin(scene.context())).toBe(false);
    const user = await create({ role: "viewer", email: "Admin@Example.com" });
    expect(user).toMatchObject({
      id: 1,
      username: "admin",
      email: "admin@example.com",
      role: "admin",
      isEnabled: true,
      permissionGroupId: null,
    });
    expect(user.scopes).toEqual([...FULL_SCOPES]);
    expect(await hasAdmin(scene.context())).toBe(true);
  });

  test("makes exactly one of several first accounts at once", async () => {
    const results = await Promise.all(
      [1, 2, 3].map((number) => code(create({ username: `admin${number}` }))),
    );
    expect(results.toSorted()).toEqual(["AUTH_SCOPE_MISSING", "AUTH_SCOPE_MISSING", "no error"]);
    expect(await scene.ports.database.$count(users)).toBe(1);
  });

  test("waits for a first account that another process is making, and is refused", async () => {
    const { database } = scene.ports;
    const isBlocked = async () =>
      (await database.execute(sql`select 1 from pg_locks where locktype = 'advisory' and not granted`))
        .length > 0;
    let second = Promise.resolve("not started");
    await database.transaction(async (tx) => {
      await lockFirstAdmin(tx);
      await tx.insert(users).values({ username: "first", role: "admin" });
      let isDone = false;
      second = code(create()).finally(() => {
        isDone = true;
      });
      while (!isDone && !(await isBlocked())) await Bun.sleep(5);
    });
    expect(await second).toBe("AUTH_SCOPE_MISSING");
    expect(await database.$count(users)).toBe(1);
  });

  test("refuses anonymous callers once there is an administrator", async () => {
    await create();
    expect(await code(create({ username: "second" }))).toBe("AUTH_SCOPE_MISSING");
  });

  const roles: [string, string, readonly Scope[]][] = [
    ["user", "user", WRITE_SCOPES],
    ["VIEWER", "user", WRITE_SCOPES],
    ["editor", "user", EDIT_SCOPES],
    ["admin", "admin", FULL_SCOPES],
  ];
  test.each(roles)("gives an account made as %s the role %s and its scopes", async (asked, role, scopes) => {
    await create();
    const user = await create({ username: "other", role: asked }, admin);
    expect(user.role).toBe(role as User["role"]);
    expect(user.scopes).toEqual([...scopes]);
    expect(user.permissionGroupId === null).toBe(asked !== "editor");
  });

  test("lets only administrators make administrators", async () => {
    await create();
    const manager: Identity = { ...admin, isAdmin: false };
    expect(await code(create({ username: "other", role: "admin" }, manager))).toBe("USER_ADMIN_ONLY");
    expect(await code(create({ username: "other" }, manager))).toBe("no error");
  });

  test("refuses a name or an address that is taken, in the words that were sent", async () => {
    await create({ email: "admin@example.com" });
    const sameName = create({ username: "ADMIN", email: "x@example.com" }, admin);
    await expect(sameName).rejects.toMatchObject({
      code: "USER_NAME_TAKEN",
      message: "Username ADMIN already exists",
    });
    const sameAddress = create({ username: "other", email: "Admin@example.com" }, admin);
    await expect(sameAddress).rejects.toMatchObject({
      code: "USER_EMAIL_TAKEN",
      message: "User with email Admin@example.com already exists",
    });
  });

  test("makes nothing when a rule is broken", async () => {
    expect(await code(create({ username: "x" }))).toBe("USER_NAME_INVALID");
    expect(await code(create({ password: "x" }))).toBe("USER_PASSWORD_INVALID");
    expect(await code(create({ email: "x" }))).toBe("USER_EMAIL_INVALID");
    expect(await code(create({ role: "x" }))).toBe("USER_ROLE_INVALID");
    expect(await scene.ports.database.$count(users)).toBe(0);
  });
});

describe("getMe", () => {
  test("gives the caller's account and the device the call speaks for", async () => {
    await create();
    expect(await getMe.run(scene.context({ identity: admin }), {})).toMatchObject({
      id: 1,
      username: "admin",
      currentDeviceId: "a device",
    });
  });

  test("gives a kiosk's visitor the account that stands for all of them", async () => {
    const kiosk: Identity = { kind: "kiosk", scopes: new Set<Scope>(["roms.read", "me.read"]) };
    expect(await getMe.run(scene.context({ identity: kiosk }), {})).toMatchObject({
      id: -1,
      username: "kiosk",
      role: "user",
      scopes: ["me.read", "roms.read"],
    });
  });
});

describe("findAccountByPassword", () => {
  const find = (username: string, password: string) =>
    findAccountByPassword(scene.context(), { username, password });
  const setHash = (hash: string | null) =>
    scene.ports.database.update(users).set({ hashedPassword: hash }).where(eq(users.username, "admin"));
  const readRow = async () => (await scene.ports.database.select().from(users))[0];

  test("finds an account by its name in any case", async () => {
    await create();
    expect((await find("ADMIN", "adminpass"))?.id).toBe(1);
    expect(await find("admin", "Adminpass")).toBeNull();
    expect(await find("nobody", "adminpass")).toBeNull();
    expect(await find("a\u0000b", "adminpass")).toBeNull();
  });

  test("replaces an imported hash and leaves the visible change date alone", async () => {
    const { updatedAt } = await create();
    const imported = await Bun.password.hash("old password", { algorithm: "bcrypt", cost: 4 });
    await setHash(imported.replace("$2b$", "$2y$"));
    expect(await find("admin", "wrong password")).toBeNull();
    expect((await readRow())?.hashedPassword).toStartWith("$2y$");
    const account = await find("admin", "old password");
    const row = await readRow();
    expect(row?.hashedPassword).toStartWith("$argon2id$");
    expect(row?.updatedAt.toISOString()).toBe(updatedAt);
    expect(await find("admin", "old password")).toEqual(account);
  });

  test("finds nobody for an account without a usable hash", async () => {
    await create();
    for (const hash of [null, "", "0f8fad5b-d9cb-469f-a165-70867728950e"]) {
      await setHash(hash);
      expect(await find("admin", "adminpass")).toBeNull();
    }
  });
});

describe("findAccount", () => {
  test("sees what another process changed after its time in memory", async () => {
    await create();
    const ctx = scene.context();
    expect((await findAccount(ctx, 1))?.isEnabled).toBe(true);
    await scene.ports.database.update(users).set({ enabled: false });
    expect((await findAccount(ctx, 1))?.isEnabled).toBe(true);
    scene.advance(5_000);
    expect((await findAccount(ctx, 1))?.isEnabled).toBe(false);
    expect(await findAccount(ctx, 99)).toBeNull();
    expect((await findUserByName(ctx, "Admin"))?.isEnabled).toBe(false);
  });
});

describe("noteActivity", () => {
  test("writes at most once a minute and never the visible change date", async () => {
    const { updatedAt } = await create();
    const read = async () => (await scene.ports.database.select().from(users))[0];
    await noteActivity(scene.context(), 1);
    const first = (await read())?.lastActive;
    expect(first).toBeInstanceOf(Date);
    scene.advance(59_000);
    await noteActivity(scene.context(), 1);
    expect((await read())?.lastActive).toEqual(first ?? null);
    scene.advance(1_001);
    await noteActivity(scene.context(), 1);
    const row = await read();
    expect((row?.lastActive?.getTime() ?? 0) - (first?.getTime() ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(row?.updatedAt.toISOString()).toBe(updatedAt);
  });

  test("does not fail the call when it cannot write", async () => {
    const broken = { ...scene.ports, database: null } as unknown as TestScene["ports"];
    await noteActivity({ ports: broken, db: broken.database }, 1);
    expect(scene.warnings).toEqual(["could not note the activity of an account"]);
  });
});
