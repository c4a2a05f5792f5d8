// Artwork and manuals as static files, over a real connection: the path arrives as the caller wrote it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { answerResource, RESOURCES_ROOT as PREFIX } from "./resource-files.ts";
import { createTestApp, type TestApp } from "./testing.ts";

let app: TestApp;
let url = "";

beforeAll(async () => {
  app = await createTestApp();
  url = await app.listen();
  const put = async (path: string, content: string) => {
    const at = join(app.basePath, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content);
  };
  await put("resources/roms/1/2/cover/big.png", "0123456789");
  await put("resources/roms/1/2/manual/a b #1.pdf", "%PDF");
  await put("resources/roms/1/2/page.html", "<script>");
  await put("resources/roms/1/2/drawing.SVG", "<svg/>");
  await put("resources/roms/1/2/empty.webp", "");
  await put("resources/roms/1/2/tmp/kept.png", "kept");
  await put("resources/roms/1/2/.multitap-0123456789abcdef.partial", "half");
  await put("resources/tmp/uploads/1/0", "secret");
  await put("resources/tmp/a.png", "secret");
  await put("config/config.yml", "# secret");
}, 30_000);
afterAll(() => app.close());

const get = (path: string, init: RequestInit = {}) => fetch(`${url}${PREFIX}${path}`, init);

/** Sends a path that no URL parser has touched; gives the status and the body. */
async function getRaw(path: string): Promise<readonly [status: number, body: string]> {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  });
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  return [Number(head.split(" ")[1]), body];
}

describe("GET /assets/romm/resources/{path}", () => {
  test("sends a file to anyone, kept for a year when its version is named", async () => {
    const answer = await get("roms/1/2/cover/big.png?ts=2026-11-20T09:08:26");
    expect([answer.status, await answer.text()]).toEqual([200, "0123456789"]);
    const { headers } = answer;
    expect(headers.get("content-type")).toBe("image/png");
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-length")).toBe("10");
    for (const query of ["", "?ts=", "?other=1"]) {
      const unversioned = await get(`roms/1/2/cover/big.png${query}`);
      expect(unversioned.headers.get("cache-control")).toBe("public, no-cache");
    }
  });

  test("answers heads, parts and repeats", async () => {
    const head = await get("roms/1/2/cover/big.png", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    const etag = head.headers.get("etag") ?? "";
    const repeat = await get("roms/1/2/cover/big.png?ts=1", { headers: { "if-none-match": etag } });
    expect([repeat.status, repeat.headers.get("cache-control")]).toEqual([
      304,
      "public, max-age=31536000, immutable",
    ]);
    const part = await get("roms/1/2/cover/big.png", { headers: { range: "bytes=8-" } });
    expect([part.status, await part.text()]).toEqual([206, "89"]);
    const behind = await get("roms/1/2/cover/big.png", { headers: { range: "bytes=10-" } });
    expect(behind.status).toBe(416);
    const empty = await get("roms/1/2/empty.webp");
    expect([empty.status, empty.headers.get("content-type"), await empty.text()]).toEqual([
      200,
      "image/webp",
      "",
    ]);
  });

  test("shows nothing that could run in the name of the server", async () => {
    const page = await get("roms/1/2/page.html");
    expect(page.headers.get("content-type")).toBe("application/octet-stream");
    expect(page.headers.get("content-disposition")).toStartWith("attachment;");
    const drawing = await get("roms/1/2/drawing.SVG");
    expect(drawing.headers.get("content-type")).toBe("image/svg+xml");
    expect(drawing.headers.get("content-security-policy")).toContain("sandbox");
    const manual = await get("roms/1/2/manual/a%20b%20%231.pdf");
    expect([manual.status, manual.headers.get("content-type")]).toEqual([200, "application/pdf"]);
    expect(manual.headers.get("content-disposition")).toStartWith("inline;");
  });

  test("has a folder of the name further down", async () => {
    expect(await (await get("roms/1/2/tmp/kept.png")).text()).toBe("kept");
  });

  const absent = [
    "",
    "roms",
    "roms/",
    "roms/1/2/cover/",
    "roms/1/2/cover/none.png",
    "roms//1/2/cover/big.png",
    "roms/1/2/cover/big.png/",
    "roms/1/2/cover/big.png%00",
    "roms/1/2/cover%2fbig.png",
    "roms/1/2/cover%5cbig.png",
    "roms/1/2/.multitap-0123456789abcdef.partial",
    "tmp/a.png",
    "TMP/a.png",
    "%74mp/a.png",
    "tmp/uploads/1/0",
    "%E0%A4%A",
    `${"x".repeat(300)}.png`,
    "//etc/passwd",
  ];
  test.each(absent)("finds nothing at %p", async (path) => {
    expect(await getRaw(PREFIX + path)).toEqual([404, '{"detail":"Resource not found"}']);
  });

  const ways = [
    "../config/config.yml",
    "roms/../../config/config.yml",
    "roms/../tmp/a.png",
    "..%2fconfig%2fconfig.yml",
    "%2e%2e/config/config.yml",
    "roms/%2E%2e/%2e%2E/config/config.yml",
    "..\\config\\config.yml",
    "..%5cconfig%5cconfig.yml",
    "roms/./../tmp/a.png",
  ];
  test.each(ways)("lets nobody out by %p", async (path) => {
    const [status, body] = await getRaw(PREFIX + path);
    expect([status, body.includes("secret")]).toEqual([404, false]);
    // The runtime resolves dots on the way in; whoever does not is kept in as well.
    const { files } = app.ports;
    const { resourcesPath } = app.facts;
    const request = new Request(`${url}${PREFIX}`);
    expect((await answerResource(request, PREFIX + path, { files, resourcesPath })).status).toBe(404);
  });

  test("lets nobody keep that a file is not there", async () => {
    const answer = await get("roms/1/2/cover/none.png?ts=1");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  test("takes nothing", async () => {
    const answer = await get("roms/1/2/cover/big.png", { method: "PUT", body: "x" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
