/** What strangers learn of accounts, and what callers slip into them. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { permissionGroups, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { type Answer, basic, callApp } from "../../auth/calls.testing.ts";
import {
  ADMIN,
  EDITOR,
  openTokenScene,
  type TokenScene,
  VIEWER,
} from "../../auth/client-tokens/scene.testing.ts";
import { hashPassword } from "../../users/passwords/service.ts";

let scene: TokenScene;
beforeAll(async () => {
  scene = await openTokenScene();
}, 30_000);
afterAll(() => scene?.close());
beforeEach(() => scene.clearLimits());

const PASSWORD = "a right password";
let made = 0;
/** A name that nobody has. */
const freshName = () => {
  made += 1;
  return `person${made}`;
};
const findRow = async (username: string) =>
  (await scene.app.ports.database.select().from(users).where(eq(users.username, username)))[0];

/** An account as the server itself makes it: its password takes as long to check as any other. */
async function addAccount(): Promise<string> {
  const username = freshName();
  const hashedPassword = await hashPassword(PASSWORD);
  await scene.app.ports.database.insert(users).values({ username, hashedPassword });
  return username;
}

describe("fields that nobody may set", () => {
  const HOSTILE = {
    id: 1,
    user_id: 1,
    userId: 1,
    role: "admin",
    is_admin: true,
    isAdmin: true,
    enabled: false,
    isEnabled: false,
    permission_group_id: 2,
    permissionGroupId: 2,
    oauth_scopes: ["users.write"],
    scopes: ["users.write"],
    hashed_password: "",
    hashedPassword: "",
    avatar_path: "/etc/passwd",
    avatarPath: "../../etc/passwd",
    created_at: "2000-01-01T00:00:00Z",
    constructor: { prototype: { isAdmin: true } },
  };
  /** A text, so that the name stays one. */
  const withPrototype = (fields: object) =>
    JSON.stringify({ ...HOSTILE, ...fields }).replace("{", '{"__proto__":{"isAdmin":true,"role":"admin"},');

  const post = async (path: string, body: string, authorization?: string) => {
    const headers = {
      "content-type": "application/json",
      ...(authorization === undefined ? { authorization: "Bearer" } : { authorization }),
    };
    const response = await scene.app.fetch(path, { method: "POST", headers, body });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  const invite = async (role: string) => {
    const { json } = await callApp(scene.app, `/api/users/invite-link?role=${role}`, {
      method: "POST",
      authorization: ADMIN,
    });
    return (json as { token: string }).token;
  };
  const expectPlain = async (username: string) => {
    const row = await findRow(username);
    expect(row).toMatchObject({
      username,
      role: "user",
      enabled: true,
      permissionGroupId: null,
      avatarPath: "",
    });
    expect(row?.id).toBeGreaterThan(1);
    expect(row?.hashedPassword).toStartWith("$argon2id$");
    expect(row?.createdAt.getTime()).toBeGreaterThan(Date.now() - 600_000);
    const { json } = await callApp(scene.app, "/api/users/me", { authorization: basic(username, PASSWORD) });
    expect((json as { oauth_scopes: string[] }).oauth_scopes).not.toContain("users.write");
  };

  test("come to nothing in a new account", async () => {
    const username = freshName();
    const body = withPrototype({ username, password: PASSWORD, email: "", role: "user" });
    expect((await post("/api/users", body, ADMIN)).status).toBe(201);
    await expectPlain(username);
    const typed = await scene.mutate(
      "users.create",
      { ...HOSTILE, username: freshName(), password: PASSWORD, email: "" },
      ADMIN,
    );
    expect([typed.status, typed.error?.code]).toEqual([400, "INPUT_INVALID"]);
  });

  test("come to nothing in a registration, whose role is that of the invite", async () => {
    const username = freshName();
    const token = await invite("user");
    const body = withPrototype({ username, password: PASSWORD, email: "", token });
    expect((await post("/api/users/register", body)).status).toBe(201);
    await expectPlain(username);
    const fields = {
      ...HOSTILE,
      username: freshName(),
      password: PASSWORD,
      email: "",
      token: await invite("user"),
    };
    const typed = await scene.mutate("users.register", fields, "Bearer");
    expect([typed.status, typed.error?.code]).toEqual([400, "INPUT_INVALID"]);
  });

  test.each(["url-encoded", "multipart"])(
    "come to nothing in a change of oneself by a %s form",
    async (kind) => {
      const username = await addAccount();
      const { id = 0 } = (await findRow(username)) ?? {};
      const fields = Object.entries({ ...HOSTILE, ra_username: "somebody", __proto__: "x" });
      const body = kind === "multipart" ? new FormData() : new URLSearchParams();
      for (const [name, value] of fields)
        body.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
      body.append("role", "ADMIN");
      const headers = { authorization: basic(username, PASSWORD) };
      const response = await scene.app.fetch(`/api/users/${id}`, { method: "PUT", headers, body });
      expect(response.status).toBe(200);
      await expectPlain(username);
      expect((await findRow(username))?.raUsername).toBe("somebody");
    },
  );

  test("are refused in a change of oneself at the typed door, and role and switch ignored", async () => {
    const username = await addAccount();
    const { id = 0 } = (await findRow(username)) ?? {};
    const own = basic(username, PASSWORD);
    const refused = await scene.mutate("users.update", { ...HOSTILE, userId: id }, own);
    expect([refused.status, refused.error?.code]).toEqual([400, "INPUT_INVALID"]);
    const ignored = await scene.mutate("users.update", { userId: id, role: "admin", isEnabled: false }, own);
    expect(ignored.status).toBe(200);
    await expectPlain(username);
  });

  test("come to nothing in tokens, whose owner and device are those of the caller", async () => {
    const fields = {
      name: "x",
      scopes: ["me.read"],
      user_id: 1,
      userId: 1,
      owner: "admin",
      device_id: "x",
      hashed_token: "x",
      raw_token: "rmm_x",
    };
    const { json } = await callApp(scene.app, "/api/client-tokens", { authorization: VIEWER, json: fields });
    const { raw_token } = json as { raw_token: string };
    expect(raw_token).toMatch(/^rmm_[0-9a-f]{64}$/);
    const me = await callApp(scene.app, "/api/users/me", { authorization: `Bearer ${raw_token}` });
    expect(me.json).toMatchObject({ username: "ana", current_device_id: null });
  });

  test("come to nothing in what asks for a password", async () => {
    const username = await addAccount();
    const before = await findRow(username);
    const body = withPrototype({ username, new_password: "another password", password: "another password" });
    expect((await post("/api/forgot-password", body)).status).toBe(200);
    expect(
      (await post("/api/reset-password", withPrototype({ token: "x", new_password: "another password" })))
        .status,
    ).toBe(400);
    expect(await findRow(username)).toEqual(before);
  });

  test("leave objects of the process as they are", () => {
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(({} as Record<string, unknown>).role).toBeUndefined();
  });
});

describe("a group", () => {
  test("is nothing that somebody moves into by themselves, through any door", async () => {
    const [editor] = await scene.app.ports.database
      .select()
      .from(permissionGroups)
      .where(eq(permissionGroups.name, "Editor"));
    const row = await findRow("ana");
    const body = {
      group_id: editor?.id,
      set_group: true,
      overrides: [{ entity: "users", action: "write", effect: "granted" }],
    };
    for (const authorization of [VIEWER, EDITOR]) {
      const answer = await callApp(scene.app, `/api/permissions/users/${row?.id}`, {
        method: "PUT",
        authorization,
        json: body,
      });
      expect(answer.status).toBe(403);
      const made = await callApp(scene.app, "/api/permissions/groups", {
        authorization,
        json: { name: "mine", is_default: true },
      });
      expect(made.status).toBe(403);
    }
    expect((await findRow("ana"))?.permissionGroupId).toBeNull();
  });
});

/** What a stranger sees of an answer. */
const shown = ({ status, text, headers }: Answer) => {
  const names = [...headers.keys()].filter((name) => name !== "x-request-id" && name !== "set-cookie").sort();
  return {
    status,
    text: text.replace(/"requestId":"\w+"/, ""),
    headers: names.map((name) => `${name}: ${headers.get(name)}`),
    cookies: headers.getSetCookie().length,
  };
};

type Ask = (username: string) => Promise<Answer>;

/** Ways to ask about a name with a wrong password, or with none; each call comes from an address of its own. */
const asks: Record<string, Ask> = {
  "logging in": (name) =>
    callApp(scene.app, "/api/login", {
      method: "POST",
      authorization: basic(name, "wrong"),
      headers: fromElsewhere(),
    }),
  "asking for a token": (name) =>
    callApp(scene.app, "/api/token", {
      form: { username: name, password: "wrong" },
      headers: fromElsewhere(),
    }),
  "asking for a token at the typed door": (name) =>
    callApp(scene.app, "/trpc/auth.signInWithPassword", {
      json: { username: name, password: "wrong", scopes: [] },
      authorization: "Bearer",
      headers: fromElsewhere(),
    }),
  "calling with Basic": (name) =>
    callApp(scene.app, "/api/users/me", { authorization: basic(name, "wrong"), headers: fromElsewhere() }),
  "forgetting a password": (name) =>
    callApp(scene.app, "/api/forgot-password", {
      json: { username: name },
      authorization: "Bearer",
      headers: fromElsewhere(),
    }),
  "forgetting a password at the typed door": (name) =>
    callApp(scene.app, "/trpc/users.askPasswordReset", {
      json: { username: name },
      headers: fromElsewhere(),
    }),
  "registering without an invite": (name) =>
    callApp(scene.app, "/api/users/register", {
      json: { username: name, password: PASSWORD, email: "", token: "x.y.z" },
      authorization: "Bearer",
      headers: fromElsewhere(),
    }),
};

let calls = 0;
/** Limits count addresses, and are not what this is about. */
function fromElsewhere(): Record<string, string> {
  calls += 1;
  return { "x-forwarded-for": `198.51.${calls >> 8}.${calls & 255}` };
}

describe("whether somebody has an account", () => {
  test.each(Object.entries(asks))("is not told by the words of %s", async (_name, ask) => {
    const [known, disabled] = [await addAccount(), await addAccount()];
    await scene.setEnabled(disabled, false);
    const expected = shown(await ask(freshName()));
    expect(shown(await ask(known))).toEqual(expected);
    expect(shown(await ask(known.toUpperCase()))).toEqual(expected);
    expect(shown(await ask(disabled))).toEqual(expected);
  });

  const PAIRS = 12;
  /** Far above what a busy machine adds to a median, far below what a hash that is not computed takes away. */
  const FACTOR = 2;
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

  async function compare(ask: Ask): Promise<{ known: number; unknown: number }> {
    const names = await Promise.all(Array.from({ length: PAIRS }, addAccount));
    const spans: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    const time = async (name: string) => {
      const startedAtMs = performance.now();
      await ask(name);
      return performance.now() - startedAtMs;
    };
    await time(freshName());
    for (const [index, name] of names.entries()) {
      // In turn, and each first as often as second.
      if (index % 2 === 0) spans.known.push(await time(name));
      spans.unknown.push(await time(freshName()));
      if (index % 2 === 1) spans.known.push(await time(name));
    }
    return { known: median(spans.known), unknown: median(spans.unknown) };
  }

  test.each(Object.entries(asks))(
    "is not told by the time of %s",
    async (name, ask) => {
      let last = { known: 0, unknown: 0 };
      // A neighbour's work may fall on one of the two; a difference of ours is there each time.
      for (let round = 0; round < 3; round += 1) {
        last = await compare(ask);
        const [least, most] = [Math.min(last.known, last.unknown), Math.max(last.known, last.unknown)];
        // Below a millisecond the medians are noise, and nobody can tell them apart from outside.
        if (most <= least * FACTOR || most - least < 1) return;
      }
      expect([name, last]).toEqual([name, { known: last.unknown, unknown: last.unknown }]);
    },
    120_000,
  );

  test("takes a hash's time where a password is checked, or the comparison would mean nothing", async () => {
    const startedAtMs = performance.now();
    await asks["logging in"]?.(freshName());
    expect(performance.now() - startedAtMs).toBeGreaterThan(5);
  });
});

describe("an idempotency key", () => {
  test("of another user tells nothing of their answer and changes nothing of it", async () => {
    const key = crypto.randomUUID();
    const username = freshName();
    const hashedPassword = await hashPassword(PASSWORD, { memoryKib: 8, passes: 1 });
    await scene.app.ports.database.insert(users).values({ username, role: "admin", hashedPassword });
    const other = basic(username, PASSWORD);
    const group = { name: `group of ${username}` };
    const headers = { "idempotency-key": key };
    const make = (authorization: string | undefined, json: object = group) =>
      callApp(scene.app, "/api/permissions/groups", {
        json,
        headers,
        ...(authorization === undefined ? {} : { authorization }),
      });
    const first = await make(ADMIN);
    expect(first.status).toBe(201);
    // The same again for who made it; for everybody else their own call, which meets a taken name.
    expect((await make(ADMIN)).text).toBe(first.text);
    expect((await make(other)).status).toBe(400);
    expect((await make(VIEWER)).status).toBe(403);
    expect((await make("Bearer")).status).toBe(401);
    // And another call under the key is refused to its owner only.
    expect((await make(ADMIN, { name: "another" })).status).toBe(409);
    expect((await make(other, { name: `another of ${username}` })).status).toBe(201);
    expect((await make(ADMIN)).text).toBe(first.text);
  });

  test("is the same at both doors only for the same call", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const name = `typed ${freshName()}`;
    const first = await scene.mutate("permissions.createGroup", { name }, ADMIN, headers);
    expect(first.status).toBe(200);
    expect((await scene.mutate("permissions.createGroup", { name }, ADMIN, headers)).data).toEqual(
      first.data,
    );
    const refused = await scene.mutate("permissions.createGroup", { name }, VIEWER, headers);
    expect([refused.status, refused.data]).toEqual([403, undefined]);
  });
});

describe("a token that may do less than its owner", () => {
  async function tokenOf(authorization: string, scopes: readonly string[]): Promise<string> {
    const json = { name: "narrow", scopes, expires_in: "never" };
    const answer = await callApp(scene.app, "/api/client-tokens", { authorization, json });
    return `Bearer ${(answer.json as { raw_token: string }).raw_token}`;
  }
  const changeForm = (id: number, authorization: string, form: Record<string, string>) =>
    callApp(scene.app, `/api/users/${id}`, { method: "PUT", authorization, form });

  test.each([
    ["password", "another password"],
    ["username", "renamed"],
    ["email", "thief@example.com"],
  ])("cannot set its owner's %s, which would open all of the account", async (field, value) => {
    const username = await addAccount();
    const owner = await findRow(username);
    const token = await tokenOf(basic(username, PASSWORD), ["me.read", "me.write"]);
    const answer = await changeForm(owner?.id ?? 0, token, { [field]: value });
    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Forbidden"}']);
    expect(await findRow(username)).toEqual({ ...owner, lastActive: expect.anything() } as never);
    const typed = await callApp(scene.app, "/trpc/users.update", {
      authorization: token,
      json: { userId: owner?.id, [field]: value },
    });
    expect(typed.status).toBe(403);
  });

  test("can still change what opens nothing", async () => {
    const username = await addAccount();
    const token = await tokenOf(basic(username, PASSWORD), ["me.read", "me.write"]);
    const id = (await findRow(username))?.id ?? 0;
    const answer = await changeForm(id, token, { ui_settings: '{"theme":"dark"}' });
    expect(answer.status).toBe(200);
  });

  test("cannot make an administrator, invite one, or take one over, whoever it belongs to", async () => {
    const token = await tokenOf(ADMIN, ["me.write", "users.read", "users.write"]);
    const json = { username: freshName(), password: PASSWORD, email: "", role: "admin" };
    expect((await callApp(scene.app, "/api/users", { authorization: token, json })).status).toBe(403);
    const invite = "/api/users/invite-link?role=admin";
    expect((await callApp(scene.app, invite, { method: "POST", authorization: token })).status).toBe(403);
    const username = await addAccount();
    const victim = await findRow(username);
    await scene.app.ports.database.update(users).set({ role: "admin" }).where(eq(users.username, username));
    expect((await changeForm(victim?.id ?? 0, token, { password: "mine now" })).status).toBe(403);
    const plain = await findRow(await addAccount());
    expect((await changeForm(plain?.id ?? 0, token, { role: "admin" })).status).toBe(403);
  });
});
