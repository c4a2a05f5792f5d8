/**
 * Makes a library of synthetic games as real input for tests and measurements:
 *
 *     bun scripts/make-library.ts --out DIR --files 5000 --platforms 10 [--structure a|b] [--seed 1]
 *         [--bytes 512..1536] [--awkward] [--folders] [--everything]
 *
 * The same arguments give the same names and bytes. Nothing in it is anyone's game, title or logo.
 */
import fs from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type AwkwardEntry, type AwkwardPlace, addAwkward, addFolders } from "./library/awkward.ts";
import { addEverything, type Everything } from "./library/everything.ts";
import type { GameFacts, WriteHeader } from "./library/headers.ts";
import { makeName, makeTitle, toHeaderTitle } from "./library/names.ts";
import { createRandom, type Random } from "./library/random.ts";
import { SYSTEMS, type System } from "./library/systems.ts";

/** `a`: roms/<platform>/ and bios/<platform>/; `b`: <platform>/roms/ and <platform>/bios/. */
export type Structure = "a" | "b";

export interface MakeLibraryOptions {
  /** The library's root; must not exist or be empty. With `awkward` a sibling `<outPath>.outside` is made, too. */
  readonly outPath: string;
  readonly fileCount: number;
  /** 1 to 16; files are spread evenly. */
  readonly platformCount: number;
  readonly structure?: Structure | undefined;
  readonly seed?: number | undefined;
  /** Sizes are spread evenly from least to most; 512 to 1536 when left out. */
  readonly sizeBytes?: { readonly least: number; readonly most: number } | undefined;
  /** Adds bad names, closed and empty files, links, excluded names, firmware, an unknown platform. */
  readonly hasAwkward?: boolean | undefined;
  /** Adds a folder rom and a zip. */
  readonly hasFolders?: boolean | undefined;
  /** Adds archives, folders, discs and firmware of every form, also empty and damaged ones. */
  readonly hasEverything?: boolean | undefined;
}

export interface MadeFile {
  readonly platformSlug: string;
  readonly fsName: string;
  readonly path: string;
  readonly sizeBytes: number;
}

export interface MadeLibrary {
  readonly libraryPath: string;
  readonly structure: Structure;
  readonly platforms: readonly { readonly platformSlug: string; readonly romsPath: string }[];
  /** The good files of known platforms, in the order of platforms and then of making. */
  readonly files: readonly MadeFile[];
  /** Sum over `files`. */
  readonly totalBytes: number;
  readonly awkward: readonly AwkwardEntry[];
  /** Null without `hasEverything`. */
  readonly everything: Everything | null;
  /** What links lead to; null without `hasAwkward`. To be removed together with the library. */
  readonly outsidePath: string | null;
}

const FILES_MAX = 1_000_000;
const CHUNK_BYTES = 1 << 20;

/**
 * Makes a library on disk and gives what is in it.
 * @throws RangeError for counts or sizes out of range, or when something is at `outPath` already.
 */
export async function makeLibrary(options: MakeLibraryOptions): Promise<MadeLibrary> {
  const {
    fileCount,
    platformCount,
    structure = "a",
    seed = 1,
    hasAwkward = false,
    hasFolders = false,
    hasEverything = false,
  } = options;
  const sizeBytes = options.sizeBytes ?? { least: 512, most: 1536 };
  const libraryPath = resolve(options.outPath);
  const outsidePath = `${libraryPath}.outside`;
  checkOptions({ fileCount, platformCount, ...sizeBytes });
  for (const path of hasAwkward ? [libraryPath, outsidePath] : [libraryPath]) createEmpty(path);
  const place = createPlace({ libraryPath, outsidePath, structure, seed });
  const systems = SYSTEMS.slice(0, platformCount);
  const files: MadeFile[] = [];
  for (const [number, system] of systems.entries()) {
    const count = Math.floor(fileCount / platformCount) + (number < fileCount % platformCount ? 1 : 0);
    const folder = place.getFolder(system.platformSlug, "roms");
    fs.mkdirSync(folder, { recursive: true });
    for (let index = 0; index < count; index += 1)
      files.push(makeFile(system, { folder, index, seed, sizeBytes }));
    // One platform at a time, so that a caller with a server in the same process keeps answering.
    await Bun.sleep(0);
  }
  return {
    libraryPath,
    structure,
    platforms: systems.map(({ platformSlug }) => ({
      platformSlug,
      romsPath: place.getFolder(platformSlug, "roms"),
    })),
    files,
    totalBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    awkward: [...(hasAwkward ? addAwkward(place) : []), ...(hasFolders ? addFolders(place) : [])],
    everything: hasEverything ? await addEverything(place) : null,
    outsidePath: hasAwkward ? outsidePath : null,
  };
}

function checkOptions(options: {
  fileCount: number;
  platformCount: number;
  least: number;
  most: number;
}): void {
  const check = (name: string, value: number, [least, most]: readonly [number, number]): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    throw new RangeError(`${name} is ${value}; it must be a whole number from ${least} to ${most}`);
  };
  check("the number of files", options.fileCount, [0, FILES_MAX]);
  check("the number of platforms", options.platformCount, [1, SYSTEMS.length]);
  check("the least size", options.least, [1, Number.MAX_SAFE_INTEGER]);
  check("the largest size", options.most, [options.least, Number.MAX_SAFE_INTEGER]);
}

function createEmpty(path: string): void {
  fs.mkdirSync(path, { recursive: true });
  if (fs.readdirSync(path).length > 0) throw new RangeError(`${path} is not empty`);
}

function createPlace(options: {
  libraryPath: string;
  outsidePath: string;
  structure: Structure;
  seed: number;
}): AwkwardPlace {
  const { libraryPath, outsidePath, structure, seed } = options;
  const isA = structure === "a";
  return {
    outsidePath,
    seed,
    getFolder(platformSlug, content) {
      const name = content === "roms" ? "roms" : "bios";
      return isA ? join(libraryPath, name, platformSlug) : join(libraryPath, platformSlug, name);
    },
    getLink: (platformSlug) =>
      isA
        ? { linkPath: join(libraryPath, "roms", platformSlug), romsBelowTarget: "." }
        : { linkPath: join(libraryPath, platformSlug), romsBelowTarget: "roms" },
  };
}

interface FilePlan {
  readonly folder: string;
  readonly index: number;
  readonly seed: number;
  readonly sizeBytes: { readonly least: number; readonly most: number };
}

function makeFile(system: System, plan: FilePlan): MadeFile {
  const { folder, index, seed } = plan;
  const { platformSlug, hasDiscs } = system;
  const random = createRandom(`${seed}/${platformSlug}/${index}`);
  const sizeBytes = plan.sizeBytes.least + random.below(plan.sizeBytes.most - plan.sizeBytes.least + 1);
  const { extension, writeHeader } = system.getForm(sizeBytes);
  const fsName = makeName({ index, hasDiscs, extension, random });
  const path = join(folder, fsName);
  const code = index.toString(36).toUpperCase().padStart(4, "A").slice(-4);
  writeGame(path, {
    facts: { title: toHeaderTitle(makeTitle(index)), code, sizeBytes },
    writeHeader,
    random,
  });
  return { platformSlug, fsName, path, sizeBytes };
}

/** Writes in pieces: sizes are not bounded by memory. */
function writeGame(path: string, game: { facts: GameFacts; writeHeader: WriteHeader; random: Random }): void {
  const { facts, writeHeader, random } = game;
  const chunk = new Uint8Array(Math.min(facts.sizeBytes, CHUNK_BYTES));
  // Fails when the name is taken, which two files of one library must never cause.
  const handle = fs.openSync(path, "wx");
  try {
    for (let writtenBytes = 0; writtenBytes < facts.sizeBytes; ) {
      const piece = chunk.subarray(0, Math.min(chunk.length, facts.sizeBytes - writtenBytes));
      random.fill(piece);
      if (writtenBytes === 0) writeHeader(piece, facts);
      writtenBytes += fs.writeSync(handle, piece);
    }
  } finally {
    fs.closeSync(handle);
  }
}

function parseSizes(text: string): { least: number; most: number } {
  const [least = "", most = least] = text.split("..");
  return { least: Number(least), most: Number(most) };
}

function readArguments(args: readonly string[]): MakeLibraryOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      files: { type: "string", default: "5000" },
      platforms: { type: "string", default: "10" },
      structure: { type: "string", default: "a" },
      seed: { type: "string", default: "1" },
      bytes: { type: "string", default: "512..1536" },
      awkward: { type: "boolean", default: false },
      folders: { type: "boolean", default: false },
      everything: { type: "boolean", default: false },
    },
  });
  if (values.out === undefined) throw new RangeError("--out DIR is missing");
  if (values.structure !== "a" && values.structure !== "b") throw new RangeError("--structure is a or b");
  return {
    outPath: values.out,
    fileCount: Number(values.files),
    platformCount: Number(values.platforms),
    structure: values.structure,
    seed: Number(values.seed),
    sizeBytes: parseSizes(values.bytes),
    hasAwkward: values.awkward,
    hasFolders: values.folders,
    hasEverything: values.everything,
  };
}

async function main(): Promise<void> {
  const made = await makeLibrary(readArguments(process.argv.slice(2)));
  console.log(
    `${made.libraryPath}: ${made.files.length} files, ${made.totalBytes} bytes, structure ${made.structure}`,
  );
  for (const { kind, outcome, path } of made.awkward)
    console.log(`  ${kind} (${outcome}): ${JSON.stringify(path)}`);
  for (const { kind, path } of made.everything?.entries ?? [])
    console.log(`  ${kind}: ${JSON.stringify(path)}`);
  for (const { what, reason } of made.everything?.skipped ?? [])
    console.log(`  left out: ${what}: ${reason}`);
  if (made.outsidePath === null) return;
  console.log(`links lead to ${made.outsidePath}; remove it together with the library`);
  if (process.geteuid?.() === 0)
    console.log("you are root: the file of mode 000 is readable for you all the same");
}

if (import.meta.main) await main();
