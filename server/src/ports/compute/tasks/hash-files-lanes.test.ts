import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "@multitap/native/build";
import { createScratch } from "../context.ts";
import { createInline } from "../inline.ts";
import { TaskCancelled, type TaskContext } from "../task.ts";
import { listOpenFiles } from "../testing/open-files.ts";
import { createWorkers } from "../workers.ts";
import { type FileToHash, type HashedFile, type HashFilesProgress, hashFiles } from "./hash-files.ts";

const LANE_BYTES = 64;

let folder: string;
beforeAll(async () => {
  await ensureBuilt();
  folder = fs.mkdtempSync(join(tmpdir(), "multitap-hash-lanes-"));
}, 60_000);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let nextId = 1;

function toHash(name: string, expectedSizeBytes: number): FileToHash {
  nextId += 1;
  return { id: nextId, path: join(folder, name), expectedSizeBytes };
}

/** Writes a file of that length, with other bytes than any file before it. */
function store(name: string, length: number): FileToHash {
  const file = toHash(name, length);
  fs.writeFileSync(
    file.path,
    new Uint8Array(length).map((_, index) => index * 37 + file.id),
  );
  return file;
}

interface HashOptions {
  readonly inStep?: boolean;
  readonly checkpoint?: () => void;
  readonly report?: (progress: HashFilesProgress) => void;
}

/** Runs the task on this thread; in step from the first byte on, or all by themselves. */
async function hash(files: readonly FileToHash[], options: HashOptions = {}): Promise<readonly HashedFile[]> {
  const { inStep = true, checkpoint = () => undefined, report = () => undefined } = options;
  const context: TaskContext<HashFilesProgress> = {
    checkpoint: () => void checkpoint(),
    report,
    scratch: createScratch(),
  };
  const laneFileBytesMin = inStep ? 0 : Number.POSITIVE_INFINITY;
  return await hashFiles.run({ files, laneBytes: LANE_BYTES, laneFileBytesMin }, context);
}

/** `act` when the task passes its `count`th checkpoint. */
function atCheckpoint(count: number, act: () => void): () => void {
  let passed = 0;
  return () => {
    passed += 1;
    if (passed === count) act();
  };
}

describe("hash-files in step", () => {
  const CASES = [
    [100, 100],
    [64, 128, 192, 256],
    [0, 1, 63, 64, 65, 127, 128, 129],
    [1000, 0, 0, 10],
    [5, 4000, 6, 7, 8, 9, 10, 11, 12],
    Array.from({ length: 30 }, (_, index) => (index * 97) % 700),
  ].map((lengths) => ({ name: lengths.join(" "), lengths }));
  test.each(CASES)("gives what hashing one by one gives, in order: $name bytes", async ({ lengths }) => {
    const files = lengths.map((length, index) => store(`case-${index}`, length));
    expect(await hash(files)).toEqual(await hash(files, { inStep: false }));
  });

  test("gives a file that is named twice two results", async () => {
    const file = store("twice", 300);
    const results = await hash([file, file, file]);
    expect(results).toEqual(await hash([file, file, file], { inStep: false }));
    expect(results).toHaveLength(3);
  });

  test("takes small files by themselves and large ones in step", async () => {
    const files = [1 << 20, 10, (1 << 20) + 77, 3 << 20].map((length, index) =>
      store(`mixed-${index}`, length),
    );
    const compute = createInline();
    const results = await compute.run("hash-files", { files });
    await compute.close();
    expect(results).toEqual(await hash(files, { inStep: false }));
  });

  test("reports all bytes once, and files as they are done", async () => {
    const seen: HashFilesProgress[] = [];
    await hash([store("first", 300), store("second", 100)], { report: (progress) => seen.push(progress) });
    expect(seen.map((progress) => progress.doneBytes)).toEqual([128, 228, 292, 356, 400]);
    expect(seen.at(-1)).toEqual({ doneFiles: 1, doneBytes: 400 });
  });
});

describe("hash-files in step on files that cannot be hashed", () => {
  test("goes on with the others when some cannot be opened", async () => {
    const gone = toHash("gone", 500);
    const other = { ...store("other size", 200), expectedSizeBytes: 201 };
    const files = [store("one", 500), gone, store("two", 400), other, store("three", 10)];
    const results = await hash(files);
    const codes = results.map((result) => ("failure" in result ? result.failure.code : "hashed"));
    expect(codes).toEqual(["hashed", "vanished", "hashed", "changed", "hashed"]);
    expect(results).toEqual(await hash(files, { inStep: false }));
  });

  test("answers nothing but failures when none can be opened", async () => {
    const results = await hash([toHash("gone 1", 5), toHash("gone 2", 5)]);
    expect(results.map((result) => "failure" in result)).toEqual([true, true]);
  });

  test("gives up a file that shrinks, and its lane's next file has its own digests", async () => {
    const files = [900, 800, 700, 600, 500, 400].map((length, index) => store(`shrinking-${index}`, length));
    const shrink = atCheckpoint(3, () => fs.truncateSync(files[0]?.path ?? "", 100));
    const [first, ...others] = await hash(files, { checkpoint: shrink });
    expect(first).toHaveProperty("failure.code", "changed");
    expect(others).toEqual([...(await hash(files.slice(1), { inStep: false }))]);
  });

  test.each([
    { what: "grew", code: "changed", act: (path: string) => fs.appendFileSync(path, "more") },
    { what: "was written to", code: "changed", act: (path: string) => fs.utimesSync(path, 1, 1) },
    { what: "was removed", code: "vanished", act: (path: string) => fs.rmSync(path) },
  ])("gives no digest of a file that $what meanwhile", async ({ what, code, act }) => {
    const files = [store(`steady ${what}`, 500), store(`moving ${what}`, 500)];
    const disturb = atCheckpoint(3, () => act(files[1]?.path ?? ""));
    const [steady, moving] = await hash(files, { checkpoint: disturb });
    expect(steady).toHaveProperty("sizeBytes", 500);
    expect(moving).toHaveProperty("failure.code", code);
    expect(Object.keys(moving ?? {})).toEqual(["id", "failure"]);
  });
});

describe("hash-files where there are no lanes", () => {
  test("hashes large files one by one when the processor has no SIMD for WebAssembly", async () => {
    const files = [store("no simd 1", 2 << 20), store("no simd 2", 1 << 20)];
    const entry = new URL("../inline.ts", import.meta.url).pathname;
    const code = `
      import { createInline } from ${JSON.stringify(entry)};
      import { createHashLanes } from "@multitap/native/hash";
      const refused = await createHashLanes(64).catch((error) => error.code);
      const results = await createInline().run("hash-files", ${JSON.stringify({ files })});
      console.log(JSON.stringify({ refused, results }));`;
    const child = Bun.spawn([process.execPath, "-e", code], {
      env: { ...process.env, BUN_JSC_useWasmSIMD: "0" },
      cwd: import.meta.dir,
      stdout: "pipe",
    });
    const { refused, results } = JSON.parse(await new Response(child.stdout).text());
    expect(refused).toBe("NATIVE_UNAVAILABLE");
    expect(results).toEqual(await hash(files, { inStep: false }));
  });
});

describe("hash-files in step, cancelled", () => {
  test.each([1, 2, 4, 7])("closes every file at checkpoint %d, and later tasks are sound", async (count) => {
    const files = [500, 400, 300, 200, 100].map((length, index) => store(`cancelled-${index}`, length));
    const cancel = atCheckpoint(count, () => {
      throw new TaskCancelled();
    });
    // Not `expect(…).rejects`, which would hold up messages of workers.
    const ended = await hash(files, { checkpoint: cancel }).catch((thrown: unknown) => thrown);
    expect(ended).toBeInstanceOf(TaskCancelled);
    expect(listOpenFiles(folder)).toEqual([]);
    expect(await hash(files)).toEqual(await hash(files, { inStep: false }));
  });

  const DRIVERS = [
    ["a worker thread", () => createWorkers({ size: 1 })],
    ["the calling thread", () => createInline()],
  ] as const;
  test.each(DRIVERS)("stops on %s between two steps", async (_, create) => {
    const compute = create();
    const large = store("large", 24 << 20);
    const abort = new AbortController();
    const files = Array.from({ length: 20 }, () => large);
    const stop = { signal: abort.signal, onProgress: () => abort.abort(new TaskCancelled("enough")) };
    const ended = await compute.run("hash-files", { files }, stop).catch((thrown: unknown) => thrown);
    expect(ended).toBe(abort.signal.reason);
    await compute.close();
  });
});
