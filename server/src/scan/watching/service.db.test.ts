import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { AppError } from "../../base/errors.ts";
import { createDiskWatch } from "../../ports/watch/disk.ts";
import type { QueueScanInput } from "./contract.ts";
import { startWatching, type Watching, type WatchingOptions } from "./service.ts";

const DELAY_MS = 120;

describe("startWatching", () => {
  let app: TestApp;
  let queued: QueueScanInput[];
  let started: Watching[];

  beforeEach(async () => {
    app = await createTestApp();
    queued = [];
    started = [];
    await put("roms/nes/old.nes");
    await put("roms/gb/old.gb");
  });
  afterEach(async () => {
    await Promise.all(started.map((watching) => watching.stop()));
    await app.close();
  });

  const library = (path: string) => join(app.basePath, "library", path);
  const put = async (path: string) => {
    await mkdir(dirname(library(path)), { recursive: true });
    await writeFile(library(path), path);
  };
  const start = (options: Partial<WatchingOptions> = {}) => {
    const watching = startWatching(app.ports, {
      createContext: () => app.createContext(),
      watch: createDiskWatch({ rootCheckMs: 30 }),
      queueScan: async (_ctx, input) => {
        queued.push(input);
        return { scanId: queued.length, isNew: true };
      },
      isSoleOwner: false,
      mode: "native",
      pollIntervalMs: 20,
      delayMs: DELAY_MS,
      lockMs: 400,
      standbyMs: 30,
      ...options,
    });
    started.push(watching);
    return watching;
  };
  const until = async (isTrue: () => boolean, waitMs = 4_000) => {
    const deadline = performance.now() + waitMs;
    while (!isTrue() && performance.now() < deadline) await Bun.sleep(5);
  };
  /** Starts and waits until changes are noticed. */
  const open = async (options: Partial<WatchingOptions> = {}) => {
    const watching = start(options);
    await until(() => watching.state() !== null);
    await Bun.sleep(60);
    return watching;
  };
  const quick = (...platformFsSlugs: string[]): QueueScanInput => ({
    type: "quick",
    platformFsSlugs,
    origin: "watcher",
  });

  test.each(["native", "poll"] as const)(
    "scans the platform of a new file after the delay (%s)",
    async (mode) => {
      await open({ mode });
      const changedAt = performance.now();
      await put("roms/nes/new.nes");
      await until(() => queued.length > 0);
      expect(performance.now() - changedAt).toBeGreaterThan(DELAY_MS);
      expect(queued).toEqual([quick("nes")]);
    },
  );

  test("scans both ends of a move in one scan", async () => {
    await open();
    await rename(library("roms/gb/old.gb"), library("roms/nes/old.gb"));
    await until(() => queued.length > 0);
    await Bun.sleep(DELAY_MS * 2);
    expect(queued).toEqual([quick("gb", "nes")]);
  });

  test("waits while changes go on, but not for ever", async () => {
    await open();
    const beganAt = performance.now();
    for (let index = 0; queued.length === 0 && index < 200; index += 1) {
      await put(`roms/nes/${index}.nes`);
      await Bun.sleep(20);
    }
    expect(queued).toEqual([quick("nes")]);
    expect(performance.now() - beganAt).toBeGreaterThan(DELAY_MS * 4);
  });

  test("scans a new platform folder alone, and everything when one is gone", async () => {
    await open();
    await put("roms/snes/a.sfc");
    await until(() => queued.length > 0);
    expect(queued).toEqual([quick("snes")]);
    await rename(library("roms/snes"), library("roms/sfc"));
    await until(() => queued.length > 1);
    expect(queued[1]).toEqual(quick());
  });

  test("leaves out what is excluded or on its way", async () => {
    await open();
    await put("roms/nes/save.tmp");
    await put("roms/nes/.romm_tmp_1/a.nes");
    await put("roms/nes/.multitap-0123456789abcdef.partial");
    await put("roms/gb/.big.gb.assembling");
    await put("notes.txt");
    await Bun.sleep(DELAY_MS * 3);
    expect(queued).toEqual([]);
  });

  test("keeps what waits for the next process", async () => {
    const first = await open({ delayMs: 60_000 });
    await put("roms/nes/new.nes");
    await Bun.sleep(60);
    await first.stop();
    expect(first.state()).toBeNull();
    expect(queued).toEqual([]);
    await open();
    await until(() => queued.length > 0);
    expect(queued).toEqual([quick("nes")]);
    await Bun.sleep(DELAY_MS * 2);
    expect(queued).toHaveLength(1);
  });

  test("tries again when the scan cannot be queued yet, and loses nothing meanwhile", async () => {
    let refusals = 0;
    await open({
      queueScan: async (_ctx, input) => {
        if (refusals < 2) {
          refusals += 1;
          if (refusals === 1) await put("roms/gb/new.gb");
          throw new AppError("unavailable", "QUEUE_UNAVAILABLE", { message: "not now" });
        }
        queued.push(input);
        return { scanId: 1, isNew: true };
      },
    });
    await put("roms/nes/new.nes");
    const platforms = () => new Set(queued.flatMap((input) => input.platformFsSlugs));
    await until(() => platforms().size === 2);
    expect([...platforms()].sort()).toEqual(["gb", "nes"]);
  });

  test("scans again what changed while its scan was being queued", async () => {
    let isFirst = true;
    await open({
      queueScan: async (_ctx, input) => {
        queued.push(input);
        if (isFirst) {
          isFirst = false;
          await put("roms/nes/during.nes");
          await Bun.sleep(60);
        }
        return { scanId: 1, isNew: true };
      },
    });
    await put("roms/nes/new.nes");
    await until(() => queued.length > 1);
    expect(queued).toEqual([quick("nes"), quick("nes")]);
  });

  test("is done by one of several processes; another one takes over and looks at everything once", async () => {
    const first = await open();
    const second = start();
    await Bun.sleep(100);
    expect(second.state()).toBeNull();
    await put("roms/nes/new.nes");
    await until(() => queued.length > 0);
    await Bun.sleep(DELAY_MS * 2);
    expect(queued).toEqual([quick("nes")]);
    await first.stop();
    await until(() => second.state() !== null);
    await until(() => queued.length > 1);
    expect(queued[1]).toEqual(quick());
  });

  test("gives way when another process has the lock", async () => {
    const first = await open();
    await app.ports.kv.set("scan:watching", "somebody else", { ttlMs: 300 });
    await until(() => first.state() === null);
    expect(first.state()).toBeNull();
    await until(() => first.state() !== null);
    expect(first.state()).not.toBeNull();
  });

  test("takes the lock of its dead predecessor at once when it owns the store alone", async () => {
    await app.ports.kv.set("scan:watching", "dead", { ttlMs: 60_000 });
    const watching = await open({ isSoleOwner: true });
    expect(watching.state()).not.toBeNull();
  });

  test("queues nothing while the library is away, and looks at everything when it is back", async () => {
    const watching = await open();
    await rm(library("roms/gb/old.gb"));
    await rename(library("."), `${app.basePath}/away`);
    await until(() => watching.state()?.mode === "waiting");
    await Bun.sleep(DELAY_MS * 2);
    expect([watching.state()?.mode, queued]).toEqual(["waiting", []]);
    await rename(`${app.basePath}/away`, library("."));
    await until(() => queued.some((input) => input.platformFsSlugs.length === 0));
    expect(queued.at(-1)).toEqual(quick());
  });
});
