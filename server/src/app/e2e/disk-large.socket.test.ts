import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Client } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { createRandom } from "../../../../scripts/library/random.ts";
import { runTool, SEVEN_ZIP } from "../../../../scripts/library/tools.ts";
import { type KnownRom, readRoms } from "./disk-scene.testing.ts";
import { createAdmin, endScenes, openClient, runScan, signIn } from "./scene.testing.ts";
import { type RunningServer, SceneError, startServer } from "./server-process.testing.ts";

/** The full sizes take minutes and some 25 GB of disk; the scaled ones show the same per byte. */
const IS_LARGE = process.env.MULTITAP_E2E_LARGE === "1";
const MIB = 2 ** 20;
const ARCHIVED_BYTES = (IS_LARGE ? 3 * 1024 : 150) * MIB;
/** The first is beyond what a zip without 64-bit fields can hold. */
const FOLDER_FILES: Readonly<Record<string, number>> = IS_LARGE
  ? { "Disc 1.bin": 4_500 * MIB, "Disc 2.bin": 1_500 * MIB, "dlc/More.bin": 144 * MIB }
  : { "Disc 1.bin": 200 * MIB, "Disc 2.bin": 90 * MIB, "dlc/More.bin": 10 * MIB };
/** Largest growth of the server's resident memory. */
const GROWTH_BUDGET_BYTES = 150e6;
const TEST_MAX_MS = 30 * 60_000;
const BLOCK_BYTES = MIB;
const SAMPLE_MS = 20;
const SETTLE_MS = 1_000;

const TITLE = "Large Folder (World)";
const random = createRandom("disk-large");

let root: string;
let basePath: string;
const at = (path: string) => join(basePath, "library", "roms", path);
let archived: Digests;
let scan: Growth<Awaited<ReturnType<typeof runScan>>>;
let roms: readonly KnownRom[];

/** Not in memory, whatever the other tests do: that is what is measured here. */
beforeAll(async () => {
  root = mkdtempSync(join(process.env.MULTITAP_E2E_ROOT ?? tmpdir(), "multitap-e2e-large-"));
  basePath = join(root, "base");
  for (const folder of ["snes", `psx/${TITLE}/dlc`]) mkdirSync(at(folder), { recursive: true });
  const member = join(root, "Large (World).sfc");
  writeSparse(member, ARCHIVED_BYTES);
  runTool(SEVEN_ZIP, ["a", "-t7z", "-m0=Copy", "-bd", "-y", "--", at("snes/Large (World).7z"), member]);
  archived = await digest([Bun.file(member).stream()]);
  rmSync(member);
  for (const [name, sizeBytes] of Object.entries(FOLDER_FILES))
    writeSparse(at(`psx/${TITLE}/${name}`), sizeBytes);
  const { server, idleBytes } = await startIdle();
  const client = openClient(server, await createAdmin(server.url));
  scan = await measure(server, idleBytes, () => runScan(client));
  roms = await readRoms(client);
  await client.close();
  await server.stop();
}, TEST_MAX_MS);
afterAll(async () => {
  await endScenes();
  rmSync(root, { recursive: true, force: true });
});

/** A file that is mostly holes, with noise at both ends and at places between. */
function writeSparse(path: string, sizeBytes: number): void {
  const block = new Uint8Array(BLOCK_BYTES);
  const handle = openSync(path, "w");
  try {
    ftruncateSync(handle, sizeBytes);
    const places = [
      0,
      sizeBytes - BLOCK_BYTES,
      ...Array.from({ length: 14 }, (_, index) => (index * sizeBytes) / 15),
    ];
    for (const place of places) {
      random.fill(block);
      writeSync(handle, block, 0, block.length, Math.min(Math.floor(place) + 1, sizeBytes - BLOCK_BYTES));
    }
  } finally {
    closeSync(handle);
  }
}

interface Digests {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

async function digest(streams: readonly ReadableStream<Uint8Array>[]): Promise<Digests> {
  const [md5, sha1] = [createHash("md5"), createHash("sha1")];
  let crc = 0;
  for (const stream of streams) {
    for await (const bytes of stream) {
      md5.update(bytes);
      sha1.update(bytes);
      crc = crc32(bytes, crc);
    }
  }
  return { crc32: crc.toString(16).padStart(8, "0"), md5: md5.digest("hex"), sha1: sha1.digest("hex") };
}

function readRssBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new SceneError(`process ${pid} tells no memory`);
  return Number(kilobytes) * 1024;
}

/** What something gave, by how much the server's memory grew at most, and how long it took. */
interface Growth<T> {
  readonly result: T;
  readonly grownBytes: number;
  readonly tookMs: number;
}

/** Runs something and gives by how much the server's memory grew at most meanwhile. */
async function measure<T>(
  { pid }: RunningServer,
  idleBytes: number,
  work: () => Promise<T>,
): Promise<Growth<T>> {
  let peakBytes = 0;
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, readRssBytes(pid));
  }, SAMPLE_MS);
  const startedAtMs = performance.now();
  try {
    const result = await work();
    return { result, grownBytes: peakBytes - idleBytes, tookMs: performance.now() - startedAtMs };
  } finally {
    clearInterval(sampler);
  }
}

interface Figure {
  readonly what: string;
  readonly sizeBytes: number;
  readonly grownBytes: number;
  readonly tookMs: number;
}

function show({ what, sizeBytes, grownBytes, tookMs }: Figure): void {
  const speed = sizeBytes / 1e6 / (tookMs / 1000);
  console.log(
    `${what}: ${(sizeBytes / 1e6).toFixed(0)} MB in ${(tookMs / 1000).toFixed(1)} s (${speed.toFixed(0)} MB/s), server ${(grownBytes / 1e6).toFixed(0)} MB above idle`,
  );
}

async function startIdle(environment: Readonly<Record<string, string>> = {}) {
  const server = await startServer({ basePath, environment });
  await Bun.sleep(SETTLE_MS);
  return { server, idleBytes: readRssBytes(server.pid) };
}

const romOf = (roms: readonly KnownRom[], fsName: string): KnownRom => {
  const rom = roms.find((each) => each.fsName === fsName);
  if (rom === undefined) throw new SceneError(`${fsName} is not in the library`);
  return rom;
};

/** What a program takes out of a downloaded archive has the digests of the file on disk. */
async function expectMembers(zipPath: string): Promise<void> {
  runTool(SEVEN_ZIP, ["t", "-bd", "--", zipPath]);
  for (const name of Object.keys(FOLDER_FILES)) {
    const child = Bun.spawn([SEVEN_ZIP.path, "x", "-so", "-bd", "--", zipPath, name], { stderr: "ignore" });
    const [unpacked, onDisk] = [
      await digest([child.stdout]),
      await digest([Bun.file(at(`psx/${TITLE}/${name}`)).stream()]),
    ];
    expect([name, unpacked]).toEqual([name, onDisk]);
  }
}

async function download(client: Client, rom: KnownRom, path: string): Promise<number> {
  return (await client.roms.download(rom.id, fileSink(path))).sizeBytes;
}

/** Equal without holding either in memory. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [openSync(one, "r"), openSync(other, "r")];
  const [a, b] = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)];
  try {
    for (;;) {
      const [read, also] = [readSync(left, a), readSync(right, b)];
      if (read !== also || !a.subarray(0, read).equals(b.subarray(0, also))) return false;
      if (read === 0) return true;
    }
  } finally {
    closeSync(left);
    closeSync(right);
  }
}

const folderBytes = Object.values(FOLDER_FILES).reduce((sum, size) => sum + size, 0);

describe("a large archive and a large folder", () => {
  test(
    "are scanned with little memory, to the digests of what they hold",
    async () => {
      expect([scan.result.status, scan.result.problems]).toEqual(["done", 0]);
      show({ what: "scan", sizeBytes: ARCHIVED_BYTES + folderBytes, ...scan });
      expect(romOf(roms, "Large (World).7z")).toMatchObject({ ...archived, files: [{ isPacked: true }] });
      const top = ["Disc 1.bin", "Disc 2.bin"].map((name) => Bun.file(at(`psx/${TITLE}/${name}`)).stream());
      expect(romOf(roms, TITLE)).toMatchObject({ ...(await digest(top)), sizeBytes: folderBytes });
      expect(scan.grownBytes).toBeLessThanOrEqual(GROWTH_BUDGET_BYTES);
    },
    TEST_MAX_MS,
  );

  test(
    "are downloaded with little memory, to the same bytes",
    async () => {
      const { server, idleBytes } = await startIdle();
      const client = openClient(server, await signIn(server.url));
      const path = join(root, "download");
      const archive = romOf(roms, "Large (World).7z");
      const file = await measure(server, idleBytes, () => download(client, archive, path));
      show({ what: "archive", sizeBytes: file.result, ...file });
      expect(isSame(path, at("snes/Large (World).7z"))).toBe(true);
      const zip = await measure(server, idleBytes, () => download(client, romOf(roms, TITLE), path));
      show({ what: IS_LARGE ? "folder, streamed" : "folder, kept", sizeBytes: zip.result, ...zip });
      await expectMembers(path);
      rmSync(path);
      await client.close();
      await server.stop();
      for (const { grownBytes } of [file, zip]) expect(grownBytes).toBeLessThanOrEqual(GROWTH_BUDGET_BYTES);
    },
    TEST_MAX_MS,
  );

  test(
    "are sent in one stream where no archive is kept, and again from the middle",
    async () => {
      const { server, idleBytes } = await startIdle({ MULTITAP_ZIP_CACHE_MAX: "0" });
      const client = openClient(server, await signIn(server.url));
      const folder = romOf(roms, TITLE);
      const path = join(root, "streamed");
      const zip = await measure(server, idleBytes, async () => {
        const stopping = new AbortController();
        const cut = client.roms.download(folder.id, fileSink(path), {
          signal: stopping.signal,
          onProgress: ({ loadedBytes }) => {
            if (loadedBytes > folder.sizeBytes / 3) stopping.abort();
          },
        });
        expect(
          await cut.then(
            () => "whole",
            () => "cut",
          ),
        ).toBe("cut");
        const { sizeBytes, resumedBytes } = await client.roms.download(folder.id, fileSink(path));
        expect(resumedBytes).toBeGreaterThan(folder.sizeBytes / 4);
        return sizeBytes;
      });
      show({ what: "folder, streamed in two parts", sizeBytes: zip.result, ...zip });
      await expectMembers(path);
      rmSync(path);
      await client.close();
      await server.stop();
      expect(zip.grownBytes).toBeLessThanOrEqual(GROWTH_BUDGET_BYTES);
    },
    TEST_MAX_MS,
  );
});
