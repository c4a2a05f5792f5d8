import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "../../scripts/library/packed-roms.ts";
import { makeNoise, makeSoft } from "../../scripts/library/rich-place.ts";
import { createStoredZip } from "../../scripts/library/stored-zip.ts";
import { createFirstAccount, signIn } from "./api-client.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { readCpuMs } from "./processes.ts";
import { runScan } from "./scan-run.ts";
import { startServer } from "./server-process.ts";
import { type Summary, summarize } from "./statistics.ts";
import { createFolder, createSubfolder, writeLargeFile } from "./workspace.ts";

/** A library of one kind of rom, scanned for the first time. */
export interface KindFigures {
  readonly name: string;
  readonly roms: number;
  readonly bytes: number;
  readonly seconds: Summary;
  /** CPU of the server with its workers in the last run; programs that it started do not count. */
  readonly serverCpuMs: number;
}

/** How much of each kind. */
export interface KindOptions {
  readonly zips: number;
  readonly sevenZips: number;
  readonly largeBytes: number;
  readonly runs: number;
}

/** Files that share `largeBytes`. */
const LARGE_FILES = 4;
const place = { seed: 1 };

interface Kind {
  readonly name: string;
  readonly roms: number;
  /** Large files are discs; of small games RetroAchievements hashes all. */
  readonly platformSlug: string;
  /** Fills the folder of a platform and gives how many bytes it holds. */
  fill(folder: string): Promise<number>;
}

/** Scans archives and large files, each kind in a library of its own and each time into an empty database. */
export async function measureKinds(cleanup: Cleanup, options: KindOptions): Promise<readonly KindFigures[]> {
  const kinds: readonly Kind[] = [
    {
      name: "small zips",
      roms: options.zips,
      platformSlug: "snes",
      fill: (folder) => fillZips(folder, options.zips),
    },
    {
      name: "7z archives",
      roms: options.sevenZips,
      platformSlug: "snes",
      fill: (folder) => fillSevenZips(folder, options.sevenZips),
    },
    {
      name: "large files",
      roms: LARGE_FILES,
      platformSlug: "psx",
      fill: (folder) => fillLarge(folder, options.largeBytes),
    },
  ];
  const figures: KindFigures[] = [];
  for (const kind of kinds) figures.push(await measureKind(cleanup, kind, options.runs));
  return figures;
}

async function measureKind(cleanup: Cleanup, kind: Kind, runs: number): Promise<KindFigures> {
  const basePath = createFolder(cleanup, "kind");
  const bytes = await kind.fill(createSubfolder(basePath, `library/roms/${kind.platformSlug}`));
  const seconds: number[] = [];
  let serverCpuMs = 0;
  for (let run = 0; run < runs; run += 1) {
    const { pid, url, stop } = await startServer(cleanup, { basePath });
    await createFirstAccount(url);
    const client = await signIn(url);
    const beforeMs = readCpuMs(pid);
    const { scan, wallMs } = await runScan(client, "quick");
    serverCpuMs = readCpuMs(pid) - beforeMs;
    const { romsNew, filesHashed, problems } = scan.stats;
    if (romsNew !== kind.roms || filesHashed !== kind.roms || problems > 0) {
      throw new BenchError(`${kind.name}: not all were added and hashed: ${JSON.stringify(scan.stats)}`);
    }
    seconds.push(wallMs / 1000);
    await stop();
    // The next run meets an empty database and the same files.
    rmSync(join(basePath, "postgres"), { recursive: true, force: true });
  }
  return { name: kind.name, roms: kind.roms, bytes, seconds: summarize(seconds), serverCpuMs };
}

async function fillZips(folder: string, count: number): Promise<number> {
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const members = [
      { name: `Game ${index} (USA).sfc`, bytes: makeNoise(place, `zip ${index}`, 16_384) },
      { name: "readme.txt", bytes: makeSoft(place, `text ${index}`, 500) },
    ];
    const zip = createStoredZip(members);
    writeFileSync(join(folder, `Game ${index} (USA).zip`), zip);
    bytes += zip.length;
  }
  return bytes;
}

async function fillSevenZips(folder: string, count: number): Promise<number> {
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const members = {
      [`Game ${index} (USA).sfc`]: makeNoise(place, `7z ${index}`, 65_536),
      [`Game ${index} (Europe).sfc`]: makeSoft(place, `7z soft ${index}`, 65_536),
    };
    const archive = pack(members, ["7z"]);
    writeFileSync(join(folder, `Game ${index}.7z`), archive);
    bytes += archive.length;
  }
  return bytes;
}

async function fillLarge(folder: string, sizeBytes: number): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const each = Math.floor(sizeBytes / LARGE_FILES);
  for (let index = 0; index < LARGE_FILES; index += 1) {
    await writeLargeFile(join(folder, `Large ${index} (World).bin`), each);
  }
  return each * LARGE_FILES;
}
