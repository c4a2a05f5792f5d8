import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { createTestApp, type TestApp, type TestAppOptions } from "../../app/testing.ts";
import { openSmtpServer, type SmtpFault, type TestSmtpServer } from "../../ports/mail/smtp-server.testing.ts";
import { addAccounts, basic, callApp, openBrowser, VIEWER } from "../calls.testing.ts";
import { signLinkToken } from "../link-tokens/service.ts";
import { askPasswordReset } from "./service.ts";

let app: TestApp;
let smtp: TestSmtpServer | null = null;

async function open(fault: SmtpFault | null = null, environment: TestAppOptions["environment"] = {}) {
  smtp = openSmtpServer(fault);
  const MULTITAP_SMTP_URL = `smtp://127.0.0.1:${smtp.port}`;
  const ROMM_BASE_URL = "https://games.example";
  app = await createTestApp({
    environment: {
      MULTITAP_SMTP_URL,
      MULTITAP_MAIL_FROM: "games@example.com",
      ROMM_BASE_URL,
      ...environment,
    },
  });
  await addAccounts(app);
  await app.ports.database.update(users).set({ email: "ana@example.com" }).where(eq(users.id, 2));
  return smtp;
}

beforeEach(async () => {
  await open();
}, 15_000);
afterEach(async () => {
  await app.close();
  smtp?.close();
});

// With a bearer token, so that no CSRF pair is needed; the operations do not look at who calls.
const authorization = "Bearer abc";
const ask = (username: string) => callApp(app, "/api/forgot-password", { authorization, json: { username } });
const reset = (token: string, password = "new password") =>
  callApp(app, "/api/reset-password", { authorization, json: { token, new_password: password } });
const detailOf = ({ json }: { json: unknown }) => (json as { detail: unknown }).detail;
const countAsked = async () => {
  const [row] = await app.database.handle.sql<{ count: number }[]>`
    select count(*)::int as count from audit_log where action = 'user.password_reset_asked'`;
  return row?.count ?? 0;
};

/** The token in the newest mail. */
async function getMailedToken(count = 1): Promise<string> {
  while ((smtp?.messages.length ?? 0) < count) await Bun.sleep(5);
  const [, token = ""] = /\?token=(\S+)/.exec(smtp?.messages.at(-1)?.text ?? "") ?? [];
  return token;
}

async function askAndRead(): Promise<string> {
  await ask("ana");
  return await getMailedToken();
}

describe("POST /api/forgot-password", () => {
  test("mails a link to whoever has an address", async () => {
    const answer = await ask(" ANA ");
    expect([answer.status, answer.text]).toEqual([200, "null"]);
    const token = await getMailedToken();
    const [message] = smtp?.messages ?? [];
    expect(message?.to).toBe("ana@example.com");
    expect(message?.text).toContain(`https://games.example/reset-password?token=${token}`);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ sub: "ana", type: "reset", email: "ana@example.com" });
    expect(claims.exp - claims.iat).toBe(600);
    const rows = await app.ports.database.select().from(auditLog);
    expect(rows.map(({ action }) => action)).toEqual(["user.password_reset_asked"]);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("answers and keeps the same for a name that nobody has, and mails nobody", async () => {
    await app.ports.database.update(users).set({ enabled: false }).where(eq(users.id, 1));
    const odd = ["nobody", "admin", "", "a\u0000b", "\ud800", "x".repeat(5_000), "ana@example.com"];
    for (const username of odd) {
      const answer = await ask(username);
      expect([answer.status, answer.text, answer.headers.get("set-cookie")]).toEqual([200, "null", null]);
    }
    // The same steps as for somebody's name, up to the line in the audit log.
    expect(await countAsked()).toBe(odd.length);
    await Bun.sleep(50);
    expect(smtp?.commands).toEqual([]);
  });

  test("does as much work for nobody as for somebody", async () => {
    const work: string[][] = [];
    for (const username of ["ana", "nobody"]) {
      const done: string[] = [];
      const { kv } = app.ports;
      const spied = {
        ...kv,
        set(...args: Parameters<typeof kv.set>) {
          done.push("set");
          return kv.set(...args);
        },
        increment(...args: Parameters<typeof kv.increment>) {
          done.push("increment");
          return kv.increment(...args);
        },
      };
      const ctx = app.createContext({ kind: "anonymous" });
      await askPasswordReset.run({ ...ctx, ports: { ...app.ports, kv: spied } }, { username });
      work.push(done);
    }
    expect(work[0]).toEqual(["increment", "increment", "increment", "set"]);
    expect(work[1]).toEqual(work[0] ?? []);
  });

  test("does not wait for a mail server, which would tell that there is an account", async () => {
    await app.close();
    smtp?.close();
    await open("silent");
    const startedAtMs = performance.now();
    expect((await ask("ana")).status).toBe(200);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });

  test("gives an account one link a minute, without saying so", async () => {
    const token = await askAndRead();
    for (const username of ["ana", "ANA", "ana "]) expect((await ask(username)).text).toBe("null");
    await Bun.sleep(50);
    expect(smtp?.messages).toHaveLength(1);
    expect(await countAsked()).toBe(1);
    expect((await reset(token)).status).toBe(200);
  });

  test("counts requests of one address", async () => {
    for (let attempt = 0; attempt < 10; attempt++) await ask(`nobody${attempt}`);
    const answer = await ask("ana");
    expect([answer.status, detailOf(answer)]).toEqual([
      429,
      "Too many password reset attempts. Try again later.",
    ]);
    expect(Number(answer.headers.get("retry-after"))).toBeWithin(500, 601);
    expect(smtp?.commands).toEqual([]);
  });

  test("needs a name, and the CSRF pair from a browser", async () => {
    const missing = await callApp(app, "/api/forgot-password", { authorization, json: {} });
    expect([missing.status, missing.json]).toMatchObject([
      422,
      { detail: [{ type: "missing", loc: ["body", "username"] }] },
    ]);
    const bare = await callApp(app, "/api/forgot-password", { json: { username: "ana" } });
    expect(bare.status).toBe(403);
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    expect((await browser.call("/api/forgot-password", { json: { username: "ana" } })).status).toBe(200);
  });
});

describe("POST /api/reset-password", () => {
  test("sets the password once, and ends sessions and refresh tokens", async () => {
    const browser = openBrowser(app);
    await browser.call("/api/login", { method: "POST", authorization: VIEWER });
    const grant = { username: "ana", password: "viewerpass", scope: "me.read" };
    const pair = (await callApp(app, "/api/token", { form: grant })).json as { refresh_token: string };
    const token = await askAndRead();
    const answer = await reset(token);
    expect([answer.status, answer.text]).toEqual([200, "null"]);
    expect((await browser.call("/api/users/me")).status).toBe(401);
    const refresh = { grant_type: "refresh_token", refresh_token: pair.refresh_token };
    expect((await callApp(app, "/api/token", { form: refresh })).status).toBe(401);
    const me = { authorization: basic("ana", "new password") };
    expect((await callApp(app, "/api/users/me", me)).status).toBe(200);
    const again = await reset(token, "third password");
    expect([again.status, detailOf(again)]).toEqual([400, "This token has already been used or is invalid"]);
    const rows = await app.ports.database.select().from(auditLog);
    const changes = rows.filter(({ action }) => action === "user.password_changed");
    expect(changes.map(({ actorId, actorName, subject }) => [actorId, actorName, subject])).toEqual([
      [2, "ana", "ana"],
    ]);
  });

  test("lets exactly one of several uses at once through", async () => {
    const token = await askAndRead();
    const answers = await Promise.all(
      ["one one", "two two", "three three"].map((text) => reset(token, text)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400]);
  });

  test("refuses a bad password and keeps the link", async () => {
    const token = await askAndRead();
    const answer = await reset(token, "x");
    expect([answer.status, detailOf(answer)]).toEqual([400, "Password must be at least 6 characters long"]);
    expect((await reset(token)).status).toBe(200);
  });

  const changes: [string, Partial<typeof users.$inferInsert>, number, string][] = [
    ["another password", { hashedPassword: null }, 400, "This token has already been used or is invalid"],
    ["been disabled", { enabled: false }, 400, "This token has already been used or is invalid"],
  ];
  test.each(changes)(
    "refuses a link when its account has %s by now",
    async (_why, change, status, detail) => {
      const token = await askAndRead();
      await app.ports.database.update(users).set(change).where(eq(users.id, 2));
      const answer = await reset(token);
      expect([answer.status, detailOf(answer)]).toEqual([status, detail]);
    },
  );

  test("survives a new name, and finds nobody when the account is gone", async () => {
    const token = await askAndRead();
    await app.ports.database.update(users).set({ username: "anna" }).where(eq(users.id, 2));
    expect((await reset(token)).status).toBe(200);
    const { secretKey } = app.facts;
    const claims = { type: "reset", sub: "gone", user_id: 99, jti: "known" } as const;
    const orphan = await signLinkToken(secretKey, claims, { createdAt: new Date(), lifeMs: 60_000 });
    await app.ports.kv.set("reset-jti:known", "a mark", { ttlMs: 60_000 });
    const answer = await reset(orphan);
    expect([answer.status, detailOf(answer)]).toEqual([404, "User not found"]);
  });

  test("refuses tokens that are no reset links, in the words that frontends show", async () => {
    const { secretKey } = app.facts;
    const now = { createdAt: new Date(), lifeMs: 60_000 };
    const old = { createdAt: new Date(0), lifeMs: 60_000 };
    const claims = { type: "reset", sub: "ana", user_id: 2, jti: "x" } as const;
    const grant = { username: "ana", password: "viewerpass", scope: "me.write" };
    const pair = (await callApp(app, "/api/token", { form: grant })).json as { access_token: string };
    const nameless = { ...claims, jti: undefined } as unknown as typeof claims;
    const tokens: [string, string][] = [
      ["", "Invalid token"],
      ["abc", "Invalid token"],
      [await signLinkToken("another secret", claims, now), "Invalid token"],
      [pair.access_token, "Invalid token purpose"],
      [
        await signLinkToken(secretKey, { ...claims, type: "invite", role: "USER" }, now),
        "Invalid token purpose",
      ],
      [await signLinkToken(secretKey, nameless, now), "Invalid token payload"],
      [await signLinkToken(secretKey, claims, old), "Token has expired"],
      [await signLinkToken(secretKey, claims, now), "This token has already been used or is invalid"],
    ];
    for (const [token, detail] of tokens) {
      const answer = await reset(token);
      expect([answer.status, detailOf(answer)]).toEqual([400, detail]);
    }
    expect((await callApp(app, "/api/users/me", { authorization: VIEWER })).status).toBe(200);
  });

  test("counts attempts of one address", async () => {
    for (let attempt = 0; attempt < 20; attempt++) await reset("abc");
    const answer = await reset("abc");
    expect([answer.status, detailOf(answer)]).toEqual([
      429,
      "Too many password reset attempts. Try again later.",
    ]);
  });

  test("is the same at the typed door", async () => {
    const rpc = (name: string, json: unknown) => callApp(app, `/trpc/${name}`, { authorization, json });
    expect((await rpc("users.askPasswordReset", { username: "ana" })).json).toMatchObject({
      result: { data: null },
    });
    const token = await getMailedToken();
    const input = { token, newPassword: "new password" };
    expect((await rpc("users.resetPassword", { ...input, newPassword: "x" })).json).toMatchObject({
      error: { data: { code: "USER_PASSWORD_INVALID" } },
    });
    expect((await rpc("users.resetPassword", input)).json).toMatchObject({ result: { data: null } });
    expect((await rpc("users.resetPassword", input)).json).toMatchObject({
      error: { data: { code: "RESET_TOKEN_INVALID" } },
    });
  });
});

describe("a server without a mail server", () => {
  test("writes the link to its log, and to nobody else", async () => {
    await app.close();
    smtp?.close();
    app = await createTestApp();
    await addAccounts(app);
    const lines: [string, unknown][] = [];
    const log = {
      ...app.ports.log,
      info: (message: string, fields: unknown) => void lines.push([message, fields]),
    };
    const ctx = app.createContext({ kind: "anonymous" });
    await askPasswordReset.run({ ...ctx, ports: { ...app.ports, log } }, { username: "ana" });
    while (lines.length === 0) await Bun.sleep(1);
    expect(lines).toHaveLength(1);
    const [message, fields] = lines[0] ?? ["", {}];
    expect(message).toBe("a link to reset a password");
    const { username, link } = fields as { username: string; link: string };
    expect(username).toBe("ana");
    expect(link).toStartWith("/reset-password?token=");
    expect((await reset(link.slice(link.indexOf("=") + 1))).status).toBe(200);
  });
});
