import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ensureBuilt } from "../build.ts";
import { openChd } from "./chd/open.ts";
import { type NativeWorkers, nativeWorkers } from "./workers.ts";

const workerFile = new URL("../vectors/worker.ts", import.meta.url);
const readVector = async (id: string) =>
  new Uint8Array(await readFile(new URL(`../vectors/chd/${id}.chd`, import.meta.url)));

let workers: NativeWorkers | null = null;
const createWorkers = (count: number) => {
  workers = nativeWorkers(() => new Worker(workerFile), { count });
  return workers;
};

beforeAll(async () => {
  await ensureBuilt();
});

afterEach(async () => {
  await workers?.close();
  workers = null;
});

describe("nativeWorkers", () => {
  test.each(["cd-sat-cdlz", "raw-mix", "cd-subcode-cdzl"])("verifies %s with the same answer", async (id) => {
    const bytes = await readVector(id);
    const alone = await (await openChd(bytes)).verify();
    const shared = await (await openChd(bytes, { workers: createWorkers(2) })).verify();
    expect(shared).toEqual(alone);
    // Threads can also be given to one call.
    expect(await (await openChd(bytes)).verify({ workers: workers ?? undefined })).toEqual(alone);
    expect(shared.isIntact).toBe(true);
  });

  test("tells the damaged hunks as well", async () => {
    const bytes = await readVector("raw-zlib");
    bytes[300] = (bytes[300] ?? 0) ^ 0x10;
    const chd = await openChd(bytes, { workers: createWorkers(1) });
    expect(await chd.verify()).toMatchObject({ isIntact: false, badHunks: [0] });
    expect(await chd.readHunk(0).catch((error: { code: string }) => error.code)).toMatch(/^CHD_HUNK_/);
  });

  test("rejects what is under way when it is closed, and what comes later", async () => {
    const own = createWorkers(1);
    const chd = await openChd(await readVector("cd-sat-cdlz"), { workers: own });
    const verified = chd.verify().catch((error: { code: string }) => error.code);
    await own.close();
    expect(await verified).toBe("CHD_CLOSED");
    expect(await chd.readHunk(0).catch((error: { code: string }) => error.code)).toBe("CHD_CLOSED");
  });

  test("replaces a thread that dies", async () => {
    let starts = 0;
    const own = nativeWorkers(
      () => {
        starts += 1;
        const dies = starts === 1;
        return dies
          ? new Worker("data:text/javascript,throw new RangeError('dies')")
          : new Worker(workerFile);
      },
      { count: 1 },
    );
    workers = own;
    const chd = await openChd(await readVector("raw-zlib"), { workers: own });
    expect(await chd.readHunk(0).catch((error: { code: string }) => error.code)).toBe("NATIVE_INTERNAL");
    expect((await chd.readHunk(0)).length).toBe(chd.header.hunkBytes);
  });

  test("refuses each job when no thread can be started, and goes on once one can", async () => {
    let isForbidden = true;
    const own = nativeWorkers(
      () => {
        if (isForbidden) throw new TypeError("forbidden");
        return new Worker(workerFile);
      },
      { count: 1 },
    );
    workers = own;
    const chd = await openChd(await readVector("raw-zlib"), { workers: own });
    const jobs = [0, 1].map((hunk) => chd.readHunk(hunk).catch((error: { code: string }) => error.code));
    expect(await Promise.all(jobs)).toEqual(["NATIVE_UNAVAILABLE", "NATIVE_UNAVAILABLE"]);
    isForbidden = false;
    expect((await chd.readHunk(0)).length).toBe(chd.header.hunkBytes);
  });
});
