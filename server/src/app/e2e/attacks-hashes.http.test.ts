/** Passwords that another server hashed, and rows that hold no hash at all. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { basic, callApp } from "../../auth/calls.testing.ts";
import { createTestApp, type TestApp } from "../testing.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
}, 30_000);
afterAll(() => app?.close());

let made = 0;
async function addAccount(hashedPassword: string | null): Promise<string> {
  made += 1;
  const username = `imported${made}`;
  await app.ports.database.insert(users).values({ username, hashedPassword });
  return username;
}
const readHash = async (username: string) =>
  (await app.ports.database.select().from(users).where(eq(users.username, username)))[0]?.hashedPassword ??
  null;

/** Each call from an address of its own: limits are not what this is about. */
const headers = () => {
  made += 1;
  return { "x-forwarded-for": `198.51.${made >> 8}.${made & 255}` };
};

/** Every way in by a password; gives the statuses. */
async function signIn(username: string, password: string): Promise<readonly number[]> {
  const authorization = basic(username, password);
  const answers = [
    await callApp(app, "/api/login", { method: "POST", authorization, headers: headers() }),
    await callApp(app, "/api/users/me", { authorization, headers: headers() }),
    await callApp(app, "/trpc/users.me", { authorization, headers: headers() }),
    await callApp(app, "/api/token", { form: { username, password }, headers: headers() }),
    await callApp(app, "/trpc/auth.signInWithPassword", {
      json: { username, password, scopes: [] },
      authorization: "Bearer",
      headers: headers(),
    }),
  ];
  return answers.map(({ status }) => status);
}

/** By crypt(3) of libxcrypt, cost 4, salt `abcdefghijklmnopqrstuu`; the same for every prefix. */
const FOREIGN = {
  "a plain one": ["correct horse", "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"],
  "one with umlauts": ["pässwörd", "yx2n0Zzopyr9QuYTMCfOJJOj526QVoC"],
  "one of 72 bytes": ["a".repeat(72), "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"],
  "one of 81 bytes": [`${"b".repeat(72)}tail-tail`, "UJf9qAIqFFWObw4K4AvdtuO.PaE5J/W"],
  "one that is cut in the middle of a letter": [`${"c".repeat(71)}éd`, "askDQu.F9VqMcLUXcfoTkUQgtck6tVq"],
} as const;
const prefixes = ["$2a$", "$2b$", "$2y$"] as const;
const rows = Object.entries(FOREIGN).flatMap(([name, [password, digest]]) =>
  prefixes.map((prefix) => [name, prefix, password, `${prefix}04$abcdefghijklmnopqrstuu${digest}`] as const),
);

describe("a password of another server", () => {
  test.each(rows)(
    "opens the door once more and is hashed anew: %s, %s",
    async (_name, _prefix, password, hash) => {
      const username = await addAccount(hash);
      const wrong = `${password.slice(0, 5)}x${password.slice(6)}`;
      expect(
        (await callApp(app, "/api/users/me", { authorization: basic(username, wrong), headers: headers() }))
          .status,
      ).toBe(401);
      expect(await readHash(username)).toBe(hash);
      expect(await signIn(username, password)).toEqual([200, 200, 200, 200, 200]);
      expect(await readHash(username)).toStartWith("$argon2id$");
    },
  );

  test("counts in full once it is hashed anew", async () => {
    const [password, digest] = FOREIGN["one of 81 bytes"];
    const username = await addAccount(`$2b$04$abcdefghijklmnopqrstuu${digest}`);
    const cut = password.slice(0, 72);
    // Until then the old rule holds: only the first 72 bytes ever did.
    expect((await signIn(username, password))[0]).toBe(200);
    expect(await signIn(username, cut)).toEqual([401, 401, 401, 401, 401]);
  });

  test("is hashed anew once, however many devices come at the same time", async () => {
    const [password, digest] = FOREIGN["a plain one"];
    const username = await addAccount(`$2b$04$abcdefghijklmnopqrstuu${digest}`);
    const authorization = basic(username, password);
    const calls = Array.from({ length: 8 }, () =>
      callApp(app, "/api/login", { method: "POST", authorization, headers: headers() }),
    );
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await signIn(username, password)).toEqual([200, 200, 200, 200, 200]);
  });
});

const argon2 = (parameters: string) =>
  `$argon2id$v=19$${parameters}$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI`;

describe("an account without a usable hash", () => {
  const hashes: [string, string | null][] = [
    ["none", null],
    ["an empty text", ""],
    ["the random id of a single sign-on", "0f8fad5b-d9cb-469f-a165-70867728950e"],
    ["the password itself", "adminpass"],
    ["garbage", "\u{1F3AE} $$$ %s '; --"],
    ["only dollars", "$".repeat(60)],
    ["a truncated bcrypt", "$2b$12$abcdefghijklmnopqrstuujydOTSfIH"],
    ["a bcrypt that goes on", `$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6eAAAA`],
    ["a bcrypt with bits too many", `$2b$04$${"/".repeat(53)}`],
    ["a bcrypt that would take hours", `$2b$31$${"a".repeat(53)}`],
    ["a bcrypt without a cost", `$2b$00$${"a".repeat(53)}`],
    ["a digest", "5f4dcc3b5aa765d61d8327deb882cf99"],
    [
      "one of PBKDF2",
      "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
    ],
    [
      "one of scrypt",
      "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    ],
    ["argon2i", argon2("m=19456,t=2,p=1").replace("argon2id", "argon2i")],
    ["an argon2id of gigabytes", argon2("m=999999,t=3,p=4")],
    ["an argon2id of terabytes", argon2("m=4294967295,t=1,p=1")],
    ["an argon2id of minutes", argon2("m=131072,t=99,p=1")],
    ["an argon2id of years", argon2("m=19456,t=4294967295,p=1")],
    ["an argon2id of a million lanes", argon2("m=19456,t=2,p=1000000")],
    ["an argon2id with more lanes than memory", argon2("m=8,t=1,p=16")],
    ["an argon2id of nothing", argon2("m=0,t=0,p=0")],
    ["an argon2id below nothing", argon2("m=-1,t=-1,p=-1")],
    ["an argon2id of another version", argon2("m=19456,t=2,p=1").replace("v=19", "v=16")],
    ["a truncated argon2id", argon2("m=19456,t=2,p=1").slice(0, -20)],
  ];

  test.each(hashes)(
    "refuses every password, soon, and keeps the row: %s",
    async (_name, hash) => {
      const username = await addAccount(hash);
      const startedAtMs = performance.now();
      const guesses = ["adminpass", hash === null || hash === "" ? "null" : hash];
      for (const password of guesses)
        expect(await signIn(username, password)).toEqual([401, 401, 401, 401, 401]);
      const empty = await callApp(app, "/api/login", {
        method: "POST",
        authorization: basic(username, ""),
        headers: headers(),
      });
      expect(empty.status).toBe(401);
      // Ten checks of some 30 ms; the worst hash here would take until the next ice age.
      expect(performance.now() - startedAtMs).toBeLessThan(15_000);
      expect(await readHash(username)).toBe(hash);
    },
    30_000,
  );
});
