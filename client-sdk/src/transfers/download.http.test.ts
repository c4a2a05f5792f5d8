import { describe, expect, test } from "bun:test";
import { createClientIn } from "../client.ts";
import type { ClientEvent } from "../options.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes, makeRom } from "../testing/fixtures.ts";
import { createManualEnvironment, settle, until } from "../testing/manual-environment.ts";
import { createMemorySink } from "../testing/memory-sink.ts";
import { createTestServer } from "../testing/test-server.ts";
import { streamSink } from "./stream-sink.ts";
import type { TransferProgress } from "./types.ts";

const BYTES = makeBytes(10_000);
const OTHER = makeBytes(9_000, 7);
const sha1Of = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");

function setUp() {
  const server = createTestServer();
  server.roms.push(makeRom(1));
  server.contents.set(1, { bytes: BYTES, etag: '"v1"', fileName: "a ü.sfc" });
  const environment = createManualEnvironment();
  environment.dice = 0;
  const events: ClientEvent[] = [];
  const client = createClientIn(environment, {
    url: "http://nas.local:8080",
    fetch: server.fetch,
    auth: "token",
    onEvent: (event) => events.push(event),
  });
  /** Answers the first content requests with bodies that break off after so many bytes. */
  const cutBodies = (...lengths: readonly number[]) => {
    const left = [...lengths];
    server.intercept = async (request) => {
      if (!request.url.includes("/content/")) return undefined;
      const length = left.shift();
      if (length === undefined) return undefined;
      server.intercept = () => undefined;
      const whole = await server.handle(request);
      server.requests.pop();
      if (left.length > 0) cutBodies(...left);
      const bytes = new Uint8Array(await whole.arrayBuffer()).subarray(0, length);
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            controller.enqueue(bytes);
            controller.error(new TypeError("connection reset"));
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, whole);
    };
  };
  const ranges = () => server.requests.map(({ headers }) => [headers.get("range"), headers.get("if-range")]);
  return { server, environment, client, events, cutBodies, ranges };
}

/** Moves the time until a promise settles. */
async function play<T>(
  environment: ReturnType<typeof createManualEnvironment>,
  promise: Promise<T>,
): Promise<T> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  promise.then(end, end);
  while (!isOver) await environment.advance(1);
  return await promise;
}

describe("a download", () => {
  test("moves the bytes with one request and tells what they are", async () => {
    const { client, ranges } = setUp();
    const sink = createMemorySink();
    const result = await client.roms.download(1, sink);
    expect(result).toEqual({ name: "a ü.sfc", sizeBytes: 10_000, resumedBytes: 0, sha1: null });
    expect(sink.result).toEqual(BYTES);
    expect(sink.expected).toEqual([{ name: "a ü.sfc", sizeBytes: 10_000, validator: '"v1"' }]);
    expect(ranges()).toEqual([[null, null]]);
  });

  test("asks for the files it is told to", async () => {
    const { client, server } = setUp();
    await client.roms.download(1, createMemorySink(), { fileIds: [4, 5] });
    expect(server.requests[0]?.search.get("file_ids")).toBe("4,5");
  });

  test("moves nothing when there is nothing", async () => {
    const { client, server } = setUp();
    server.contents.set(1, { bytes: new Uint8Array(0), etag: '"v1"', fileName: "empty" });
    const sink = createMemorySink();
    expect(await client.roms.download(1, sink, { verify: true })).toMatchObject({
      sizeBytes: 0,
      sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    });
    expect(sink.result).toEqual(new Uint8Array(0));
  });

  test("goes on after each loss, however many, as long as bytes arrive", async () => {
    const { client, environment, cutBodies, ranges } = setUp();
    cutBodies(1_000, 500, 1, 2_000, 3_000, 10, 7);
    const sink = createMemorySink();
    const result = await play(environment, client.roms.download(1, sink));
    expect(sink.result).toEqual(BYTES);
    expect(result.resumedBytes).toBe(0);
    expect(ranges()).toEqual([
      [null, null],
      ["bytes=1000-", '"v1"'],
      ["bytes=1500-", '"v1"'],
      ["bytes=1501-", '"v1"'],
      ["bytes=3501-", '"v1"'],
      ["bytes=6501-", '"v1"'],
      ["bytes=6511-", '"v1"'],
      ["bytes=6518-", '"v1"'],
    ]);
  });

  test("gives up after four losses in a row without a byte, and suspends", async () => {
    const { client, environment, cutBodies } = setUp();
    cutBodies(1_000, 0, 0, 0);
    const sink = createMemorySink();
    const error = await play(environment, failureOf(client.roms.download(1, sink)));
    expect([error.kind, error.attempts, error.operation]).toEqual(["network", 4, "roms.download"]);
    expect(sink.log).toEqual(["suspend 1000"]);
    // The next call goes on from there.
    const result = await client.roms.download(1, sink);
    expect(result.resumedBytes).toBe(1_000);
    expect(sink.result).toEqual(BYTES);
  });

  test("takes an answer that ends too early for a loss", async () => {
    const { client, environment, server } = setUp();
    let isFirst = true;
    server.intercept = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      const headers = { etag: '"v1"', "x-multitap-total-bytes": "10000" };
      return new Response(BYTES.subarray(0, 4_000), { headers });
    };
    const sink = createMemorySink();
    await play(environment, client.roms.download(1, sink));
    expect(sink.result).toEqual(BYTES);
  });

  test("starts over when the content changed meanwhile", async () => {
    const { client, environment, cutBodies, server } = setUp();
    cutBodies(4_000);
    const sink = createMemorySink();
    const pending = play(environment, client.roms.download(1, sink, { verify: true }));
    server.contents.set(2, { bytes: OTHER, etag: '"v2"', fileName: "b.sfc" });
    const first = server.contents.get(1);
    await until(() => server.requests.length === 1);
    if (first !== undefined) Object.assign(first, { bytes: OTHER, etag: '"v2"', sha1: sha1Of(OTHER) });
    const result = await pending;
    expect(sink.log).toEqual(["restart 4000", "commit"]);
    expect(sink.result).toEqual(OTHER);
    expect(result).toMatchObject({ sizeBytes: 9_000, sha1: sha1Of(OTHER) });
  });

  test("starts over when the server knows no ranges", async () => {
    const { client, environment, cutBodies, server } = setUp();
    server.contents.set(1, { bytes: BYTES, etag: '"v1"', fileName: "a", ignoresRange: true });
    cutBodies(4_000);
    const sink = createMemorySink();
    await play(environment, client.roms.download(1, sink));
    expect(sink.log).toEqual(["restart 4000", "commit"]);
    expect(sink.result).toEqual(BYTES);
  });

  test("does not go on from bytes of another content, or without a strong tag", async () => {
    for (const etag of [null, 'W/"v1"', '"v2"']) {
      const { client, server } = setUp();
      server.contents.set(1, { bytes: BYTES, etag, fileName: "a" });
      const sink = createMemorySink();
      sink.keep(BYTES.subarray(0, 100), '"v1"');
      const result = await client.roms.download(1, sink);
      expect(result.resumedBytes).toBe(0);
      expect(sink.result).toEqual(BYTES);
    }
  });

  test("only commits what an earlier call had moved to the last byte", async () => {
    const { client, ranges } = setUp();
    const sink = createMemorySink();
    sink.keep(BYTES, '"v1"');
    expect((await client.roms.download(1, sink)).resumedBytes).toBe(10_000);
    expect(sink.result).toEqual(BYTES);
    expect(ranges()).toHaveLength(1);
  });

  test("fails when the sink does, keeping the cause, without another try", async () => {
    const { client, server } = setUp();
    const sink = createMemorySink();
    sink.failNextWrite = new Error("ENOSPC");
    const error = await failureOf(client.roms.download(1, sink));
    expect([error.kind, error.code, error.operation]).toEqual(["storage", "STORAGE_FAILED", "roms.download"]);
    expect(error.cause).toBe(sink.failNextWrite ?? error.cause);
    expect((error.cause as Error).message).toBe("ENOSPC");
    expect(server.requests).toHaveLength(1);
    expect(sink.log).toEqual(["suspend 0"]);
  });

  test("refuses more bytes than were announced", async () => {
    const { client, server } = setUp();
    server.intercept = () =>
      new Response(BYTES, { headers: { etag: '"v1"', "x-multitap-total-bytes": "99" } });
    expect((await failureOf(client.roms.download(1, createMemorySink()))).kind).toBe("protocol");
  });

  test("ends a silence of the network, not of the sink", async () => {
    const { client, environment, server } = setUp();
    let isFirst = true;
    server.intercept = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(BYTES.subarray(0, 2_000)),
      });
      return new Response(body, { headers: { etag: '"v1"', "x-multitap-total-bytes": "10000" } });
    };
    const sink = createMemorySink();
    const pending = client.roms.download(1, sink, { timeoutMs: 5_000 });
    await settle();
    await environment.advance(4_999);
    expect(server.requests).toHaveLength(1);
    await play(environment, pending);
    expect(server.requests).toHaveLength(2);
    expect(sink.result).toEqual(BYTES);
  });

  test("renews a refused sign-in like any call", async () => {
    const { server } = setUp();
    server.tokens = new Set(["fresh"]);
    let calls = 0;
    const client = createClientIn(createManualEnvironment(), {
      url: "http://nas.local:8080",
      fetch: server.fetch,
      auth: () => (++calls > 1 ? "fresh" : "stale"),
    });
    const sink = createMemorySink();
    await client.roms.download(1, sink);
    expect(sink.result).toEqual(BYTES);
  });
});

describe("aborting a download", () => {
  /** A server that sends some bytes and then nothing. */
  function setUpStuck() {
    const parts = setUp();
    parts.server.intercept = (request) => {
      if (!request.url.includes("/content/")) return undefined;
      const body = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(BYTES.subarray(0, 3_000)) });
      return new Response(body, { headers: { etag: '"v1"', "content-length": "10000" } });
    };
    return parts;
  }

  test("suspends it, and the next call goes on from there", async () => {
    const { client, server } = setUpStuck();
    const controller = new AbortController();
    const sink = createMemorySink();
    const failed = failureOf(client.roms.download(1, sink, { signal: controller.signal }));
    await settle();
    controller.abort("later");
    expect(await failed).toMatchObject({ kind: "aborted", name: "AbortError", cause: "later" });
    expect(sink.log).toEqual(["suspend 3000"]);
    server.intercept = () => undefined;
    expect((await client.roms.download(1, sink)).resumedBytes).toBe(3_000);
    expect(sink.result).toEqual(BYTES);
  });

  test("by closing the client waits until it is suspended", async () => {
    const { client } = setUpStuck();
    const sink = createMemorySink();
    const failed = failureOf(client.roms.download(1, sink));
    await settle();
    await client.close();
    expect(sink.log).toEqual(["suspend 3000"]);
    expect((await failed).code).toBe("CLIENT_CLOSED");
  });

  test("before its turn opens nothing", async () => {
    const { client, server } = setUpStuck();
    const controller = new AbortController();
    const running = [1, 2, 3].map(() => failureOf(client.roms.download(1, createMemorySink())));
    const sink = createMemorySink();
    const progress: TransferProgress[] = [];
    const options = { signal: controller.signal, onProgress: (p: TransferProgress) => progress.push(p) };
    const failed = failureOf(client.roms.download(1, sink, options));
    await settle();
    expect(server.requests).toHaveLength(3);
    controller.abort();
    expect((await failed).kind).toBe("aborted");
    expect([sink.expected, sink.log]).toEqual([[], []]);
    expect(progress).toMatchObject([{ phase: "queued", loadedBytes: 0 }]);
    await client.close();
    await Promise.all(running);
  });
});

describe("verifying a download", () => {
  const file = {
    id: 4,
    romId: 1,
    fileName: "a.sfc",
    filePath: "roms/snes",
    sizeBytes: 10_000,
    modifiedAt: "2029-12-31T00:00:00.000Z",
    isTopLevel: true,
    crc32: "",
    md5: "",
    sha1: sha1Of(BYTES),
    raHash: "",
    chdSha1: "",
    isPacked: false,
    archiveMembers: null,
    category: null,
    trackMeta: null,
    createdAt: "2029-12-31T00:00:00.000Z",
    updatedAt: "2029-12-31T00:00:00.000Z",
  };

  test("compares with the library's digest of the one file", async () => {
    const { client, server } = setUp();
    server.files.set(1, [file]);
    expect((await client.roms.download(1, createMemorySink(), { verify: true })).sha1).toBe(file.sha1);
    server.files.set(1, [{ ...file, sha1: sha1Of(OTHER) }]);
    const sink = createMemorySink();
    const error = await failureOf(client.roms.download(1, sink, { verify: true }));
    expect([error.code, error.details]).toEqual([
      "DIGEST_MISMATCH",
      { expectedSha1: sha1Of(OTHER), actualSha1: sha1Of(BYTES) },
    ]);
    // The wrong bytes are not gone on from.
    expect(sink.log).toEqual(["restart 10000", "suspend 0"]);
    expect(sink.result).toBeNull();
  });

  test("prefers the digest that the answer itself tells", async () => {
    const { client, server } = setUp();
    server.contents.set(1, { bytes: BYTES, etag: '"v1"', fileName: "a", sha1: sha1Of(BYTES) });
    server.files.set(1, [{ ...file, sha1: sha1Of(OTHER) }]);
    expect((await client.roms.download(1, createMemorySink(), { verify: true })).sha1).toBe(sha1Of(BYTES));
  });

  test("compares nothing where the library lists digests of what is inside", async () => {
    const packed = new Uint8Array(BYTES);
    packed.set([0x50, 0x4b, 0x03, 0x04]);
    const cases = [
      { bytes: BYTES, file: { ...file, sha1: sha1Of(OTHER), archiveMembers: [] } },
      { bytes: BYTES, file: { ...file, sha1: sha1Of(OTHER), fileName: "a.zip" } },
      { bytes: packed, file: { ...file, sha1: sha1Of(OTHER) } },
      { bytes: BYTES, file: { ...file, sha1: "" } },
    ];
    for (const each of cases) {
      const { client, server } = setUp();
      server.contents.set(1, { bytes: each.bytes, etag: '"v1"', fileName: "a" });
      server.files.set(1, [each.file]);
      const result = await client.roms.download(1, createMemorySink(), { verify: true });
      expect(result.sha1).toBe(sha1Of(each.bytes));
    }
  });

  test("reads back what an earlier call moved, or starts over where that cannot be", async () => {
    for (const canReadBack of [true, false]) {
      const { client, server } = setUp();
      server.files.set(1, [file]);
      const sink = createMemorySink({ canReadBack });
      sink.keep(BYTES.subarray(0, 4_000), '"v1"');
      const result = await client.roms.download(1, sink, { verify: true });
      expect(result).toMatchObject({ sha1: file.sha1, resumedBytes: canReadBack ? 4_000 : 0 });
      expect(sink.result).toEqual(BYTES);
    }
  });

  test("finds bytes that went bad in the sink", async () => {
    const { client, server } = setUp();
    server.files.set(1, [file]);
    const sink = createMemorySink({ canReadBack: true });
    sink.keep(OTHER.subarray(0, 4_000), '"v1"');
    expect((await failureOf(client.roms.download(1, sink, { verify: true }))).code).toBe("DIGEST_MISMATCH");
  });
});

describe("a download into a stream", () => {
  test("survives a loss", async () => {
    const { client, environment, cutBodies } = setUp();
    cutBodies(4_000);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const read = new Response(readable).bytes();
    await play(environment, client.roms.download(1, streamSink(writable)));
    expect(await read).toEqual(BYTES);
  });

  test("fails, and fails the stream, when the content changes after some of it went through", async () => {
    const { client, environment, cutBodies, server } = setUp();
    server.contents.set(1, { bytes: BYTES, etag: null, fileName: "a" });
    cutBodies(4_000);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const read = failureOf(new Response(readable).bytes());
    const error = await play(environment, failureOf(client.roms.download(1, streamSink(writable))));
    expect(error.code).toBe("SINK_FORWARD_ONLY");
    expect((await read).kind).toBe("aborted");
  });
});

describe("a source", () => {
  test("reads any part, and only that", async () => {
    const { client, ranges } = setUp();
    const source = await client.roms.source(1);
    expect([source.name, source.sizeBytes, source.modifiedAt]).toEqual([
      "a ü.sfc",
      10_000,
      "2029-12-31T00:00:00.000Z",
    ]);
    expect(await source.read(0, 4)).toEqual(BYTES.slice(0, 4));
    expect(await source.read(9_990, 10_000)).toEqual(BYTES.slice(9_990));
    expect(await source.read(5, 5)).toEqual(new Uint8Array(0));
    expect(ranges()).toEqual([
      ["bytes=0-0", null],
      ["bytes=0-3", '"v1"'],
      ["bytes=9990-9999", '"v1"'],
    ]);
  });

  test("goes on after a loss", async () => {
    const { client, environment, cutBodies } = setUp();
    const source = await client.roms.source(1);
    cutBodies(10);
    expect(await play(environment, source.read(100, 300))).toEqual(BYTES.slice(100, 300));
  });

  test("notices that the content changed", async () => {
    const { client, server } = setUp();
    const source = await client.roms.source(1);
    server.contents.set(1, { bytes: OTHER, etag: '"v2"', fileName: "a" });
    for (const start of [0, 100]) {
      expect((await failureOf(source.read(start, 200))).code).toBe("CONTENT_CHANGED");
    }
  });

  test.each([
    [-1, 4],
    [4, 3],
    [0, 10_001],
    [0.5, 2],
  ])("refuses %d to %d", async (start, end) => {
    const { client } = setUp();
    const source = await client.roms.source(1);
    expect((await failureOf(source.read(start, end))).kind).toBe("invalid");
  });

  test("of an empty content is empty", async () => {
    const { client, server } = setUp();
    server.contents.set(1, { bytes: new Uint8Array(0), etag: '"v1"', fileName: "a" });
    const source = await client.roms.source(1);
    expect([source.sizeBytes, await source.read(0, 0)]).toEqual([0, new Uint8Array(0)]);
  });

  test("is refused for a content without strong tag, or without parts", async () => {
    const { client, server } = setUp();
    for (const facts of [{ etag: null }, { etag: 'W/"v1"' }, { etag: '"v1"', ignoresRange: true }]) {
      server.contents.set(1, { bytes: BYTES, fileName: "a", ...facts });
      expect((await failureOf(client.roms.source(1))).code).toBe("CONTENT_NOT_SEEKABLE");
    }
    expect((await failureOf(client.roms.source(9))).kind).toBe("not_found");
  });
});
