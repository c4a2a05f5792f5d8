// The runtime reads Range headers of file bodies by itself: what really leaves the socket is checked here.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileResponse, type ServedFile } from "./file-response.ts";

const BYTES = "0123456789abcdef";
let folder = "";
let server: Bun.Server<undefined>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-file-"));
  const facts = { fileName: "x.bin", modifiedAt: new Date(0), etag: '"1"' };
  const full: ServedFile = { ...facts, path: join(folder, "full"), sizeBytes: BYTES.length };
  const empty: ServedFile = { ...facts, path: join(folder, "empty"), sizeBytes: 0 };
  await Bun.write(full.path, BYTES);
  await Bun.write(empty.path, "");
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => fileResponse(request, request.url.endsWith("/empty") ? empty : full),
  });
});
afterAll(async () => {
  await server.stop(true);
  await rm(folder, { recursive: true, force: true });
});

async function ask(path: string, init: RequestInit) {
  const response = await fetch(new URL(path, server.url), init);
  const { headers } = response;
  return [
    response.status,
    headers.get("content-range"),
    headers.get("content-length"),
    await response.text(),
  ];
}

describe("fileResponse on a socket", () => {
  const whole = [200, null, "16", BYTES];
  test.each([
    ["the whole file", {}, whole],
    ["a range", { range: "bytes=2-5" }, [206, "bytes 2-5/16", "4", "2345"]],
    ["a suffix", { range: "bytes=-3" }, [206, "bytes 13-15/16", "3", "def"]],
    ["a range behind the end", { range: "bytes=99-" }, [416, "bytes */16", "0", ""]],
    ["several ranges as the whole file", { range: "bytes=0-1,4-5" }, whole],
    ["a stale If-Range as the whole file", { range: "bytes=2-5", "if-range": '"0"' }, whole],
    ["a damaged range as the whole file", { range: "bytes=5-2" }, whole],
    ["a known validator", { "if-none-match": '"1"' }, [304, null, null, ""]],
  ])("answers %s", async (_what, headers, expected) => {
    expect(await ask("/full", { headers: headers as Record<string, string> })).toEqual(expected);
  });

  test("answers HEAD with the length of the whole file", async () => {
    expect(await ask("/full", { method: "HEAD" })).toEqual([200, null, "16", ""]);
    expect(await ask("/full", { method: "HEAD", headers: { range: "bytes=0-1" } })).toEqual([
      200,
      null,
      "16",
      "",
    ]);
    expect(await ask("/empty", { method: "HEAD" })).toEqual([200, null, "0", ""]);
  });

  test("answers an empty file with its length", async () => {
    expect(await ask("/empty", {})).toEqual([200, null, "0", ""]);
  });

  test("keeps its own name for the file, not that of the disk", async () => {
    const { headers } = await fetch(new URL("/full", server.url));
    expect(headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''x.bin; filename=\"x.bin\"");
  });
});
