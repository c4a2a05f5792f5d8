import { describe, expect, test } from "bun:test";
import { compareAnswers, type OurAnswer } from "./compare-answers.ts";
import { createCorrespondence } from "./correspondence.ts";
import { answerJson, recordJson } from "./testing.ts";
import type { AnswerRecord } from "./types.ts";

function compare(theirs: AnswerRecord, ours: OurAnswer, uploaded: readonly string[] = []): readonly string[] {
  const options = { correspondence: createCorrespondence(), kind: null, uploaded: new Set(uploaded) };
  return compareAnswers(theirs, ours, options).map(({ what, at }) => `${what} ${at}`.trim());
}

type Headers = OurAnswer["headers"];
const withHeaders = (headers: Headers) => [recordJson(null, 200, headers), answerJson(null)] as const;

const headerRows: readonly (readonly [string, Headers, Headers, readonly string[]])[] = [
  [
    "a charset",
    [["content-type", "application/json"]],
    [["content-type", "application/json; charset=utf-8"]],
    [],
  ],
  [
    "another media type",
    [["content-type", "application/zip"]],
    [["content-type", "text/plain"]],
    ["header content-type"],
  ],
  ["a lacking challenge", [["www-authenticate", "Bearer"]], [], ["header www-authenticate"]],
  [
    "another range",
    [["content-range", "bytes 0-1/4"]],
    [["content-range", "bytes 0-1/5"]],
    ["header content-range"],
  ],
  ["methods in another order", [["allow", "GET, PUT"]], [["allow", "PUT,GET"]], []],
  ["another validator", [["etag", '"a"']], [["etag", '"b"']], []],
  ["no validator", [["etag", '"a"']], [], ["header etag"]],
  ["headers that nobody reads", [["vary", "Origin"]], [], []],
  [
    "a cookie with another value and life",
    [["set-cookie", "s=abcdefgh; Path=/; Max-Age=5"]],
    [["set-cookie", "s=x; path=/; max-age=9"]],
    [],
  ],
  [
    "a cookie that scripts may read",
    [["set-cookie", "s=a; path=/; httponly"]],
    [["set-cookie", "s=a; path=/"]],
    ["header set-cookie s"],
  ],
  [
    "a lacking cookie",
    [["set-cookie", "s=a; path=/"]],
    [["set-cookie", "t=a; path=/"]],
    ["header set-cookie s"],
  ],
];

describe("compareAnswers", () => {
  test.each(headerRows)("judges %s", (_, theirs, ours, expected) => {
    const [recorded, own] = withHeaders(theirs);
    expect(compare(recorded, { ...own, headers: ours })).toEqual([...expected]);
  });

  test("stops at another status", () => {
    expect(compare(recordJson({ a: 1 }), answerJson({ detail: "no" }, 404))).toEqual(["status"]);
  });

  test("learns cookies for later requests", () => {
    const correspondence = createCorrespondence();
    const headers: Headers = [["set-cookie", "romm_session=their-session; path=/"]];
    const own: Headers = [["set-cookie", "romm_session=our-session; path=/"]];
    const options = { correspondence, kind: null, uploaded: new Set<string>() };
    compareAnswers(recordJson(null, 200, headers), answerJson(null, 200, own), options);
    expect(correspondence.translate("romm_session=their-session")).toBe("romm_session=our-session");
  });

  test("wants JSON where theirs is JSON, and the same text where theirs is text", () => {
    const text = { status: 200, headers: [], bytes: new TextEncoder().encode("hello"), json: undefined };
    expect(compare(recordJson({ a: 1 }, 200, []), text)).toEqual(["field"]);
    expect(compare({ status: 200, headers: [], text: "hello" }, text)).toEqual([]);
    expect(compare({ status: 200, headers: [], text: "other" }, text)).toEqual(["value"]);
  });

  test("wants no body where theirs has none, and of HEAD the announced length", () => {
    const empty = { status: 204, headers: [], bytes: new Uint8Array(), json: undefined };
    expect(compare({ status: 204, headers: [] }, empty)).toEqual([]);
    expect(compare({ status: 204, headers: [] }, { ...empty, bytes: new Uint8Array(1) })).toEqual(["value"]);
    const head: AnswerRecord = { status: 204, headers: [["content-length", "9"]] };
    expect(compare(head, empty)).toEqual(["header content-length"]);
    expect(compare(head, { ...empty, headers: [["content-length", "9"]] })).toEqual([]);
  });

  test("compares downloads by length, and by bytes when the recording uploaded them", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const own = { status: 200, headers: [], bytes, json: undefined };
    const recorded = (length: number, sha256: string): AnswerRecord => ({
      status: 200,
      headers: [],
      bytes: { length, sha256 },
    });
    expect(compare(recorded(3, "aa"), own)).toEqual([]);
    expect(compare(recorded(4, "aa"), own)).toEqual(["value length"]);
    expect(compare(recorded(3, "aa"), own, ["aa"])).toEqual(["value sha256"]);
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(compare(recorded(3, sha256), own, [sha256])).toEqual([]);
  });
});
