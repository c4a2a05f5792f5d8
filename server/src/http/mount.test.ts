import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { AppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { callerWith, echo, failing, openKit } from "./kit.testing.ts";
import type { RequestReader } from "./reader.ts";
import { createResponseCache } from "./response-cache.ts";
import { del, get, post, put } from "./route.ts";

const Anything = v.unknown();
const guarded = operation(
  { type: "query", scope: "roms.read", input: v.strictObject({ id: v.number() }), output: Anything },
  async (ctx, { id }) => ({ id, kind: ctx.identity.kind }),
);

describe("mountRoutes: access", () => {
  const kit = openKit([
    get("/guarded/{id}", guarded, { summary: "guarded", read: (reader) => ({ id: reader.pathInt("id") }) }),
    post("/guarded", guarded, { summary: "guarded", read: (reader) => reader.json() }),
    get(
      "/opened/{id}",
      { ...guarded, isOpen: () => true },
      {
        summary: "opened",
        read: (reader) => ({ id: reader.pathInt("id") }),
      },
    ),
  ]);

  test("asks for the scope before it looks at the input", async () => {
    const guest = await kit.call("/guarded/abc");
    expect([guest.status, await guest.json()]).toEqual([401, { detail: "Not authenticated" }]);
    expect(guest.headers.get("www-authenticate")).toBe("Bearer");
    const stranger = await kit.call("/guarded/abc", { identity: callerWith("me.read") });
    expect([stranger.status, await stranger.json()]).toEqual([403, { detail: "Forbidden" }]);
    expect((await kit.call("/guarded/abc", { identity: callerWith("roms.read") })).status).toBe(422);
  });

  test("reads no byte of the body of a caller who may not call", async () => {
    let isRead = false;
    const body = new ReadableStream(
      {
        pull(controller) {
          isRead = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect((await kit.call("/guarded", { method: "POST", body })).status).toBe(401);
    expect(isRead).toBe(false);
  });

  test("knows the caller also behind a short host name", async () => {
    const answer = await kit.call("/guarded/1", { identity: callerWith("roms.read"), origin: "http://pi" });
    expect([answer.status, await answer.json()]).toEqual([200, { id: 1, kind: "user" }]);
  });

  test("lets everyone call what the operator opened", async () => {
    const answer = await kit.call("/opened/1");
    expect([answer.status, await answer.json()]).toEqual([200, { id: 1, kind: "anonymous" }]);
  });
});

describe("mountRoutes: answers", () => {
  const nothing = echo(v.undefined());
  const kit = openKit([
    get("/plain", echo(Anything), { summary: "plain", read: () => ({ a: "日" }) }),
    get("/nothing", nothing, { summary: "nothing", read: () => undefined }),
    post("/made", echo(Anything), { summary: "made", status: 201, read: () => 1 }),
    put("/made", echo(Anything), { summary: "changed", read: () => 2 }),
    del("/made", nothing, { summary: "gone", status: 204, read: () => undefined }),
    get("/own", echo(Anything), {
      summary: "own",
      write: () => new Response("raw", { headers: { "x-own": "1" } }),
    }),
    get("/mapped", echo(Anything), {
      summary: "mapped",
      read: () => 3,
      write: (output, reader) => ({ output, asked: reader.queryText("q") ?? null }),
    }),
  ]);

  test("answers JSON with the status of the route", async () => {
    const plain = await kit.call("/plain");
    expect([plain.status, plain.headers.get("content-type"), await plain.text()]).toEqual([
      200,
      "application/json",
      '{"a":"日"}',
    ]);
    expect((await kit.call("/made", { method: "POST" })).status).toBe(201);
    expect(await (await kit.call("/made", { method: "PUT" })).json()).toBe(2);
    expect(await (await kit.call("/nothing")).text()).toBe("null");
    const gone = await kit.call("/made", { method: "DELETE" });
    expect([gone.status, gone.body]).toEqual([204, null]);
  });

  test("hands over what a route makes itself, and lets it map the rest", async () => {
    const own = await kit.call("/own");
    expect([own.headers.get("x-own"), await own.text()]).toEqual(["1", "raw"]);
    expect(await (await kit.call("/mapped?q=z")).json()).toEqual({ output: 3, asked: "z" });
  });

  test("answers HEAD with the headers of GET and its exact length", async () => {
    for (const path of ["/plain", "/nothing", "/own"]) {
      const whole = await kit.call(path);
      const head = await kit.call(path, { method: "HEAD" });
      expect([head.status, head.body]).toEqual([200, null]);
      expect(head.headers.get("content-type")).toBe(whole.headers.get("content-type"));
      expect(head.headers.get("content-length")).toBe(String((await whole.arrayBuffer()).byteLength));
    }
  });

  test("answers HEAD of anything else without a body too", async () => {
    const unknown = await kit.call("/nowhere", { method: "HEAD" });
    expect([unknown.status, unknown.body, unknown.headers.get("content-length")]).toEqual([404, null, "22"]);
    const other = await kit.call("/made", { method: "HEAD" });
    expect([other.status, other.body, other.headers.get("allow")]).toEqual([405, null, "POST, PUT, DELETE"]);
  });

  test.each(["http://nas", "http://localhost"])("reads the body of DELETE at %s", async (origin) => {
    const shape = echo(v.strictObject({ number: v.number() }));
    const read = { summary: "remove", read: (reader: RequestReader) => reader.json() };
    const { call } = openKit([del("/api/things", shape, read)]);
    const send = (body?: string) =>
      call("/api/things", { method: "DELETE", origin, ...(body ? { body } : {}) });
    expect(await (await send('{"number":5}')).json()).toEqual({ number: 5 });
    expect(await (await send('{"number":"5"}')).json()).toMatchObject({
      detail: [{ loc: ["body", "number"] }],
    });
    expect((await send()).status).toBe(422);
  });

  test("lists every method of a path", async () => {
    const answer = await kit.call("/made", { method: "PATCH" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, PUT, DELETE"]);
  });
});

describe("mountRoutes: deep paths", () => {
  const kit = openKit([
    get("/deep/{kind}/{path}", echo(Anything), {
      summary: "deep",
      isDeep: true,
      read: (reader) => [reader.pathText("kind"), reader.pathText("path")],
    }),
  ]);

  test.each([
    ["/deep/a/b", "b"],
    ["/deep/a/b/c%20d/e.png?x=/y", "b/c d/e.png"],
    ["/deep/a/b%2Fc", "b/c"],
    ["/deep/a/%252e%252e/x", "%2e%2e/x"],
    ["/deep/a/..%2f..%2fx", "../../x"],
    ["/deep/a/b//c/", "b//c/"],
    ["/deep/a/%e6%97%a5", "日"],
    ["/deep/a/%ff/x", ""],
    ["/deep/a/%", ""],
  ])("takes the rest of %s, decoded once", async (path, rest) => {
    for (const origin of ["http://localhost", "http://pi"]) {
      const answer = await kit.call(path, { origin });
      expect([answer.status, await answer.json()]).toEqual([200, ["a", rest]]);
    }
  });

  test("answers HEAD, names its methods, and is not there without a rest", async () => {
    expect((await kit.call("/deep/a/b/c", { method: "HEAD" })).status).toBe(200);
    const other = await kit.call("/deep/a/b/c", { method: "POST" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await kit.call("/deep/a")).status).toBe(404);
  });
});

describe("mountRoutes: failures", () => {
  const conflict = new AppError("conflict", "SCAN_RUNNING", { message: "running", details: { scanId: 1 } });
  const away = new AppError("unavailable", "DATABASE_AWAY", { message: "away", retryAfterMs: 2_000 });

  test("tells of bugs and outages, not of what callers do wrong", async () => {
    const kit = openKit([
      get("/conflict", failing(conflict), { summary: "conflict" }),
      get("/away", failing(away), { summary: "away" }),
      get("/bug", failing("a text that was thrown"), { summary: "bug" }),
    ]);
    const mapped = await kit.call("/conflict");
    expect([mapped.status, await mapped.json()]).toEqual([409, { detail: "running" }]);
    expect(kit.failures).toEqual([]);
    expect((await kit.call("/away")).status).toBe(503);
    expect((await kit.call("/bug")).status).toBe(500);
    expect(kit.failures).toEqual([away, "a text that was thrown"]);
  });

  test("takes a wire form that cannot be made for a bug", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const kit = openKit([get("/x", echo(Anything), { summary: "x", write: () => circular })]);
    expect((await kit.call("/x")).status).toBe(500);
    expect(kit.failures).toHaveLength(1);
  });
});

describe("mountRoutes: kept answers", () => {
  function openCounted() {
    let calls = 0;
    const counting = operation(
      { type: "query", scope: "roms.read", input: Anything, output: Anything },
      async () => {
        calls += 1;
        return calls;
      },
    );
    const cache = createResponseCache({ bytesMax: 1_000_000, ageMaxMs: 60_000 });
    const kit = openKit([get("/counted", counting, { summary: "counted", isCached: true })], { cache });
    return { cache, read: async (path: string, init = {}) => await (await kit.call(path, init)).text(), kit };
  }
  const ana = callerWith("roms.read");
  const ben = { ...ana, userId: 8 } as typeof ana;

  test("keeps an answer per caller and URL until something is written", async () => {
    const { read, cache } = openCounted();
    expect(await read("/counted", { identity: ana })).toBe("1");
    expect(await read("/counted", { identity: ana })).toBe("1");
    expect(await read("/counted", { identity: ben })).toBe("2");
    expect(await read("/counted?x=1", { identity: ana })).toBe("3");
    cache.invalidate();
    expect(await read("/counted", { identity: ana })).toBe("4");
  });

  test("sends a large answer that is asked for again packed to whoever takes it so", async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `Star Pilot ${index}`);
    const listing = operation(
      { type: "query", scope: "public", input: Anything, output: Anything },
      async () => names,
    );
    const { call } = openKit([get("/names", listing, { summary: "names", isCached: true })], {
      cache: createResponseCache({ bytesMax: 1_000_000, ageMaxMs: 60_000 }),
    });
    const ask = async (acceptEncoding: string) =>
      await call("/names", { headers: { "accept-encoding": acceptEncoding } });
    const isPacked = (response: Response) => response.headers.get("content-encoding") === "gzip";
    let answer = await ask("gzip");
    // Packing is done aside; until then everybody gets it as it is.
    for (let turn = 0; turn < 2_000 && !isPacked(answer); turn += 1) {
      expect(await answer.json()).toEqual(names);
      await Bun.sleep(1);
      answer = await ask("gzip");
    }
    expect(isPacked(answer)).toBe(true);
    expect(JSON.parse(gunzipSync(await answer.arrayBuffer()).toString())).toEqual(names);
    const plain = await ask("br");
    expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([
      null,
      "accept-encoding",
    ]);
    expect(await plain.json()).toEqual(names);
  });

  test("keeps no answer beyond what its caller may see", async () => {
    let calls = 0;
    let sight = "all";
    const counting = operation(
      { type: "query", scope: "public", input: Anything, output: Anything },
      async () => ++calls,
    );
    const { call } = openKit([get("/counted", counting, { summary: "counted", isCached: true })], {
      cache: createResponseCache({ bytesMax: 1_000_000, ageMaxMs: 60_000 }),
      describeSight: async () => sight,
    });
    const read = async () => await (await call("/counted")).text();
    expect([await read(), await read()]).toEqual(["1", "1"]);
    sight = "less";
    expect([await read(), await read()]).toEqual(["2", "2"]);
  });

  test("asks for the scope again before it hands over a kept answer", async () => {
    const { read, kit } = openCounted();
    await read("/counted", { identity: ana });
    const weaker = { ...callerWith("me.read"), userId: 7 } as typeof ana;
    expect((await kit.call("/counted", { identity: weaker })).status).toBe(403);
    expect((await kit.call("/counted")).status).toBe(401);
  });

  test("answers HEAD from a kept answer", async () => {
    const { kit } = openCounted();
    const head = await kit.call("/counted", { identity: ana, method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "1"]);
  });
});
