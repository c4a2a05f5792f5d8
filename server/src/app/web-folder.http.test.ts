import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createTestApp, type TestApp } from "./testing.ts";
import { checkWebFolder, warnOfPrefix } from "./web-folder.ts";

const SCRIPT = `${"export const text = 'of a frontend';\n".repeat(100)}`;
/** A frontend as its bundler leaves it, with a game engine and pictures that were copied beside. */
const FILES: Readonly<Record<string, string>> = {
  "index.html": '<!doctype html><script type="module" src="/assets/index-B7xkQ2_a.js"></script>',
  "favicon.ico": "icon",
  "robots.txt": "User-agent: *",
  "assets/index-B7xkQ2_a.js": SCRIPT,
  "assets/icon-download.svg": "<svg/>",
  "assets/platforms/snes.ico": "icon",
  "assets/emulatorjs/data/loader.js": SCRIPT,
  "assets/emulatorjs/data/core-AB12cd34.wasm": "core",
  "assets/.secret": "secret",
};

let folder: string;
let app: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-frontend-"));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  app = await createTestApp({ environment: { MULTITAP_WEB_DIR: folder } });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe("MULTITAP_WEB_DIR", () => {
  test.each([
    "/",
    "/rom/4",
    "/platform/12",
    "/collections/virtual/eyJuYW1lIjoi==",
    "/login",
    "/pair/device?user_code=X",
  ])("answers %s with the frontend's page", async (path) => {
    const response = await app.fetch(path, { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe(FILES["index.html"] ?? "");
  });

  test.each([
    ["/assets/index-B7xkQ2_a.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
    ["/assets/icon-download.svg", "image/svg+xml", "no-cache"],
    ["/assets/platforms/snes.ico", "image/x-icon", "no-cache"],
    ["/assets/emulatorjs/data/loader.js", "text/javascript; charset=utf-8", "no-cache"],
    ["/assets/emulatorjs/data/core-AB12cd34.wasm", "application/wasm", "no-cache"],
    ["/robots.txt", "text/plain; charset=utf-8", "no-cache"],
  ])("serves %s as %s, kept by %s", async (path, contentType, cacheControl) => {
    const response = await app.fetch(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(contentType);
    expect(response.headers.get("cache-control")).toBe(cacheControl);
    expect(await response.text()).toBe(FILES[path.slice(1)] ?? "");
    const etag = response.headers.get("etag") ?? "";
    expect((await app.fetch(path, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test.each([
    "/assets/index-00000000.js",
    "/assets/platforms/none.ico",
    "/assets/nothing",
    "/favicon.png",
    "/assets/.secret",
    "/assets/..%2f..%2fetc%2fpasswd",
    "/..%2fsecret",
    "/%ff",
    "/api",
    "/api/nothing",
    "/trpc",
    "/ws/nothing",
    "/netplay/nothing",
    "/socket.io/nothing",
    "/health/nothing",
    "/metrics",
    "/assets/romm/assets/users/a.png",
  ])("answers %s with an honest 404, never with a page", async (path) => {
    const response = await app.fetch(path, { headers: { accept: "text/html,*/*" } });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toStartWith("application/json");
  });

  test("leaves what is ours to us", async () => {
    expect((await app.fetch("/api/heartbeat")).status).toBe(200);
    expect((await app.fetch("/openapi.json")).headers.get("content-type")).toBe("application/json");
    expect((await app.fetch("/health/live")).status).toBe(200);
    const resource = await app.fetch("/assets/romm/resources/none.png");
    expect(await resource.json()).toEqual({ detail: "Resource not found" });
  });

  test("gives a page only to who takes one, and only to who reads", async () => {
    expect((await app.fetch("/rom/4", { headers: { accept: "application/json" } })).status).toBe(404);
    const response = await app.fetch("/rom/4", { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("packs scripts for whoever takes that, whole ones only", async () => {
    const path = "/assets/index-B7xkQ2_a.js";
    const packed = await app.fetch(path, { headers: { "accept-encoding": "gzip" } });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toStartWith("accept-encoding");
    const bytes = await packed.arrayBuffer();
    expect(Number(packed.headers.get("content-length"))).toBe(bytes.byteLength);
    expect(gunzipSync(bytes).toString()).toBe(SCRIPT);
    const etag = packed.headers.get("etag") ?? "";
    const again = { "accept-encoding": "gzip", "if-none-match": etag };
    expect((await app.fetch(path, { headers: again })).status).toBe(304);
    const part = await app.fetch(path, { headers: { "accept-encoding": "gzip", range: "bytes=0-5" } });
    expect([part.status, await part.text()]).toEqual([206, SCRIPT.slice(0, 6)]);
    const head = await app.fetch(path, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("packs a script anew when the frontend was built anew", async () => {
    const path = join(folder, "assets/emulatorjs/data/loader.js");
    const fetchText = async () => {
      const headers = { "accept-encoding": "gzip" };
      const response = await app.fetch("/assets/emulatorjs/data/loader.js", { headers });
      return gunzipSync(await response.arrayBuffer()).toString();
    };
    expect(await fetchText()).toBe(SCRIPT);
    await writeFile(path, `${SCRIPT}// again`);
    expect(await fetchText()).toBe(`${SCRIPT}// again`);
    await writeFile(path, SCRIPT);
  });

  test("cuts off the pages in which games run, and no others", async () => {
    const isCutOff = async (path: string) => {
      const { headers } = await app.fetch(path);
      return [headers.get("cross-origin-opener-policy"), headers.get("cross-origin-embedder-policy")];
    };
    expect(await isCutOff("/rom/4/ejs")).toEqual(["same-origin", "require-corp"]);
    expect(await isCutOff("/console/rom/4/play")).toEqual(["same-origin", "require-corp"]);
    expect(await isCutOff("/rom/4")).toEqual([null, null]);
  });

  test("is refused at the start when there is no frontend in it", async () => {
    expect(await checkWebFolder(folder)).toBeUndefined();
    const empty = join(folder, "assets");
    await expect(checkWebFolder(empty)).rejects.toMatchObject({
      code: "E_CONFIG",
      exitCode: 78,
      message: expect.stringContaining(`MULTITAP_WEB_DIR is ${JSON.stringify(empty)}. Accepted:`),
    });
    await symlink("nowhere", join(folder, "assets/index.html"));
    await expect(checkWebFolder(empty)).rejects.toMatchObject({ code: "E_CONFIG" });
    await rm(join(folder, "assets/index.html"));
  });

  test("is warned of below a prefix, where its absolute addresses lead elsewhere", () => {
    expect(warnOfPrefix(folder, "/romm")).toContain("/romm");
    expect(warnOfPrefix(folder, "")).toBeNull();
    expect(warnOfPrefix(null, "/romm")).toBeNull();
  });
});
