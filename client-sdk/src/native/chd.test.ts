import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "@multitap/native/build";
import { openChd } from "../entries/native.ts";
import { failureOf } from "../testing/failure-of.ts";
import { createMemorySink } from "../testing/memory-sink.ts";
import { CHD_FACTS, readChdVector } from "../testing/vectors.ts";
import type { NativeWorkers } from "./types.ts";
import { nativeWorkers } from "./workers.ts";

const PSX = CHD_FACTS["cd-psx-default"];
const workerFile = new URL("../entries/native-worker.ts", import.meta.url);
let workers: NativeWorkers | null = null;

beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

afterEach(async () => {
  await workers?.close();
  workers = null;
});

const sha1Of = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");

describe("openChd", () => {
  test("tells header and tracks, and gives the disc's bytes in every way", async () => {
    const chd = await openChd(await readChdVector("cd-psx-default"));
    expect([chd.header.version, chd.header.sha1, chd.tracks.length]).toEqual([5, PSX.sha1, 1]);
    const source = chd.source({ trackNumber: 1 });
    expect(sha1Of(await source.read(0, source.sizeBytes))).toBe(PSX.binSha1);
    const streamed = new Uint8Array(await new Response(chd.stream({ trackNumber: 1 })).arrayBuffer());
    expect(sha1Of(streamed)).toBe(PSX.binSha1);
    const [track] = chd.tracks;
    const first = await chd.readSectors(1, 0, 2);
    expect(first).toEqual(streamed.slice(0, 2 * (track?.sectorBytes ?? 0)));
    const hunk = await chd.readHunk(0);
    expect(await chd.read(0, 100)).toEqual(hunk.slice(0, 100));
    await chd.close();
  });

  test("verifies with and without threads alike, and finds damage", async () => {
    workers = nativeWorkers(() => new Worker(workerFile), { count: 2 });
    const bytes = await readChdVector("cd-sat-cdlz");
    const chd = await openChd(bytes, { workers });
    const seen: number[] = [];
    const shared = await chd.verify({ onProgress: ({ doneBytes }) => seen.push(doneBytes) });
    expect(shared).toEqual(await (await openChd(bytes)).verify());
    expect([shared.isIntact, seen.at(-1)]).toEqual([true, chd.header.logicalBytes]);
    const damaged = await readChdVector("raw-zlib");
    damaged[300] = (damaged[300] ?? 0) ^ 0x10;
    const report = await (await openChd(damaged)).verify({ workers });
    expect([report.isIntact, report.badHunks]).toEqual([false, [0]]);
  });

  test("reads a child through its parent, and names a missing or foreign one", async () => {
    const [base, child] = await Promise.all([readChdVector("par-base"), readChdVector("par-child")]);
    const parent = await openChd(base);
    expect((await (await openChd(child, { parent })).verify()).isIntact).toBe(true);
    const orphan = await failureOf((await openChd(child)).verify());
    expect([orphan.kind, orphan.code]).toEqual(["not_found", "CHD_PARENT_MISSING"]);
    const foreign = await failureOf(openChd(child, { parent: { ...parent } }));
    expect([foreign.kind, foreign.code]).toEqual(["conflict", "CHD_PARENT_MISMATCH"]);
  });

  test("extracts into sinks, and names a sink that fails", async () => {
    const chd = await openChd(new File([await readChdVector("cd-psx-default")], "x.chd"));
    const sinks = new Map<string, ReturnType<typeof createMemorySink>>();
    const toSink = (name: string) => {
      const sink = createMemorySink();
      sinks.set(name, sink);
      return sink;
    };
    const names = await chd.extract("bin_cue", toSink);
    expect(names).toEqual(["x.bin", "x.cue"]);
    expect(sha1Of(sinks.get("x.bin")?.result ?? new Uint8Array())).toBe(PSX.binSha1);
    const cause = new TypeError("full");
    const sink = createMemorySink();
    sink.failNextWrite = cause;
    const failure = await failureOf(chd.extract("bin_cue", () => sink));
    expect([failure.kind, failure.code, failure.cause]).toEqual(["storage", "STORAGE_FAILED", cause]);
    expect((await failureOf(chd.extract("gdi", toSink))).code).toBe("CHD_EXTRACT_FORMAT");
  });

  test.each([
    ["no CHD", new Uint8Array(300), "unsupported", "CHD_NOT_A_CHD"],
    ["a cut header", new TextEncoder().encode("MComprHD"), "unsupported", "CHD_NOT_A_CHD"],
  ] as const)("refuses %s", async (_what, bytes, kind, code) => {
    const failure = await failureOf(openChd(bytes));
    expect([failure.kind, failure.code]).toEqual([kind, code]);
  });

  test("fails each kind of call with an error of ours", async () => {
    const chd = await openChd(await readChdVector("raw-zlib"));
    const calls = [
      chd.readHunk(1e6),
      chd.read(0, 1e15),
      chd.readSectors(7, 0, 1),
      Promise.resolve().then(() => chd.source({ trackNumber: 7 })),
      Promise.resolve().then(() => chd.stream({ trackNumber: 7 })),
    ];
    expect(await Promise.all(calls.map(async (call) => (await failureOf(call)).code))).toEqual(
      calls.map(() => "CHD_RANGE"),
    );
    const stream = chd.stream().getReader();
    const source = chd.source();
    await chd.close();
    for (const call of [chd.readHunk(0), source.read(0, 4), stream.read(), chd.verify()]) {
      const failure = await failureOf(call);
      expect([failure.kind, failure.code]).toEqual(["aborted", "CHD_CLOSED"]);
    }
  });

  test("stops when it is aborted", async () => {
    const chd = await openChd(await readChdVector("cd-sat-cdlz"));
    const signal = AbortSignal.abort("enough");
    const calls = [
      openChd(new Uint8Array(9), { signal }),
      chd.verify({ signal }),
      chd.readHunk(0, signal),
      chd.source().read(0, 1, signal),
      chd.extract("bin_cue", () => createMemorySink(), { signal }),
    ];
    for (const call of calls) {
      const failure = await failureOf(call);
      expect([failure.kind, failure.cause]).toEqual(["aborted", "enough"]);
    }
  });

  test("refuses threads of another make", async () => {
    const foreign = { count: 1, close: async () => undefined };
    const failure = await failureOf(openChd(await readChdVector("raw-zlib"), { workers: foreign }));
    expect([failure.kind, failure.code]).toEqual(["invalid", "NATIVE_WORKERS_FOREIGN"]);
  });
});
