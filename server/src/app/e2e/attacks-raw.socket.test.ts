/** Requests that no browser and no library would send. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { clientTokens } from "@multitap/db/schema/auth";
import { openBrowser } from "../../auth/calls.testing.ts";
import { ADMIN, openTokenScene, type TokenScene, VIEWER } from "../../auth/client-tokens/scene.testing.ts";
import { EXCHANGES_PER_ADDRESS_MAX } from "../../auth/limits.ts";

/** How long an answer may take; a server that waits for more of a broken request says nothing at all. */
const ANSWER_MS = 3_000;
/** After the last piece of an answer: long enough for a second one to arrive. */
const QUIET_MS = 60;

let scene: TokenScene;
let port = 0;
/** Cookies of a signed-in browser, without its CSRF header. */
let cookie = "";
beforeAll(async () => {
  scene = await openTokenScene();
  port = Number(new URL(await scene.app.listen()).port);
  const browser = openBrowser(scene.app);
  await browser.call("/api/login", { method: "POST", authorization: ADMIN });
  cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}, 30_000);
afterAll(() => scene?.close());
beforeEach(() => scene.clearLimits());

const countTokens = async () => (await scene.app.ports.database.select().from(clientTokens)).length;

/** Sends bytes as they are; gives everything that comes back until it is quiet. */
async function send(text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  let timer = setTimeout(resolve, ANSWER_MS);
  const wait = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(resolve, ms);
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (opened) => void opened.write(text),
      data(_socket, bytes) {
        received += bytes.toString("latin1");
        wait(QUIET_MS);
      },
      close: () => resolve(),
      error: () => resolve(),
    },
  });
  await promise;
  clearTimeout(timer);
  socket.end();
  return received;
}

const statusesOf = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
const TOKEN = JSON.stringify({ name: "forged", scopes: ["me.read"] });

/** A request by hand; the lines are its headers. */
function write(target: string, lines: readonly string[], { method = "POST", body = TOKEN } = {}): string {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const all = [
    `${method} ${target} HTTP/1.1`,
    "Host: localhost",
    "Content-Type: application/json",
    ...length,
    ...lines,
  ];
  return `${all.join("\r\n")}\r\n\r\n${body}`;
}

describe("a path that was not put in order", () => {
  test.each([
    "/api/token/../client-tokens",
    "/api/token/./../client-tokens",
    "/api/token/%2e%2e/client-tokens",
    "/api/client-tokens/exchange/../../client-tokens",
    "/ws/../api/client-tokens",
    "/netplay/../api/client-tokens",
    "/trpc/clientTokens.exchange/../clientTokens.create",
    "/trpc/users.register/%2e%2e/clientTokens.create",
    "http://localhost/api/token/../client-tokens",
    "http://evil.example/api/client-tokens",
    "//api/client-tokens",
    "/api//client-tokens",
    "/api\\client-tokens",
    "/api/client-tokens?/api/token",
    "/api/client-tokens#/api/token",
    "/%61pi/client-tokens",
    "*",
  ])("lets no forged write around the CSRF check: %s", async (target) => {
    const before = await countTokens();
    const answer = await send(write(target, [`Cookie: ${cookie}`]));
    expect(await countTokens()).toBe(before);
    for (const status of statusesOf(answer)) expect([target, status < 500]).toEqual([target, true]);
  });

  test("is told from a right one, which works with the pair", async () => {
    const before = await countTokens();
    const [, csrf = ""] = /romm_csrftoken=([^;]+)/.exec(cookie) ?? [];
    const answer = await send(write("/api/client-tokens", [`Cookie: ${cookie}`, `X-CSRFToken: ${csrf}`]));
    expect([statusesOf(answer), await countTokens()]).toEqual([[201], before + 1]);
  });
});

describe("a header that comes twice", () => {
  const read = (lines: readonly string[]) => send(write("/api/users/me", lines, { method: "GET", body: "" }));

  test.each([
    ["two people", [`Authorization: ${VIEWER}`, `Authorization: ${ADMIN}`]],
    ["nobody and somebody", ["Authorization: Bearer x", `Authorization: ${ADMIN}`]],
    ["somebody and nobody", [`Authorization: ${ADMIN}`, "Authorization:"]],
  ])("proves nothing more than one of them: %s", async (_name, lines) => {
    const answer = await read(lines);
    const [status = 0] = statusesOf(answer);
    // Taken together, refused, or one of the two; never a failure, and never both.
    expect([200, 400, 401]).toContain(status);
    expect(answer.match(/"username":/g)?.length ?? 0).toBeLessThan(2);
  });

  test("as a cookie makes no CSRF pair of two halves", async () => {
    const before = await countTokens();
    const lines = [`Cookie: ${cookie}`, "Cookie: romm_csrftoken=forged", "X-CSRFToken: forged"];
    await send(write("/api/client-tokens", lines));
    await send(write("/api/client-tokens", lines.toReversed()));
    expect(await countTokens()).toBe(before);
  });

  test("as a forwarded address is one chain, of which the last one counts", async () => {
    const body = JSON.stringify({ code: "ZZZZZZZZ" });
    const statuses: number[] = [];
    for (let turn = 0; turn <= EXCHANGES_PER_ADDRESS_MAX; turn += 1) {
      const lines = [`X-Forwarded-For: 198.51.100.${turn}`, "X-Forwarded-For: 203.0.113.77"];
      statuses.push(...statusesOf(await send(write("/api/client-tokens/exchange", lines, { body }))));
    }
    expect(statuses).toEqual([...Array<number>(EXCHANGES_PER_ADDRESS_MAX).fill(404), 429]);
  });
});

describe("a request in a request", () => {
  const inner = `DELETE /api/users/2 HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${ADMIN}\r\n\r\n`;

  test.each([
    [
      "behind a length and chunks",
      `POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "behind two lengths",
      "POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 200\r\n\r\n",
    ],
    [
      "behind a length below nothing",
      "POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    [
      "behind chunks of no size",
      "POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    [
      "behind an unknown encoding",
      "POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
    ],
    [
      "behind a space before the colon",
      "POST /api/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length : 200\r\n\r\n",
    ],
  ])("is answered by its own right or not at all: %s", async (_name, outer) => {
    // Without the header of an administrator the inner one could do nothing; it stands for a victim's next request.
    const answer = await send(outer + inner.replace("DELETE /api/users/2", "DELETE /api/users/999999"));
    for (const status of statusesOf(answer)) expect(status).toBeLessThan(500);
    const users = await scene.app.fetch("/api/users/2", { headers: { authorization: ADMIN } });
    expect(users.status).toBe(200);
  });

  test.each([
    ["a method of no kind", "G<ET /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["no version", "GET /api/users/me\r\n\r\n"],
    ["a zero byte in a header", `GET /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: ${ADMIN}\0\r\n\r\n`],
    [
      "a folded header",
      `GET /api/users/me HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Authorization: ${ADMIN}\r\n\r\n`,
    ],
    ["a header without a name", `GET /api/users/me HTTP/1.1\r\nHost: x\r\n: ${ADMIN}\r\n\r\n`],
    ["headers without end", `GET /api/users/me HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(200_000)}\r\n\r\n`],
    [
      "a cookie without end",
      `GET /api/users/me HTTP/1.1\r\nHost: x\r\nCookie: ${"a=b; ".repeat(40_000)}\r\n\r\n`,
    ],
  ])("of no form lets nobody in and breaks nothing: %s", async (_name, text) => {
    for (const status of statusesOf(await send(text)))
      expect([200, ...Array(1).fill(500)]).not.toContain(status);
    expect((await scene.app.fetch("/api/heartbeat")).status).toBe(200);
  });
});
