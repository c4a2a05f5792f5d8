import { describe, expect, test } from "bun:test";
import { makeBytes, makeRom } from "../src/testing/fixtures.ts";
import { serveTestServer } from "../src/testing/serve.ts";
import { openShelf } from "./bun-server-proxy.ts";

/** A person with a browser that keeps one cookie. */
function openBrowser(url: string) {
  let cookie = "";
  return async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...(init.headers as Record<string, string>), cookie };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    return response;
  };
}

const signIn = (password: string): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ username: "ana", password }),
});

describe("bun-server-proxy", () => {
  test("keeps people apart, hands bytes on in ranges, and forgets who signs out", async () => {
    await using served = await serveTestServer();
    served.server.tokens = new Set();
    served.server.roms.push(makeRom(1));
    const bytes = makeBytes(5000, 1);
    served.server.contents.set(1, { bytes, etag: '"1"', fileName: "a.sfc" });
    const shelf = openShelf(served.url, 0);
    try {
      const ana = openBrowser(shelf.url);
      const ben = openBrowser(shelf.url);
      expect((await ana("/roms")).status).toBe(401);
      expect((await ana("/sign-in", signIn("wrong"))).status).toBe(401);
      const signedIn = await ana("/sign-in", signIn("right"));
      expect([signedIn.status, signedIn.headers.get("set-cookie")]).toEqual([
        204,
        expect.stringMatching(/HttpOnly; SameSite=Strict/),
      ]);
      expect((await (await ana("/roms")).json()).items).toMatchObject([{ id: 1 }]);
      expect((await ben("/roms")).status).toBe(401);

      const part = await ana("/roms/1/content/a.sfc", { headers: { range: "bytes=10-19" } });
      expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-19/5000"]);
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 20));
      const sent = served.server.requests.at(-1)?.headers;
      expect(sent?.get("authorization")).toMatch(/^Bearer access-/);
      expect(sent?.has("cookie")).toBe(false);

      expect((await ana("/users")).status).toBe(404);
      expect((await ana("/sign-out", { method: "POST" })).status).toBe(204);
      expect((await ana("/roms")).status).toBe(401);
    } finally {
      await shelf.close();
    }
  });
});
