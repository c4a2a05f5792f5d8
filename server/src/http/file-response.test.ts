import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fileResponse,
  formatDisposition,
  matchesAnyEtag,
  parseRange,
  type ServedFile,
} from "./file-response.ts";

const BYTES = "0123456789abcdef";
const MODIFIED_AT = new Date("2026-01-02T03:04:05.678Z");
const LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
const ETAG = '"10-abc"';

let folder = "";
let file: ServedFile;
let empty: ServedFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-file-"));
  const facts = { fileName: "Star Pilot (USA).z64", modifiedAt: MODIFIED_AT, etag: ETAG };
  file = { ...facts, path: join(folder, "full"), sizeBytes: BYTES.length };
  empty = { ...facts, path: join(folder, "empty"), sizeBytes: 0 };
  await Bun.write(file.path, BYTES);
  await Bun.write(empty.path, "");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Headers = Record<string, string>;

/** Status, range, length and bytes of one answer. */
async function ask(headers: Headers = {}, { method = "GET", of = file } = {}) {
  const response = fileResponse(new Request("http://localhost/x", { method, headers }), of);
  return [
    response.status,
    response.headers.get("content-range"),
    response.headers.get("content-length"),
    await response.text(),
  ];
}

const WHOLE = [200, null, "16", BYTES];
const NOT_MODIFIED = [304, null, null, ""];

describe("parseRange", () => {
  test.each([
    [null, null],
    ["", null],
    ["bytes=0-", { start: 0, end: 16 }],
    ["bytes=4-", { start: 4, end: 16 }],
    ["bytes=15-", { start: 15, end: 16 }],
    ["bytes=16-", "unsatisfiable"],
    ["bytes=99999-", "unsatisfiable"],
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=0-15", { start: 0, end: 16 }],
    ["bytes=2-5", { start: 2, end: 6 }],
    ["bytes=2-999", { start: 2, end: 16 }],
    ["bytes=0-9223372036854775807", { start: 0, end: 16 }],
    ["bytes=9223372036854775808-", "unsatisfiable"],
    ["bytes=16-20", "unsatisfiable"],
    ["bytes=-1", { start: 15, end: 16 }],
    ["bytes=-16", { start: 0, end: 16 }],
    ["bytes=-999", { start: 0, end: 16 }],
    ["bytes=-99999999999999999999", { start: 0, end: 16 }],
    ["bytes=-0", "unsatisfiable"],
    ["Bytes=2-5", { start: 2, end: 6 }],
    [" bytes=2-5 ", { start: 2, end: 6 }],
    ["bytes= 2-5", { start: 2, end: 6 }],
    ["bytes=5-2", null],
    ["bytes=-", null],
    ["bytes=", null],
    ["bytes", null],
    ["bytes=a-b", null],
    ["bytes=1-2x", null],
    ["bytes=0x1-0x2", null],
    ["bytes=1.5-2", null],
    ["bytes=--5", null],
    ["bytes=0-1,4-5", null],
    ["bytes=0-1, -1", null],
    ["items=0-5", null],
    ["seconds=1-2", null],
  ])("reads %p", (header, expected) => {
    expect(parseRange(header, 16)).toEqual(expected as ReturnType<typeof parseRange>);
  });

  test.each(["bytes=0-", "bytes=0-0", "bytes=-1"])("finds nothing for %p in an empty file", (header) => {
    expect(parseRange(header, 0)).toBe("unsatisfiable");
  });
});

describe("matchesAnyEtag", () => {
  test.each([
    [ETAG, true],
    [`W/${ETAG}`, true],
    ["*", true],
    [" * ", true],
    [`"a", ${ETAG}`, true],
    [`"a",W/${ETAG} ,"b"`, true],
    ['"10-abd"', false],
    ["10-abc", false],
    ["", false],
    ['"a", "b"', false],
  ])("compares %p", (header, expected) => {
    expect(matchesAnyEtag(header, ETAG)).toBe(expected);
  });

  test("takes a weak validator of its own for the same entity", () => {
    expect(matchesAnyEtag(ETAG, `W/${ETAG}`)).toBe(true);
  });
});

describe("fileResponse", () => {
  test("hands out the whole file with everything a client needs to come back", async () => {
    const response = fileResponse(new Request("http://localhost/x"), file);
    expect(Object.fromEntries(response.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      "content-disposition":
        "attachment; filename*=UTF-8''Star%20Pilot%20%28USA%29.z64; filename=\"Star%20Pilot%20%28USA%29.z64\"",
      "content-length": "16",
      "content-type": "application/octet-stream",
      etag: ETAG,
      "last-modified": LAST_MODIFIED,
      "x-content-type-options": "nosniff",
    });
    expect(await response.text()).toBe(BYTES);
  });

  test("takes the content type and the disposition of the file", () => {
    const shown: ServedFile = { ...file, contentType: "application/pdf", disposition: "inline" };
    const { headers } = fileResponse(new Request("http://localhost/x"), shown);
    expect(headers.get("content-type")).toBe("application/pdf");
    expect(headers.get("content-disposition")).toStartWith("inline; ");
  });

  test.each([
    ["bytes=0-3", [206, "bytes 0-3/16", "4", "0123"]],
    ["bytes=12-", [206, "bytes 12-15/16", "4", "cdef"]],
    ["bytes=-2", [206, "bytes 14-15/16", "2", "ef"]],
    ["bytes=0-999", [206, "bytes 0-15/16", "16", BYTES]],
    ["bytes=16-", [416, "bytes */16", null, ""]],
    ["bytes=0-1,4-5", WHOLE],
    ["bytes=9-1", WHOLE],
    ["junk", WHOLE],
  ])("answers the range %p", async (range, expected) => {
    expect(await ask({ range })).toEqual(expected);
  });

  test.each([
    ["the same validator", ETAG, [206, "bytes 0-3/16", "4", "0123"]],
    ["the date of the file", LAST_MODIFIED, [206, "bytes 0-3/16", "4", "0123"]],
    ["another validator", '"old"', WHOLE],
    ["a weak validator", `W/${ETAG}`, WHOLE],
    ["an earlier date", "Fri, 02 Jan 2026 03:04:04 GMT", WHOLE],
    ["a later date", "Fri, 02 Jan 2026 03:04:06 GMT", WHOLE],
    ["garbage", "yesterday", WHOLE],
  ])("resumes only with %s in If-Range", async (_what, ifRange, expected) => {
    expect(await ask({ range: "bytes=0-3", "if-range": ifRange })).toEqual(expected);
  });

  test.each([
    [{ "if-none-match": ETAG }, NOT_MODIFIED],
    [{ "if-none-match": "*" }, NOT_MODIFIED],
    [{ "if-none-match": '"old"' }, WHOLE],
    [{ "if-modified-since": LAST_MODIFIED }, NOT_MODIFIED],
    [{ "if-modified-since": "Friday, 02-Jan-26 03:04:05 GMT" }, NOT_MODIFIED],
    [{ "if-modified-since": "Fri, 02 Jan 2026 03:04:04 GMT" }, WHOLE],
    [{ "if-modified-since": "abc 2099" }, WHOLE],
    [{ "if-modified-since": "2099" }, WHOLE],
    [{ "if-modified-since": "Fri, 99 Foo 2099" }, WHOLE],
    [{ "if-none-match": '"old"', "if-modified-since": LAST_MODIFIED }, WHOLE],
    [{ "if-none-match": ETAG, range: "bytes=0-3" }, NOT_MODIFIED],
    [{ "if-none-match": '"old"', range: "bytes=0-3" }, [206, "bytes 0-3/16", "4", "0123"]],
  ])("weighs the conditions %j", async (headers, expected) => {
    expect(await ask(headers as Headers)).toEqual(expected);
  });

  test("repeats the validators in a 304", () => {
    const request = new Request("http://localhost/x", { headers: { "if-none-match": ETAG } });
    const { headers } = fileResponse(request, file);
    expect([headers.get("etag"), headers.get("last-modified")]).toEqual([ETAG, LAST_MODIFIED]);
  });

  test("answers HEAD with the length and without bytes, for a range is for GET alone", async () => {
    expect(await ask({}, { method: "HEAD" })).toEqual([200, null, "16", ""]);
    expect(await ask({ range: "bytes=0-3" }, { method: "HEAD" })).toEqual([200, null, "16", ""]);
    expect(await ask({ "if-none-match": ETAG }, { method: "HEAD" })).toEqual(NOT_MODIFIED);
  });

  test("hands out an empty file", async () => {
    expect(await ask({}, { of: empty })).toEqual([200, null, "0", ""]);
    expect(await ask({}, { of: empty, method: "HEAD" })).toEqual([200, null, "0", ""]);
    expect(await ask({ range: "bytes=0-" }, { of: empty })).toEqual([416, "bytes */0", null, ""]);
  });
});

describe("formatDisposition", () => {
  test.each([
    ["plain.bin", "plain.bin"],
    ["Kart Kings (USA) (Rev A) [!].z64", "Kart%20Kings%20%28USA%29%20%28Rev%20A%29%20%5B%21%5D.z64"],
    [
      "Name with 'quotes' & ampersand, 100% #1.gba",
      "Name%20with%20%27quotes%27%20%26%20ampersand%2C%20100%25%20%231.gba",
    ],
    ['say "hi"; ok.bin', "say%20%22hi%22%3B%20ok.bin"],
    ["line\r\nset-cookie: x=1", "line%0D%0Aset-cookie%3A%20x%3D1"],
    ["日本語ゲーム.gba", "%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%82%B2%E3%83%BC%E3%83%A0.gba"],
    ["🎮*.bin", "%F0%9F%8E%AE%2A.bin"],
    ["a\\b/c.bin", "a%5Cb%2Fc.bin"],
    ["half a pair \ud83c.bin", "half%20a%20pair%20%EF%BF%BD.bin"],
    ["nul\0.bin", "nul%00.bin"],
    ["", ""],
  ])("writes %p in both spellings", (name, encoded) => {
    const text = formatDisposition("attachment", name);
    expect(text).toBe(`attachment; filename*=UTF-8''${encoded}; filename="${encoded}"`);
    // A header value that the runtime would refuse throws here.
    expect(new Headers({ "content-disposition": text }).get("content-disposition")).toBe(text);
  });
});
