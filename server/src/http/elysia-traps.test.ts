// What Elysia does by itself, and that our door is not affected. A failing first half of a pair means that a
// new version changed: look whether the workaround is still needed.
import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import * as v from "valibot";
import { echo, openKit } from "./kit.testing.ts";
import type { RequestReader } from "./reader.ts";
import { get, post } from "./route.ts";

const Anything = v.record(v.string(), v.unknown());

/** Bare Elysia with routes that answer what they were given. */
function openBare() {
  return new Elysia()
    .onError(({ code }) => Response.json({ code }, { status: 418 }))
    .get("/list", ({ query }) => query, { query: v.object({ g: v.array(v.string()) }) })
    .get("/text", ({ query }) => query)
    .post("/form", ({ body }) => body)
    .get("/named/:name", ({ params }) => params)
    .get("/rest/*", ({ params }) => params);
}

const kit = openKit([
  get("/list", echo(Anything), { summary: "list", read: (reader) => ({ g: reader.queryTexts("g") }) }),
  get("/text", echo(Anything), { summary: "text", read: (reader) => Object.fromEntries(reader.query) }),
  post("/form", echo(Anything), {
    summary: "form",
    read: async (reader) => Object.fromEntries(await reader.form()),
  }),
  get("/named/{name}", echo(Anything), {
    summary: "name",
    read: (reader) => ({ name: reader.pathText("name") }),
  }),
]);

type Answer = readonly [status: number, body: unknown];

const fetchBare = async (url: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await openBare().handle(new Request(url, init));
  const text = await response.text();
  return [response.status, text === "" ? null : JSON.parse(text)];
};

const fetchOurs = async (path: string, init: RequestInit & { origin?: string } = {}): Promise<Answer> => {
  const response = await kit.call(path, init);
  return [response.status, await response.json()];
};

describe("array queries", () => {
  test("bare Elysia refuses a single value and splits commas, encoded ones too", async () => {
    expect(await fetchBare("http://localhost/list?g=a")).toEqual([418, { code: "VALIDATION" }]);
    expect(await fetchBare("http://localhost/list?g=a%2Cb")).toEqual([200, { g: ["a", "b"] }]);
    expect(await fetchBare("http://localhost/list?g=a&g=b,c")).toEqual([418, { code: "VALIDATION" }]);
    expect(await fetchBare("http://localhost/text?g=a&g=b")).toEqual([200, { g: "b" }]);
  });

  test("our door keeps values as they are", async () => {
    expect(await fetchOurs("/list?g=a")).toEqual([200, { g: ["a"] }]);
    expect(await fetchOurs("/list?g=a%2Cb")).toEqual([200, { g: ["a,b"] }]);
    expect(await fetchOurs("/list?g=a&g=b,c")).toEqual([200, { g: ["a", "b,c"] }]);
  });
});

describe("form fields that look like JSON", () => {
  const multipart = () => {
    const form = new FormData();
    form.append("criteria", '{"a":1}');
    form.append("ids", "[1,2]");
    return { method: "POST", body: form };
  };

  test("bare Elysia parses them", async () => {
    expect(await fetchBare("http://localhost/form", multipart())).toEqual([
      200,
      { criteria: { a: 1 }, ids: [1, 2] },
    ]);
  });

  test("our door hands over the text", async () => {
    expect(await fetchOurs("/form", multipart())).toEqual([200, { criteria: '{"a":1}', ids: "[1,2]" }]);
  });
});

describe("order of the error hook", () => {
  const boom = () => {
    throw new TypeError("boom");
  };
  const hook = () => new Response(null, { status: 418 });

  test("bare Elysia asks a hook only for routes that were registered after it", async () => {
    const late = new Elysia().get("/boom", boom).onError(hook);
    const early = new Elysia().onError(hook).get("/boom", boom);
    const request = () => new Request("http://localhost/boom");
    expect((await late.handle(request())).status).toBe(500);
    expect((await early.handle(request())).status).toBe(418);
  });

  test("our door answers failures of every route and unknown paths in one shape", async () => {
    expect(await fetchOurs("/nowhere")).toEqual([404, { detail: "Not Found" }]);
    const odd = openKit([get("/x", echo(Anything), { summary: "x", read: boom })]);
    const response = await odd.call("/x");
    expect([response.status, await response.json()]).toEqual([500, { detail: "Internal Server Error" }]);
    expect(odd.failures).toHaveLength(1);
  });
});

describe("methods without a route", () => {
  test("bare Elysia answers 404 to another method and to OPTIONS", async () => {
    expect(await fetchBare("http://localhost/text", { method: "PUT" })).toEqual([418, { code: "NOT_FOUND" }]);
    expect(await fetchBare("http://localhost/text", { method: "OPTIONS" })).toEqual([
      418,
      { code: "NOT_FOUND" },
    ]);
  });

  test("our door answers 405 with the methods there are", async () => {
    const response = await kit.call("/text", { method: "PUT" });
    expect([response.status, await response.json()]).toEqual([405, { detail: "Method Not Allowed" }]);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    const options = await kit.call("/form", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow"), options.body]).toEqual([204, "POST", null]);
  });
});

describe("HEAD of a route with parameters", () => {
  // The length of a file is known without its bytes.
  const head = () => new Response(null, { headers: { "content-length": "16", "x-own": "1" } });

  test("bare Elysia asks the route of GET, even beside one for HEAD, and counts the bytes itself", async () => {
    const app = new Elysia()
      .head("/file/:name", () => new Response(null, { status: 418 }))
      .get("/file/:name", head);
    const response = await app.handle(new Request("http://localhost/file/x", { method: "HEAD" }));
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "0"]);
  });

  test("our door keeps the length that the route says", async () => {
    const methods: string[] = [];
    const write = (_output: unknown, reader: RequestReader) => {
      methods.push(reader.request.method);
      return head();
    };
    const files = openKit([get("/file/{name}", echo(v.unknown()), { summary: "file", write })]);
    const response = await files.call("/file/x", { method: "HEAD" });
    expect([response.status, response.headers.get("content-length"), response.headers.get("x-own")]).toEqual([
      200,
      "16",
      "1",
    ]);
    expect(methods).toEqual(["HEAD"]);
  });
});

describe("trailing slashes", () => {
  test("bare Elysia takes exactly one more or less", async () => {
    expect((await fetchBare("http://localhost/text/"))[0]).toBe(200);
    expect((await fetchBare("http://localhost/text//"))[0]).toBe(418);
  });

  test("so does our door, with queries too", async () => {
    expect(await fetchOurs("/text/?a=1")).toEqual([200, { a: "1" }]);
    expect(await fetchOurs("/named/x/")).toEqual([200, { name: "x" }]);
    expect(await fetchOurs("/text//")).toEqual([404, { detail: "Not Found" }]);
    expect(await fetchOurs("//text")).toEqual([404, { detail: "Not Found" }]);
  });
});

describe("names in paths", () => {
  test("bare Elysia decodes parameters but not the wildcard, and gives null for broken ones", async () => {
    expect(await fetchBare("http://localhost/rest/a%20b/c")).toEqual([200, { "*": "a%20b/c" }]);
    expect(await fetchBare("http://localhost/named/a%20b")).toEqual([200, { name: "a b" }]);
    expect(await fetchBare("http://localhost/named/%zz")).toEqual([200, { name: null }]);
  });

  test.each([
    ["/named/a%20b", "a b"],
    ["/named/a%2Fb", "a/b"],
    ["/named/a%2520b", "a%20b"],
    ["/named/100%25", "100%"],
    ["/named/%E6%97%A5", "日"],
    ["/named/日", "日"],
    ["/named/a+b", "a+b"],
    ["/named/%zz", ""],
    ["/named/100%", ""],
    ["/named/%E0%A4%A", ""],
    ["/named/%00", "\0"],
  ])("our door reads %s", async (path, name) => {
    expect(await fetchOurs(path)).toEqual([200, { name }]);
  });
});

describe("short host names", () => {
  test("bare Elysia looks for the path behind a fixed number of characters", async () => {
    expect((await fetchBare("http://nas/text"))[0]).toBe(418);
    expect((await fetchBare("http://nas1/text"))[0]).toBe(200);
  });

  test.each([
    "http://h",
    "http://pi",
    "http://nas",
    "http://nas:80",
    "http://nas:8080",
    "https://ab",
    "http://nas1",
  ])("our door finds the path behind %s", async (origin) => {
    expect(await fetchOurs("/named/x?y=/z", { origin })).toEqual([200, { name: "x" }]);
    expect(
      await fetchOurs("/form", { origin, method: "POST", body: new URLSearchParams({ a: "1" }) }),
    ).toEqual([200, { a: "1" }]);
  });
});
