/** Names and links that lead elsewhere than they say. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { VIEWER } from "../../auth/calls.testing.ts";
import { formatContentTicket } from "../../auth/content-tickets/rules.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";
import { findAccount } from "../../users/accounts/service.ts";

/** Stands in every file that nobody may get. */
const SECRET = "the secret that no request may show";
const BYTES = "0123456789";

let library: TestLibrary;
let romId = 0;
let otherId = 0;
beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", "Star Pilot.z64", BYTES);
  otherId = await library.addRom("n64", "Other.z64", "other");
  const { app } = library;
  for (const path of [
    "secret.txt",
    "library/secret.txt",
    "assets/secret.txt",
    "secrets/auth-secret-key",
    "config/secret.txt",
  ]) {
    await app.ports.files.writeAtomic(join(app.basePath, path), SECRET);
  }
}, 30_000);
afterAll(() => library?.close());

async function get(path: string, headers: Record<string, string> = { authorization: VIEWER }) {
  const response = await library.app.fetch(path, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Ways to say "up", and what lies there. */
const CLIMBS = [
  "../",
  "..%2f",
  "%2e%2e/",
  "%2e%2e%2f",
  "..%5c",
  "..\\",
  "%252e%252e%252f",
  "..%c0%af",
  "..;/",
  "....//",
  "%00/../",
  ".%00./",
];
const TARGETS = [
  "secret.txt",
  "secrets/auth-secret-key",
  "assets/secret.txt",
  "config/secret.txt",
  "etc/passwd",
];
const climbs = CLIMBS.flatMap((up) => TARGETS.map((target) => `${up.repeat(5)}${target}`));

describe("a path that climbs", () => {
  test.each<[string, () => string]>([
    ["the name of a rom's bytes", () => `/api/roms/${romId}/content/`],
    ["the id of a rom", () => "/api/roms/"],
    ["the id of an account", () => "/api/users/"],
    ["an avatar", () => "/api/users/2/avatar/"],
    ["assets", () => "/assets/"],
    ["assets of the compatible server", () => "/assets/romm/assets/"],
    ["resources", () => "/assets/romm/resources/"],
    ["the documentation", () => "/api/docs/"],
    ["a code", () => "/api/client-tokens/pair/"],
    ["a user code", () => "/api/auth/device/pending/"],
    ["a procedure", () => "/trpc/"],
    ["the root", () => "/"],
  ])("in %s shows no file", async (_where, base) => {
    for (const climb of climbs) {
      const { status, text } = await get(base() + climb);
      expect([climb, text.includes(SECRET), text.includes("root:")]).toEqual([climb, false, false]);
      expect([climb, status < 500]).toEqual([climb, true]);
      // Whatever a rom's bytes are called in the link, they are that rom's.
      if (status === 200 && text !== BYTES)
        expect([climb, text]).toEqual([climb, expect.stringMatching(/Multitap|^\[|^\{/)]);
    }
  });

  test("in a query or a header shows no file", async () => {
    for (const climb of climbs) {
      for (const query of [`file_ids=${climb}`, `ticket=${climb}`, `path=${climb}`, `filename=${climb}`]) {
        const { status, text } = await get(`/api/roms/${romId}/content/x?${query}`);
        expect([query, text.includes(SECRET), status < 500]).toEqual([query, false, true]);
      }
      const headers = {
        authorization: VIEWER,
        "x-forwarded-prefix": `/${climb}`,
        "x-original-url": `/${climb}`,
        "x-rewrite-url": `/${climb}`,
      };
      const { text } = await get(`/api/roms/${romId}/content/x`, headers);
      expect(text).toBe(BYTES);
    }
  });
});

describe("a file name full of tricks", () => {
  const NAMES = [
    "line\r\nSet-Cookie: romm_session=evil.z64",
    "line\nx-evil: 1.z64",
    'quote".z64; filename="evil.exe',
    "back\\slash.z64",
    "Ünï \u{1F3AE} \u202Eexe.z64",
    "semi;colon,comma=equals.z64",
    "<script>alert(1)<\u200b.html",
    "percent%0d%0aX-Evil: 1.z64",
  ];

  test.each(NAMES)("stays one in the headers: %j", async (name) => {
    const id = await library.addRom("snes", name, BYTES);
    const { status, headers, text } = await get(`/api/roms/${id}/content/x`);
    expect([status, text]).toEqual([200, BYTES]);
    expect([headers.has("x-evil"), headers.get("set-cookie")]).toEqual([false, null]);
    const disposition = headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(/^attachment;/);
    for (const letter of ["\r", "\n", "\0"]) expect(disposition).not.toContain(letter);
    // One plain name and one that carries every letter; nothing of the file's name ends the first one early.
    expect(disposition.match(/filename="(?:[^"\\]|\\.)*"/g)).toHaveLength(1);
    const [, encoded = ""] = /filename\*=UTF-8''(\S+)$/i.exec(disposition) ?? [];
    if (encoded !== "") expect(decodeURIComponent(encoded)).not.toMatch(/[\r\n]/);
    expect(headers.get("content-type")).not.toContain("html");
  });

  test.each(["%0d%0aSet-Cookie:%20x=1", "%0aLocation:%20https://evil.example", "%E5%98%8A%E5%98%8DX-Evil:1"])(
    "in a link puts nothing into the headers: %s",
    async (line) => {
      for (const path of [
        `/api/roms/${romId}/content/${line}`,
        `/${line}`,
        `/api/${line}`,
        `/api/heartbeat?next=${line}`,
      ]) {
        const { headers, status } = await get(path);
        expect([path, status < 500]).toEqual([path, true]);
        expect([headers.has("x-evil"), headers.get("location"), headers.getSetCookie()]).toEqual([
          false,
          null,
          [],
        ]);
      }
    },
  );
});

describe("a forged content ticket", () => {
  const inAnHour = () => Date.now() + 3_600_000;
  const place = () => `/api/roms/${romId}/content`;
  const pack = (claims: unknown, signature = "AAAA") =>
    `${Buffer.from(typeof claims === "string" ? claims : JSON.stringify(claims)).toString("base64url")}.${signature}`;
  const open = (ticket: string, path = `${place()}/x`) =>
    get(`${path}?ticket=${encodeURIComponent(ticket)}`, {});
  const real = async (userId = 2) => {
    const { app } = library;
    const account = await findAccount(app.createContext(), userId);
    const secrets = { secretKey: app.facts.secretKey, passwordMark: account?.passwordMark ?? "" };
    return {
      secrets,
      text: formatContentTicket({ userId, place: place(), expiresAtMs: inAnHour() }, secrets),
    };
  };

  test("is told from a real one", async () => {
    expect((await open((await real()).text)).text).toBe(BYTES);
  });

  test.each<[string, () => string]>([
    ["without a signature", () => pack({ u: 2, p: place(), e: inAnHour() }, "")],
    ["of an account that cannot be", () => pack({ u: 2 ** 53, p: place(), e: inAnHour() })],
    ["of an account beyond the rows", () => pack({ u: 2_147_483_648, p: place(), e: inAnHour() })],
    ["of half an account", () => pack({ u: 1.5, p: place(), e: inAnHour() })],
    ["of an account below all", () => pack({ u: -1, p: place(), e: inAnHour() })],
    ["of an account at no number", () => pack(`{"u":1e999,"p":"${place()}","e":${inAnHour()}}`)],
    ["of nobody", () => pack({ u: 999_999, p: place(), e: inAnHour() })],
    ["of words", () => pack({ u: "2", p: place(), e: String(inAnHour()) })],
    ["without end", () => pack(`{"u":2,"p":"${place()}","e":1e999}`)],
    ["of deep nesting", () => pack(`${"[".repeat(1_000)}${"]".repeat(1_000)}`)],
    ["of nothing", () => "."],
    ["longer than any", () => "A".repeat(20_000)],
    ["of zero bytes", () => pack("\u0000\u0000")],
  ])("opens nothing, and breaks nothing: %s", async (_name, make) => {
    const { status, text } = await open(make());
    expect([status, text]).toEqual([401, '{"detail":"Not authenticated"}']);
  });

  test("of another secret, another password or another file opens nothing", async () => {
    const { secrets, text } = await real();
    const ticket = { userId: 2, place: place(), expiresAtMs: inAnHour() };
    const forged = [
      formatContentTicket(ticket, { ...secrets, secretKey: "another secret" }),
      formatContentTicket(ticket, { ...secrets, passwordMark: "0".repeat(32) }),
      formatContentTicket({ ...ticket, place: `/api/roms/${otherId}/content` }, secrets),
      formatContentTicket({ ...ticket, expiresAtMs: Date.now() - 1 }, secrets),
      text.replace(/^[^.]*/, pack({ u: 1, p: place(), e: inAnHour() }).split(".")[0] ?? ""),
    ];
    for (const each of forged) expect((await open(each)).status).toBe(401);
  });

  test("opens no other door, though it is real", async () => {
    const { text } = await real();
    const places = [
      `/api/roms/${otherId}/content/x`,
      `/api/roms/${romId}`,
      `/api/roms/${romId}/content/../../${otherId}/content/x`,
      `/api/roms/${romId}/content/x/../../../../users/me`,
      "/api/users/me",
      "/api/client-tokens",
      "/trpc/users.me",
    ];
    for (const path of places) expect([path, (await open(text, path)).status]).not.toEqual([path, 200]);
    const query = new URLSearchParams({ ticket: text });
    const written = await library.app.fetch(`${place()}/x?${query}`, {
      method: "POST",
      headers: { authorization: "Bearer" },
    });
    expect([401, 404, 405]).toContain(written.status);
    // Twice the same parameter, or a second file beside it: the place is another one then.
    expect((await get(`${place()}/x?ticket=x&ticket=${encodeURIComponent(text)}`, {})).status).toBe(401);
    expect(
      (await get(`${place()}/x?file_ids=${otherId}&ticket=${encodeURIComponent(text)}`, {})).status,
    ).toBe(401);
  });
});
