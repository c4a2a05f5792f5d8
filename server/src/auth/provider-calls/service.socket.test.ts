// Over real sockets: time and size of answers.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import { createProviderFetch } from "./service.ts";

/** Far below what a test may take, and far above what the loopback needs. */
const TIMEOUT_MS = 300;

const slow = new Response("late");
let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/quick")
        return Response.json({ method: request.method }, { headers: { "x-test": "1" } });
      if (pathname === "/away") return Response.redirect("/quick", 302);
      if (pathname === "/none") return new Response(null, { status: 204 });
      if (pathname === "/busy") return new Response("busy", { status: 429 });
      if (pathname === "/drip") return new Response(drip(20, 100));
      if (pathname === "/endless") return new Response(drip(100_000, 0));
      await Bun.sleep(TIMEOUT_MS * 4);
      return slow.clone();
    },
  });
});
afterAll(() => server.stop(true));

/** Pieces of 1,000 bytes, with pauses between. */
function drip(pieces: number, pauseMs: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return new ReadableStream({
    async pull(controller) {
      if (pauseMs > 0) await Bun.sleep(pauseMs);
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(new Uint8Array(1_000));
    },
  });
}

async function codeOf(url: string | URL, caFile: string | null = null): Promise<string> {
  try {
    const ask = await createProviderFetch({
      caFile,
      isHttpAllowed: true,
      timeoutMs: TIMEOUT_MS,
      bytesMax: 50_000,
    });
    await ask(url, {});
    return "answered";
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}

describe("the provider's answers", () => {
  test("arrive whole, with status and headers, and no redirect is followed", async () => {
    const ask = await createProviderFetch({ caFile: null, isHttpAllowed: true });
    const quick = await ask(new URL("/quick", server.url), { method: "POST", body: "x" });
    expect([quick.status, quick.headers.get("x-test"), await quick.json()]).toEqual([
      200,
      "1",
      { method: "POST" },
    ]);
    expect((await ask(new URL("/away", server.url), {})).status).toBe(302);
    expect((await ask(new URL("/none", server.url), {})).status).toBe(204);
  });

  test.each([
    ["/slow", "OIDC_PROVIDER_AWAY"],
    ["/drip", "OIDC_PROVIDER_AWAY"],
    ["/busy", "OIDC_PROVIDER_AWAY"],
    ["/endless", "OIDC_ANSWER_INVALID"],
  ])("are given up in time: %s", async (path, code) => {
    const startedAtMs = performance.now();
    expect(await codeOf(new URL(path, server.url))).toBe(code);
    expect(performance.now() - startedAtMs).toBeLessThan(TIMEOUT_MS * 5);
  });

  test("do not come from a port that is closed", async () => {
    expect(await codeOf("http://127.0.0.1:1/")).toBe("OIDC_PROVIDER_AWAY");
  });
});

describe("the file of an authority", () => {
  test("that cannot be read, or holds no certificate, is a fault of the settings", async () => {
    expect(await codeOf("http://127.0.0.1:1/", "/nowhere/ca.pem")).toBe("OIDC_UNCONFIGURED");
    expect(await codeOf("http://127.0.0.1:1/", import.meta.path)).toBe("OIDC_UNCONFIGURED");
  });
});
