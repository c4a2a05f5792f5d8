import { describe, expect, test } from "bun:test";
import { isAppError } from "../base/errors.ts";
import { BODY_BYTES_MAX, QUERY_VALUES_MAX } from "./limits.ts";
import { createReader, type RequestReader } from "./reader.ts";
import type { FormReceiver } from "./receive.ts";

/** No route here answers with an archive. */
const noZip = () => Promise.resolve(new Response());

/** Nor takes a form with files. */
const receiver: FormReceiver = {
  receive: () => Promise.resolve({ fields: new URLSearchParams(), files: [] }),
  discard: () => Promise.resolve(),
};

const readerOf = (query: string, params: Record<string, string> = {}) =>
  createReader(new Request(`http://localhost/x${query}`), { params, sendZip: noZip, receiver });

const bodyReader = (body: BodyInit, headers: Record<string, string> = {}) =>
  createReader(new Request("http://localhost/x", { method: "POST", body, headers }), {
    params: {},
    sendZip: noZip,
    receiver,
  });

/** The issues that `finish` throws, or an empty list. */
function issuesOf(reader: RequestReader) {
  try {
    reader.finish();
    return [];
  } catch (error) {
    if (!isAppError(error)) throw error;
    return (error.details as { issues: { path: unknown; type: string }[] }).issues;
  }
}

describe("createReader: query", () => {
  test("gives undefined for what did not come", () => {
    const reader = readerOf("");
    expect(reader.queryText("a")).toBeUndefined();
    expect(reader.queryInt("a")).toBeUndefined();
    expect(reader.queryBool("a")).toBeUndefined();
    expect(reader.queryTexts("a")).toBeUndefined();
    expect(reader.queryInts("a")).toBeUndefined();
    expect(reader.queryCommaInts("a")).toBeUndefined();
    expect(reader.queryInstant("a")).toBeUndefined();
    expect(issuesOf(reader)).toEqual([]);
  });

  test("ignores parameters that nobody asks for", () => {
    const reader = readerOf("?with_siblings=maybe&limit=5&__proto__=1&=&&x");
    expect(reader.queryInt("limit")).toBe(5);
    expect(issuesOf(reader)).toEqual([]);
  });

  test.each([
    ["?g=a&g=b", ["a", "b"]],
    ["?g=a", ["a"]],
    ["?g=Shoot%20%27em%20up%2C%20x", ["Shoot 'em up, x"]],
    ["?g=a,b", ["a,b"]],
    ["?g=", [""]],
    ["?g", [""]],
    ["?g=1+2", ["1 2"]],
    ["?g=%7B%22a%22%3A1%7D", ['{"a":1}']],
    ["?g=%E6%97%A5", ["日"]],
    ["?g=100%", ["100%"]],
    ["?g=%zz", ["%zz"]],
    ["?g=a?b", ["a?b"]],
  ])("reads the list of %p", (query, values) => {
    expect(readerOf(query).queryTexts("g")).toEqual(values);
  });

  test("reads repeated numbers and names the place of one that is none", () => {
    expect(readerOf("?id=1&id=2").queryInts("id")).toEqual([1, 2]);
    const reader = readerOf("?id=1&id=x&id=3,4");
    reader.queryInts("id");
    expect(issuesOf(reader)).toMatchObject([
      { path: ["query", "id", 1], type: "int_parsing" },
      { path: ["query", "id", 2], type: "int_parsing" },
    ]);
  });

  test.each([
    ["?ids=1,2,3", [1, 2, 3]],
    ["?ids=1%2C2", [1, 2]],
    ["?ids=+1+,+2+", [1, 2]],
    ["?ids=1,,2,", [1, 2]],
    ["?ids=", []],
    ["?ids=7&ids=8", [7]],
  ])("reads the comma list of %p", (query, values) => {
    const reader = readerOf(query);
    expect(reader.queryCommaInts("ids")).toEqual(values);
    expect(issuesOf(reader)).toEqual([]);
  });

  test("refuses garbage in a comma list", () => {
    const reader = readerOf("?ids=1,abc");
    reader.queryCommaInts("ids");
    expect(issuesOf(reader)).toMatchObject([{ path: ["query", "ids", 1], type: "int_parsing" }]);
  });

  test("refuses lists that are too long instead of cutting them", () => {
    const many = Array.from({ length: QUERY_VALUES_MAX + 1 }, (_, index) => index);
    const repeated = readerOf(`?id=${many.join("&id=")}`);
    expect(repeated.queryInts("id")).toBeUndefined();
    expect(issuesOf(repeated)).toMatchObject([{ path: ["query", "id"], type: "too_long" }]);
    const commas = readerOf(`?ids=${many.join(",")}`);
    expect(commas.queryCommaInts("ids")).toBeUndefined();
    expect(issuesOf(commas)).toMatchObject([{ path: ["query", "ids"], type: "too_long" }]);
  });

  test("collects every misfit before it refuses", () => {
    const reader = readerOf("?limit=x&all=maybe&since=never", { id: "abc" });
    reader.pathInt("id");
    reader.queryInt("limit");
    reader.queryBool("all");
    reader.queryInstant("since");
    expect(issuesOf(reader).map((issue) => issue.path)).toEqual([
      ["path", "id"],
      ["query", "limit"],
      ["query", "all"],
      ["query", "since"],
    ]);
  });

  test("refuses an empty number as the compatible API does", () => {
    const reader = readerOf("?limit=");
    expect(reader.queryInt("limit")).toBeUndefined();
    expect(issuesOf(reader)).toMatchObject([{ path: ["query", "limit"], type: "int_parsing", input: "" }]);
  });
});

describe("createReader: path", () => {
  test("reads numbers of the path", () => {
    expect(readerOf("", { id: "12" }).pathInt("id")).toBe(12);
    expect(readerOf("", { id: "12" }).pathText("id")).toBe("12");
  });

  test("survives a parameter that could not be decoded", () => {
    const broken = { id: null } as unknown as Record<string, string>;
    const reader = readerOf("", broken);
    expect(reader.pathText("id")).toBe("");
    reader.pathInt("id");
    expect(issuesOf(reader)).toMatchObject([{ path: ["path", "id"], type: "int_parsing" }]);
  });
});

/** A body that comes in pieces, without an announced length. */
function pieces(count: number, bytes: number, onPull: () => void = () => undefined): ReadableStream {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        onPull();
        if (sent === count) return controller.close();
        sent += 1;
        controller.enqueue(new Uint8Array(bytes).fill(0x20));
      },
    },
    { highWaterMark: 0 },
  );
}

describe("createReader: JSON body", () => {
  test("keeps every value as it came", async () => {
    const value = { a: [1, "x", null], unknown: { b: true } };
    expect(await bodyReader(JSON.stringify(value)).json()).toEqual(value);
  });

  test("joins characters that were cut between pieces", async () => {
    const bytes = new TextEncoder().encode('"日本"');
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await bodyReader(body).json()).toBe("日本");
  });

  test("asks for an absent body", async () => {
    const error = await bodyReader("")
      .json()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INPUT_INVALID",
      details: { issues: [{ path: ["body"], type: "missing", message: "Field required", input: null }] },
    });
  });

  test("says where damaged JSON ends to be JSON", async () => {
    const error = await bodyReader("{bad}")
      .json()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INPUT_INVALID",
      details: { issues: [{ path: ["body", 1], type: "json_invalid", input: {} }] },
    });
  });

  test("refuses a body that announces too much before reading it", async () => {
    let pulls = 0;
    const body = pieces(1, 10, () => {
      pulls += 1;
    });
    const reader = bodyReader(body, { "content-length": String(BODY_BYTES_MAX + 1) });
    expect(reader.json()).rejects.toMatchObject({ code: "BODY_TOO_LARGE", kind: "too_large" });
    expect(pulls).toBe(0);
  });

  test("stops reading a body of unknown length at the limit", async () => {
    let pulls = 0;
    const body = pieces(100, BODY_BYTES_MAX / 4, () => {
      pulls += 1;
    });
    await expect(bodyReader(body).json()).rejects.toMatchObject({ code: "BODY_TOO_LARGE" });
    expect(pulls).toBeLessThanOrEqual(6);
  });

  test("takes a body of exactly the limit", async () => {
    const text = `"${"x".repeat(BODY_BYTES_MAX - 2)}"`;
    expect(await bodyReader(text).json()).toHaveLength(BODY_BYTES_MAX - 2);
  });
});

describe("createReader: form body", () => {
  test("reads url-encoded fields", async () => {
    const form = await bodyReader("a=1+2&b=%26&a=3&c=%7B%22x%22%3A1%7D", {
      "content-type": "application/x-www-form-urlencoded",
    }).form();
    expect(form.getAll("a")).toEqual(["1 2", "3"]);
    expect(form.get("b")).toBe("&");
    expect(form.get("c")).toBe('{"x":1}');
  });

  test("reads the text fields of a multipart form as text and leaves files out", async () => {
    const data = new FormData();
    data.append("a", '{"x":1}');
    data.append("a", "[1]");
    data.append("file", new File(["bytes"], "f.bin"));
    const form = await bodyReader(data).form();
    expect([...form.entries()]).toEqual([
      ["a", '{"x":1}'],
      ["a", "[1]"],
    ]);
  });

  test.each(["multipart/form-data", "multipart/form-data; boundary=none", "Multipart/Form-Data; boundary=x"])(
    "refuses a damaged multipart body of type %p",
    async (type) => {
      const reader = bodyReader("--y\r\nno form", { "content-type": type });
      await expect(reader.form()).rejects.toMatchObject({ code: "INPUT_INVALID", kind: "invalid" });
    },
  );

  test("bounds a multipart body of unknown length", async () => {
    const reader = bodyReader(pieces(100, BODY_BYTES_MAX / 4), {
      "content-type": "multipart/form-data; boundary=x",
    });
    await expect(reader.form()).rejects.toMatchObject({ code: "BODY_TOO_LARGE" });
  });

  test("reads an absent body as an empty form", async () => {
    expect((await readerOf("").form()).size).toBe(0);
  });
});
