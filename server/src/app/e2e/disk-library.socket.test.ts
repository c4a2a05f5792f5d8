import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Client } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { startCuttingProxy } from "./cutting-proxy.testing.ts";
import {
  hashCartridge,
  hashGameCube,
  hashLargestInside,
  hashPlayStation,
  hashPsp,
} from "./disk-ra.testing.ts";
import {
  copyDiskBase,
  type DiskBase,
  downloadAndCompare,
  findDifference,
  type KnownRom,
  makeDiskBase,
  readFirmware,
  readRoms,
  readTrueFirmware,
  romPathOf,
  toTruth,
} from "./disk-scene.testing.ts";
import { inPathOrder, readTruth, type TrueRom } from "./disk-truth.testing.ts";
import {
  createAdmin,
  createDice,
  endScenes,
  KILLS,
  makeFolder,
  openClient,
  runScan,
  waitForScan,
} from "./scene.testing.ts";
import { type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 600_000;
/** How often each large content is cut. */
const CUTS = 3;
/** Selections of files that are downloaded of each folder. */
const SELECTIONS = 2;

const dice = createDice();
console.log(`disk library: MULTITAP_E2E_SEED=${dice.seed}`);

let base: DiskBase;
let fresh: string;
let truth: readonly TrueRom[];
let token: string;
let server: RunningServer;
let client: Client;
let roms: readonly KnownRom[];
let scanMs: number;

beforeAll(async () => {
  base = await makeDiskBase("disk");
  truth = await readTruth(base.libraryPath, makeFolder("truth"));
  const first = await startServer({ basePath: base.basePath });
  token = await createAdmin(first.url);
  await first.stop();
  fresh = copyDiskBase(base.basePath, "disk-fresh");
  server = await startServer({ basePath: base.basePath });
  client = openClient(server, token);
  const startedAtMs = performance.now();
  const scan = await runScan(client);
  scanMs = performance.now() - startedAtMs;
  expect(scan).toMatchObject({ status: "done", errorMessage: null });
  roms = await readRoms(client);
}, TEST_MAX_MS);
afterAll(async () => {
  await client?.close();
  await endScenes();
});

describe("a library of every form", () => {
  test("is listed whole, and nothing else is", () => {
    expect(toTruth(roms).map((rom) => rom.path)).toEqual(truth.map((rom) => rom.path));
    const [known, wanted] = [toTruth(roms), truth].map((list) =>
      list.map((rom) => [rom.path, rom.sizeBytes, ...rom.files.map((file) => [file.path, file.category])]),
    );
    expect(known).toEqual(wanted ?? []);
  });

  test("has the digests that other programs compute, of files, members and whole roms", () => {
    const byPath = new Map(toTruth(roms).map((rom) => [rom.path, rom]));
    const differing = truth.filter((rom) => !Bun.deepEquals(byPath.get(rom.path), rom));
    if (differing.length > 1) console.error(`differing: ${differing.map((rom) => rom.path).join("\n  ")}`);
    for (const rom of differing) expect(byPath.get(rom.path)).toEqual(rom);
  });

  test("has RetroAchievements' hashes by the rules of each system, whatever the container", () => {
    const known = new Map(roms.map((rom) => [romPathOf(rom), rom.raHash]));
    const wanted = listRaHashes(base, makeFolder("ra"));
    expect(wanted.size).toBeGreaterThan(20);
    expect(Object.fromEntries([...wanted.keys()].map((path) => [path, known.get(path) ?? "none"]))).toEqual(
      Object.fromEntries(wanted),
    );
  });

  test(
    "is read the same where each platform has its own folder of roms",
    async () => {
      const other = await makeDiskBase("disk-b", "b");
      const otherServer = await startServer({ basePath: other.basePath });
      const otherClient = openClient(otherServer, await createAdmin(otherServer.url));
      expect((await runScan(otherClient)).status).toBe("done");
      // The folders have changed places, and nothing else.
      const swap = (path: string) => path.replace(/^([^/]+)\/roms\//, "roms/$1/");
      const known = toTruth(await readRoms(otherClient)).map(
        (rom): TrueRom => ({
          ...rom,
          path: swap(rom.path),
          files: rom.files.map((file) => ({ ...file, path: swap(file.path) })),
        }),
      );
      expect(inPathOrder(known)).toEqual(toTruth(roms));
      await otherClient.close();
      await otherServer.stop();
    },
    TEST_MAX_MS,
  );

  test("has its firmware with the digests of its bytes", async () => {
    expect(await readFirmware(base.basePath)).toEqual(await readTrueFirmware(base.libraryPath));
  });

  test("is not hashed again by a second scan", async () => {
    const again = await runScan(client);
    expect(again).toMatchObject({ status: "done", romsNew: 0, filesHashed: 0, romsMissing: 0 });
    const complete = await runScan(client, { type: "complete" });
    expect(complete).toMatchObject({ status: "done", romsNew: 0, filesHashed: 0 });
    expect(toTruth(await readRoms(client))).toEqual(toTruth(roms));
  });
});

describe("a download through the client", () => {
  test(
    "of every rom gives the bytes on disk, folders as sound zips",
    async () => {
      const differing: string[] = [];
      for (const rom of roms.filter((each) => each.files.length > 0)) {
        const difference = await downloadAndCompare(client, { libraryPath: base.libraryPath, rom });
        if (difference !== null) differing.push(difference);
      }
      expect(differing).toEqual([]);
    },
    TEST_MAX_MS,
  );

  test(
    "of some files of a folder gives those",
    async () => {
      const differing: string[] = [];
      for (const rom of roms.filter((each) => each.files.length > 2)) {
        for (let selection = 0; selection < SELECTIONS; selection += 1) {
          const share = dice.next();
          const chosen = rom.files.filter(() => dice.next() < share);
          const files = chosen.length > 0 ? chosen : rom.files.slice(0, 1);
          const difference = await downloadAndCompare(client, { libraryPath: base.libraryPath, rom, files });
          if (difference !== null) differing.push(difference);
        }
      }
      expect(differing).toEqual([]);
    },
    TEST_MAX_MS,
  );

  test(
    "that is cut at random places goes on there, and ends with the same bytes",
    async () => {
      for (const rom of listCuttable(roms)) {
        const sizeBytes = Math.max(1, rom.sizeBytes);
        const cutsAfterBytes = Array.from(
          { length: CUTS },
          () => 1 + Math.floor((dice.next() * sizeBytes) / CUTS),
        );
        const proxy = await startCuttingProxy(server.url, cutsAfterBytes);
        const cutClient = openClient(proxy, token);
        const path = join(makeFolder("cut"), "content");
        try {
          const { sizeBytes: got } = await cutClient.roms.download(rom.id, fileSink(path));
          expect(got).toBeGreaterThanOrEqual(rom.sizeBytes);
          expect(proxy.cuts()).toBe(CUTS);
          expect(findDifference(path, { libraryPath: base.libraryPath, rom })).toBeNull();
        } finally {
          await cutClient.close();
          proxy.close();
        }
      }
    },
    TEST_MAX_MS,
  );

  test("asked for in parts at random places gives what the whole has there", async () => {
    for (const rom of listCuttable(roms)) {
      const url = `${server.url}/api/roms/${rom.id}/content/x`;
      const headers = { authorization: `Bearer ${token}` };
      const whole = await fetch(url, { headers });
      const bytes = Buffer.from(await whole.arrayBuffer());
      const etag = whole.headers.get("etag") ?? "";
      for (let part = 0; part < 5; part += 1) {
        const start = Math.floor(dice.next() * bytes.length);
        const end = start + Math.floor(dice.next() * (bytes.length - start));
        const range = { range: `bytes=${start}-${end}`, "if-range": etag };
        const answer = await fetch(url, { headers: { ...headers, ...range } });
        const got = Buffer.from(await answer.arrayBuffer());
        expect([answer.status, answer.headers.get("content-range")]).toEqual([
          206,
          `bytes ${start}-${Math.min(end, bytes.length - 1)}/${bytes.length}`,
        ]);
        expect(Buffer.compare(got, bytes.subarray(start, end + 1))).toBe(0);
      }
    }
  });
});

/** What is known of RetroAchievements' hashes of this library, by path. */
function listRaHashes({ libraryPath, library }: DiskBase, workPath: string): ReadonlyMap<string, string> {
  const at = (path: string) => join(libraryPath, "roms", path);
  const psp = hashPsp(at("psp/Handheld Disc (USA).iso"), workPath);
  const cube = hashGameCube(at("ngc/Cube Disc (USA).iso"));
  const track = "psx/Sheet And Track (USA)/Sheet And Track (USA).bin";
  const station = hashPlayStation(at(track), workPath);
  const plain = library.files.filter((file) => ["nes", "gb", "gbc", "gba"].includes(file.platformSlug));
  const entries = library.everything?.entries ?? [];
  const isMade = (path: string) => entries.some((entry) => entry.path === at(path));
  const discs = {
    "psp/Handheld Disc (USA).iso": psp,
    "psp/Handheld Disc (Europe).cso": psp,
    "psp/Compressed Handheld (USA).chd": psp,
    "ngc/Cube Disc (USA).iso": cube,
    "ngc/Cube Disc (Europe).rvz": cube,
    "ngc/Packed Cube (USA).rvz": cube,
    "psx/Sheet And Track (USA)": station,
    "psx/Compressed (USA).chd": station,
  };
  const packed = entries.filter(
    ({ kind, fsName }) => ["7z", "tar", "rar"].includes(kind) && !/Excluded/.test(fsName),
  );
  return new Map(
    [
      ...Object.entries(discs).filter(([path]) => isMade(path)),
      ...plain.map((file) => [`${file.platformSlug}/${file.fsName}`, hashCartridge(file.path)] as const),
      ...packed.map(
        ({ platformSlug, fsName, path }) =>
          [`${platformSlug}/${fsName}`, hashLargestInside(path, workPath)] as const,
      ),
    ].map(([path, raHash]) => [`roms/${path}`, raHash] as const),
  );
}

/** The largest single file and the largest folder: cuts need something to hit. */
function listCuttable(all: readonly KnownRom[]): readonly KnownRom[] {
  const bySize = [...all].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const single = bySize.find((rom) => rom.files.length === 1);
  const folder = bySize.find((rom) => rom.files.length > 1);
  return [single, folder].filter((rom) => rom !== undefined);
}

describe("kill -9 in the middle of a scan of everything", () => {
  afterEach(async () => {
    // The servers of these tests only: the one above is stopped at the end.
    for (const each of others.splice(0)) if (each.isRunning()) await each.stop("SIGKILL");
  });
  const others: RunningServer[] = [];

  test(
    "leaves nothing behind: the next server ends the scan, and all is as if nothing had happened",
    async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const basePath = copyDiskBase(fresh, "disk-killed");
        const killed = await startServer({ basePath });
        others.push(killed);
        const killedClient = openClient(killed, token);
        const { id } = await killedClient.scan.start();
        await Bun.sleep(dice.next() * scanMs);
        killed.signal("SIGKILL");
        await killed.ended;
        await killedClient.close();
        const next = await startServer({ basePath });
        others.push(next);
        const nextClient = openClient(next, token);
        expect((await waitForScan(nextClient, id)).status).toBe("done");
        expect(toTruth(await readRoms(nextClient))).toEqual(toTruth(roms));
        await nextClient.close();
        await next.stop();
      }
    },
    TEST_MAX_MS,
  );
});
