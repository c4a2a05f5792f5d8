import { afterEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { parseHostRules } from "./addresses.ts";
import type { Fetch } from "./port.ts";
import { createWebScene, FAILED, failureOf, INVALID, kindOf, outcomeOf, REFUSED } from "./web.testing.ts";

const scene = createWebScene();
const { logged, open, serve } = scene;
afterEach(() => scene.close());

const gzip = (data: string | Uint8Array) => new Uint8Array(gzipSync(data));

describe("fetch", () => {
  test("sends method, headers and body, and gives status, headers and bytes", async () => {
    const url = serve(async (request) => {
      const seen = [
        request.method,
        request.headers.get("x-key"),
        request.headers.get("user-agent"),
        await request.text(),
      ];
      return new Response(JSON.stringify(seen), { status: 418, headers: { "x-answer": "42" } });
    });
    const answer = await open().fetch(`${url}/a?b=c`, {
      method: "POST",
      headers: { "X-Key": "k" },
      body: "text",
    });
    expect([answer.status, answer.headers.get("x-answer"), answer.url]).toEqual([418, "42", `${url}/a?b=c`]);
    expect(JSON.parse(new TextDecoder().decode(answer.bytes))).toEqual([
      "POST",
      "k",
      "Multitap/test",
      "text",
    ]);
  });

  test.each([
    ["gzip", gzip("hello")],
    ["br", new Uint8Array(brotliCompressSync("hello"))],
    ["identity", new TextEncoder().encode("hello")],
  ] as const)("decompresses %s", async (encoding, bytes) => {
    const url = serve(() => new Response(bytes, { headers: { "content-encoding": encoding } }));
    expect(await outcomeOf(open(), url)).toEqual([200, "hello"]);
  });

  test("gives an empty answer without a body", async () => {
    const url = serve(() => new Response(null, { status: 204 }));
    expect(await outcomeOf(open(), url)).toEqual([204, ""]);
    const large = serve(() => new Response(new Uint8Array(5_000)));
    const head = { method: "HEAD", maxBytes: 100 } as const;
    expect(await outcomeOf(open(), large, head)).toEqual([200, ""]);
  });

  test("never writes what stands in a query, be it in logs, messages or causes", async () => {
    logged.length = 0;
    const url = serve(() => new Response("ok"));
    await open().fetch(`${url}/p?apikey=SECRET`);
    const gone = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    await gone.stop(true);
    const failure = await failureOf(open().fetch(`http://127.0.0.1:${gone.port}/p?apikey=SECRET`));
    expect(kindOf(failure)).toEqual(FAILED);
    expect(logged).toHaveLength(1);
    expect(JSON.stringify([logged, failure.message, failure.details, failure.cause])).not.toContain("SECRET");
    expect(JSON.stringify(failure.cause)).toContain("ECONNREFUSED");
  });
});

describe("which addresses", () => {
  test.each([
    "http://127.0.0.1:1/",
    "http://127.1:1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "data:text/plain,x",
    "https://user:pw@example.com/",
    "no address",
  ])("refuses %s", async (url) => {
    expect(await outcomeOf(open({ allow: undefined }), url)).toEqual(REFUSED);
  });

  test("refuses a name that resolves to a private address, even beside a public one", async () => {
    const resolve = async () => ["93.184.216.34", "192.168.1.1"];
    expect(await outcomeOf(open({ resolve }), "http://rebind.example/")).toEqual(REFUSED);
  });

  test("connects to the address that was checked, and tells the server its name", async () => {
    const url = new URL(serve((request) => new Response(request.headers.get("host"))));
    const names: string[] = [];
    const resolve = async (name: string) => {
      names.push(name);
      return ["127.0.0.1"];
    };
    const outcome = await outcomeOf(open({ resolve }), `http://games.example:${url.port}/`);
    expect(outcome).toEqual([200, `games.example:${url.port}`]);
    expect(names).toEqual(["games.example"]);
  });

  test("tries the next address of a name when nobody listens at the first", async () => {
    const url = new URL(serve(() => new Response("second")));
    const resolve = async () => ["127.0.0.2", "127.0.0.1"];
    expect(await outcomeOf(open({ resolve }), `http://games.example:${url.port}/`)).toEqual([200, "second"]);
  });

  test("says that a name cannot be found", async () => {
    const failure = await failureOf(open().fetch("http://nowhere.invalid/"));
    expect([failure.code, failure.message]).toEqual(["FETCH_FAILED", "nowhere.invalid cannot be found"]);
  });

  test("keeps a caller to its own list, beside what the operator allows", async () => {
    const url = new URL(serve(() => new Response("ok")));
    const resolve = async () => ["127.0.0.1"];
    const allow = parseHostRules([`api.example:${url.port}`, `other.example:${url.port}`]) ?? undefined;
    const at = (name: string) => `http://${name}:${url.port}/`;
    const client = open({ resolve, allow });
    const hosts = ["*.example.com", "api.example"];
    expect(await outcomeOf(client, at("api.example"), { hosts })).toEqual([200, "ok"]);
    expect(await outcomeOf(client, at("other.example"), { hosts })).toEqual([200, "ok"]);
    expect(await outcomeOf(client, at("evil.example"), { hosts })).toEqual(REFUSED);
    const isPublic = async () => ["93.184.216.34"];
    expect(await outcomeOf(open({ resolve: isPublic }), at("evil.example"), { hosts })).toEqual(REFUSED);
  });
});

describe("redirects", () => {
  const leadTo = (location: string | ((request: Request) => string), status = 302) =>
    serve((request) => {
      const to = typeof location === "string" ? location : location(request);
      return new Response(null, { status, headers: { location: to } });
    });

  test("are followed, relative ones too", async () => {
    const url = serve((request) => {
      const { pathname } = new URL(request.url);
      return pathname === "/end" ? new Response("end") : Response.redirect("/end", 302);
    });
    expect(await outcomeOf(open(), `${url}/start`)).toEqual([200, "end"]);
  });

  test.each(["http://10.0.0.1/", "http://[::1]/", "http://localhost:1/", "file:///etc/passwd"])(
    "to %s are refused",
    async (location) => {
      const url = leadTo(location);
      const allow = parseHostRules([new URL(url).host]) ?? undefined;
      expect(await outcomeOf(open({ allow }), url)).toEqual(REFUSED);
    },
  );

  test("to a host off the caller's list are refused", async () => {
    const url = leadTo("http://other.example/");
    const { host } = new URL(url);
    const resolve = async () => ["93.184.216.34"];
    expect(await outcomeOf(open({ resolve }), url, { hosts: [host] })).toEqual(REFUSED);
  });

  test("end after five", async () => {
    const url = leadTo((request) => `${new URL(request.url).pathname}x`);
    expect(await outcomeOf(open(), `${url}/`)).toEqual(INVALID);
  });

  test("without a readable address are damaged answers", async () => {
    expect(await outcomeOf(open(), leadTo("http://[broken/"))).toEqual(INVALID);
  });

  test("to another origin lose the headers that may hold keys", async () => {
    const other = serve((request) => Response.json([...request.headers.keys()].sort()));
    const url = leadTo(other);
    const headers = { authorization: "Bearer k", "x-api-key": "k", cookie: "k", accept: "image/*" };
    const { bytes } = await open().fetch(url, { headers });
    const names = JSON.parse(new TextDecoder().decode(bytes)) as string[];
    expect(names).toContain("accept");
    for (const name of ["authorization", "x-api-key", "cookie"]) expect(names).not.toContain(name);
  });

  test("turn a POST into a GET, but never carry its body elsewhere", async () => {
    const other = serve(async (request) => new Response(`${request.method}:${await request.text()}`));
    const post = { method: "POST", body: "secret" } as const;
    expect(await outcomeOf(open(), leadTo(other), post)).toEqual([200, "GET:"]);
    expect(await outcomeOf(open(), leadTo(other, 307), post)).toEqual(INVALID);
  });
});

describe("bounds", () => {
  test("refuse an answer that says it is too large, without reading it", async () => {
    const url = serve(() => new Response(new Uint8Array(2_000)));
    expect(await outcomeOf(open(), url, { maxBytes: 1_999 })).toEqual(INVALID);
    expect((await open().fetch(url, { maxBytes: 2_000 })).bytes.byteLength).toBe(2_000);
  });

  test("end an endless answer", async () => {
    let isCancelled = false;
    const url = serve(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => {
              isCancelled = true;
            },
          }),
        ),
    );
    expect(await outcomeOf(open(), url, { maxBytes: 1_000_000 })).toEqual(INVALID);
    for (let tries = 0; tries < 100 && !isCancelled; tries += 1) await Bun.sleep(10);
    expect(isCancelled).toBe(true);
  });

  test("end a decompression bomb before it unfolds", async () => {
    // A gigabyte of zeros in a hundred members, in about one megabyte.
    const member = gzip(new Uint8Array(10_000_000));
    const bomb = new Uint8Array(Buffer.concat(Array.from({ length: 100 }, () => member)));
    const url = serve(() => new Response(bomb, { headers: { "content-encoding": "gzip" } }));
    const before = process.memoryUsage.rss();
    expect(await outcomeOf(open(), url, { maxBytes: 2_000_000 })).toEqual(INVALID);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000);
  });

  test.each([
    ["damaged", "gzip", new TextEncoder().encode("no gzip at all")],
    ["cut off", "gzip", gzip(Buffer.alloc(5_000, "abc")).slice(0, 20)],
    ["encoded in an unknown way", "compress", new TextEncoder().encode("x")],
    ["encoded twice", "gzip, gzip", gzip(gzip("x"))],
  ] as const)("call an answer that is %s damaged", async (_name, encoding, bytes) => {
    const url = serve(() => new Response(bytes, { headers: { "content-encoding": encoding } }));
    expect(await outcomeOf(open(), url)).toEqual(INVALID);
  });

  test("give up on a server that says nothing, or too slowly", async () => {
    const silent = serve(() => new Promise<Response>(() => undefined));
    expect(await outcomeOf(open(), silent, { timeoutMs: 80 })).toEqual(FAILED);
    const dripping = serve(
      () =>
        new Response(
          (async function* () {
            for (;;) {
              yield "x";
              await Bun.sleep(10);
            }
          })() as unknown as ReadableStream,
        ),
    );
    expect(await outcomeOf(open(), dripping, { timeoutMs: 80 })).toEqual(FAILED);
  });

  test("give up on a name that never resolves", async () => {
    const resolve = () => new Promise<readonly string[]>(() => undefined);
    expect(await outcomeOf(open({ resolve }), "http://slow.example/", { timeoutMs: 50 })).toEqual(FAILED);
  });

  test("end with the caller's own reason when it aborts, and with ours at a close", async () => {
    const silent = serve(() => new Promise<Response>(() => undefined));
    const abort = new AbortController();
    const run = open()
      .fetch(silent, { signal: abort.signal })
      .catch((error: unknown) => error);
    await Bun.sleep(20);
    abort.abort("changed my mind");
    expect(await run).toBe("changed my mind");
    const client = open();
    const other = outcomeOf(client, silent);
    await Bun.sleep(20);
    await client.close();
    await client.close();
    expect(await other).toEqual(FAILED);
    expect(await outcomeOf(client, silent)).toEqual(FAILED);
  });
});

describe("pace", () => {
  test("lets few calls to a host run at a time", async () => {
    let running = 0;
    let most = 0;
    const url = serve(async () => {
      running += 1;
      most = Math.max(most, running);
      await Bun.sleep(10);
      running -= 1;
      return new Response("ok");
    });
    const client = open();
    const pace = { concurrency: 2 };
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcomeOf(client, url, { pace })));
    expect([most, outcomes.every(([status]) => status === 200)]).toEqual([2, true]);
  });

  test("keeps the interval between two beginnings", async () => {
    const at: number[] = [];
    const url = serve(() => {
      at.push(performance.now());
      return new Response("ok");
    });
    const client = open();
    await Promise.all([1, 2, 3].map(() => client.fetch(url, { pace: { intervalMs: 60 } })));
    const [first = 0, second = 0, third = 0] = at;
    expect(Math.min(second - first, third - second)).toBeGreaterThan(40);
  });

  test("sits out a short wait that the host asks for, and tells the caller of a long one", async () => {
    let count = 0;
    const url = serve(() => {
      count += 1;
      return count === 1
        ? new Response(null, { status: 429, headers: { "retry-after": "0" } })
        : new Response("ok");
    });
    expect(await outcomeOf(open(), url)).toEqual([200, "ok"]);
    const busy = serve(() => new Response(null, { status: 503, headers: { "retry-after": "120" } }));
    const client = open();
    const failure = await failureOf(client.fetch(busy));
    expect([failure.kind, failure.code, failure.retryAfterMs]).toEqual([
      "unavailable",
      "FETCH_LIMITED",
      120_000,
    ]);
    const again = await failureOf(client.fetch(busy));
    expect([again.code, (again.retryAfterMs ?? 0) > 115_000]).toEqual(["FETCH_LIMITED", true]);
  });

  test("gives up on a host that asks again and again", async () => {
    let count = 0;
    const url = serve(() => {
      count += 1;
      return new Response(null, { status: 429, headers: { "retry-after": "0" } });
    });
    expect(await outcomeOf(open(), url)).toEqual(["unavailable", "FETCH_LIMITED"]);
    expect(count).toBe(3);
  });

  test("takes a 503 without a wait for an answer", async () => {
    expect(
      await outcomeOf(
        open(),
        serve(() => new Response("down", { status: 503 })),
      ),
    ).toEqual([503, "down"]);
  });
});

describe("open", () => {
  test("streams a body that is larger than one would hold", async () => {
    const chunk = gzip(Buffer.alloc(3_000_000, "abc"));
    const url = serve(() => new Response(chunk, { headers: { "content-encoding": "gzip" } }));
    const { status, body } = await open().open(url, { timeoutMs: 500 });
    let sizeBytes = 0;
    for await (const part of body) sizeBytes += part.byteLength;
    expect([status, sizeBytes]).toEqual([200, 3_000_000]);
  });

  const endless = (pauseMs: number, onCancel: () => void = () => undefined) =>
    serve(
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new Uint8Array(1_000));
              await Bun.sleep(pauseMs);
            },
            cancel: onCancel,
          }),
        ),
    );

  test("fails a stream that grows too large or falls silent", async () => {
    const read = async (client: Fetch, url: string) => {
      const { body } = await client.open(url, { maxBytes: 10_000 });
      const failure = await failureOf(Array.fromAsync(body));
      return kindOf(failure);
    };
    expect(await read(open(), endless(0))).toEqual(INVALID);
    expect(await read(open({ idleMs: 60 }), endless(10_000))).toEqual(FAILED);
  });

  test("frees the host's place when the reader cancels", async () => {
    let cancelled = 0;
    const url = endless(1, () => {
      cancelled += 1;
    });
    const client = open();
    const pace = { concurrency: 1 };
    for (let call = 0; call < 3; call += 1) {
      const { body } = await client.open(url, { pace });
      const reader = body.getReader();
      await reader.read();
      await reader.cancel();
    }
    for (let tries = 0; tries < 100 && cancelled < 3; tries += 1) await Bun.sleep(10);
    expect(cancelled).toBe(3);
  });
});
