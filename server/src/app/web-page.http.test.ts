import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { createTestApp, type TestApp } from "./testing.ts";
import { createWebPage } from "./web-page.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ environment: { MULTITAP_URL_PREFIX: "/games" } });
});
afterAll(async () => {
  await app.close();
});

async function findAddresses(): Promise<readonly string[]> {
  const html = await (await app.fetch("/")).text();
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
}

describe("the page at /", () => {
  test("is asked for each time, and lets nothing in from elsewhere", async () => {
    const response = await app.fetch("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).not.toMatch(/unsafe|https?:|data:|blob:|\*/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("is not sent again to whoever has it", async () => {
    const first = await app.fetch("/", { headers: { "accept-encoding": "gzip" } });
    const etag = first.headers.get("etag") ?? "";
    const headers = { "accept-encoding": "gzip", "if-none-match": etag };
    const again = await app.fetch("/", { headers });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    // The plain form is another entity.
    expect((await app.fetch("/", { headers: { "if-none-match": etag } })).status).toBe(200);
  });

  test("has files that may be kept for ever, packed for whoever takes that", async () => {
    const addresses = await findAddresses();
    expect(addresses).toHaveLength(3);
    for (const address of addresses) {
      const plain = await app.fetch(`/${address}`);
      expect(plain.status).toBe(200);
      expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(plain.headers.get("vary")).toStartWith("accept-encoding");
      const packed = await app.fetch(`/${address}`, { headers: { "accept-encoding": "br, gzip" } });
      expect(packed.headers.get("content-encoding")).toBe("gzip");
      expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(await plain.text());
    }
  });

  test("works below the prefix, also when the slash at its end is forgotten", async () => {
    const [script = ""] = await findAddresses();
    expect(script).not.toStartWith("/");
    expect((await app.fetch("/games/")).status).toBe(200);
    expect((await app.fetch(`/games/${script}`)).status).toBe(200);
    const response = await app.fetch("/games?x=1");
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe("/games/?x=1");
  });

  test.each([
    ["/pair/device?user_code=RN7WHEJ6", "../#/pair?code=RN7WHEJ6"],
    ["/pair/device", "../#/pair"],
    ["/games/pair/device?user_code=RN7WHEJ6", "../#/pair?code=RN7WHEJ6"],
    ["/reset-password?token=a.b-c", "./#/reset-password?token=a.b-c"],
    ["/register?token=a.b-c", "./#/register?token=a.b-c"],
    ["/login?error=disabled", "./#/sign-in?error=disabled"],
  ])("leads %s to its place, whatever a proxy put before", async (path, location) => {
    const response = await app.fetch(path);
    expect([response.status, response.headers.get("location")]).toEqual([302, location]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("answers HEAD without bytes, and nothing to what would change something", async () => {
    const head = await app.fetch("/", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
    expect((await app.fetch("/", { method: "POST" })).status).toBe(404);
  });

  test.each(["/web/", "/web/page.js", "/web/../package.json", "/web/page-00000000.js", "/rom/4", "/api"])(
    "has no %s",
    async (path) => {
      const response = await app.fetch(path);
      expect([response.status, await response.json()]).toEqual([404, { detail: "Not Found" }]);
    },
  );
});

describe("a page that cannot be built", () => {
  test("is said to be so, reported, and tried again", async () => {
    const failures: unknown[] = [];
    let tries = 0;
    const page = createWebPage({
      onFailure: (error) => failures.push(error),
      async build() {
        tries += 1;
        if (tries === 1) throw new TypeError("no such module");
        return { html: "<!doctype html>", files: [] };
      },
    });
    const request = new Request("http://localhost/");
    const refused = await page.answer(request, "/");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({ detail: expect.stringContaining("could not be built") });
    expect(failures).toHaveLength(1);
    expect((await page.answer(request, "/")).status).toBe(200);
  });
});
