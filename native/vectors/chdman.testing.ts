/** Runs chdman, the reference, for tests that hold our reader against it; it is never part of what we ship. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireProgram } from "../../scripts/testing/require-program.ts";
import { mode1Sector, mode2Sector } from "./ra/cd-sectors.ts";
import type { Random } from "./ra/random.ts";

/** One call; all inputs are small. */
const CHDMAN_TIMEOUT_MS = 20_000;
/** On a damaged file chdman may never end; it takes some milliseconds where it does. */
const DAMAGED_TIMEOUT_MS = 1000;

/** Where npm puts the program of this machine; npm has none for some. */
const packageName = `chdman-${process.platform}-${process.arch}`;
const programPath = fileURLToPath(
  new URL(`../../node_modules/@emmercm/${packageName}/dist/chdman`, import.meta.url),
);

/** The path of chdman, or null, with the reason printed, where there is none; in CI that is a failure. */
export function requireChdman(): string | null {
  return requireProgram(programPath);
}

/** How a call ended. */
export interface ChdmanResult {
  readonly isSuccess: boolean;
  /** Whether it did not end by itself. */
  readonly isKilled: boolean;
  /** Both outputs. */
  readonly output: string;
}

/** Runs chdman in a folder. */
export async function tryChdman(
  folder: string,
  args: readonly string[],
  timeoutMs: number = CHDMAN_TIMEOUT_MS,
): Promise<ChdmanResult> {
  const child = Bun.spawn([programPath, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const texts = await Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  const exitCode = await child.exited;
  return { isSuccess: exitCode === 0, isKilled: child.signalCode !== null, output: texts.join("") };
}

/** What chdman finds of a file that may be damaged: all digests right or not; null when it does not come to an end. */
export async function findVerdict(folder: string, name: string): Promise<boolean | null> {
  const { isSuccess, isKilled, output } = await tryChdman(folder, ["verify", "-i", name], DAMAGED_TIMEOUT_MS);
  // Where only a digest differs it prints so, and still answers success.
  return isKilled ? null : isSuccess && output.includes("Overall SHA1 verification successful");
}

/** The program refused or failed at what it was to do; the message is its own. */
class ChdmanError extends Error {
  override readonly name = "ChdmanError";
}

/** Runs chdman, which has to succeed, and gives its output. */
export async function chdman(folder: string, ...args: readonly string[]): Promise<string> {
  const { isSuccess, output } = await tryChdman(folder, args);
  if (!isSuccess) throw new ChdmanError(`chdman ${args.join(" ")}: ${output}`);
  return output;
}

/** What `chdman info -v` says. */
export interface ChdmanInfo {
  readonly version: number;
  readonly logicalBytes: number;
  readonly hunkBytes: number;
  readonly hunkCount: number;
  readonly unitBytes: number;
  readonly codecs: readonly string[];
  readonly sha1: string | null;
  readonly rawSha1: string | null;
  readonly parentSha1: string | null;
  /** Bytes beyond the printable are dots, as chdman shows them. */
  readonly metadata: readonly { readonly tag: string; readonly length: number; readonly text: string }[];
}

/** Parses the output of `chdman info -v`. */
export function parseInfo(output: string): ChdmanInfo {
  const find = (name: string) => new RegExp(`^${name}: +(.*)$`, "m").exec(output)?.[1] ?? null;
  const count = (name: string) => Number((find(name) ?? "").replace(/ bytes$/, "").replaceAll(",", ""));
  const compression = find("Compression") ?? "none";
  const entries = output.matchAll(/Tag='(.{4})' +Index=\d+ +Length=(\d+) bytes\s*\n {14}(.*)$/gm);
  return {
    version: count("File Version"),
    logicalBytes: count("Logical size"),
    hunkBytes: count("Hunk Size"),
    hunkCount: count("Total Hunks"),
    unitBytes: count("Unit Size"),
    codecs:
      compression === "none" ? [] : Array.from(compression.matchAll(/(\w{4}) \(/g), ([, name]) => name ?? ""),
    sha1: find("SHA1"),
    rawSha1: find("Data SHA1"),
    parentSha1: find("Parent SHA1"),
    metadata: Array.from(entries, ([, tag = "", length, text = ""]) => ({
      tag,
      length: Number(length),
      text,
    })),
  };
}

/** Writes a file and gives its name. */
export async function put(folder: string, name: string, content: Uint8Array | string): Promise<string> {
  await writeFile(join(folder, name), content);
  return name;
}

/** Reads a file below a folder. */
export async function take(folder: string, name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, name)));
}

const SECTOR_BYTES = 2352;

/** Gives content of every kind in pieces: zeros, filler that packs well, noise, sound, and what was there before. */
export function createContent(random: Random, sizeBytes: number): Uint8Array {
  const content = new Uint8Array(sizeBytes);
  let at = 0;
  while (at < sizeBytes) {
    const length = Math.min(sizeBytes - at, 1 + random.int(20_000));
    const kind = random.int(6);
    if (kind === 1) content.set(random.soft(length), at);
    else if (kind === 2) content.set(random.bytes(length), at);
    else if (kind === 3) content.set(random.audio(Math.ceil(length / SECTOR_BYTES)).subarray(0, length), at);
    else if (kind === 4) content.copyWithin(at, 0, Math.min(length, at));
    else if (kind === 5) content.fill(random.u32(), at, at + length);
    at += length;
  }
  return content;
}

/** Gives sectors of 2352 bytes: most with right parity, some with a bit of it wrong, some without any form. */
export function createSectors(
  random: Random,
  shape: { readonly count: number; readonly mode: 1 | 2; readonly firstAddress: number },
): Uint8Array {
  const { count, mode, firstAddress } = shape;
  const encode = mode === 1 ? mode1Sector : mode2Sector;
  const content = createContent(random, count * 2048);
  const sectors = new Uint8Array(count * SECTOR_BYTES);
  for (let index = 0; index < count; index += 1) {
    const data = content.subarray(index * 2048, (index + 1) * 2048);
    const sector =
      random.int(8) === 0 ? random.soft(SECTOR_BYTES) : encode(firstAddress + index, data).slice();
    const parityAt = 0x81c + random.int(SECTOR_BYTES - 0x81c);
    if (random.int(8) === 0) sector[parityAt] = (sector[parityAt] ?? 0) ^ 1;
    sectors.set(sector, index * SECTOR_BYTES);
  }
  return sectors;
}

/** Lists none, each codec alone, each two in both orders, and what else is wanted. */
export function listCodecs(names: readonly string[], more: readonly string[]): string[] {
  const pairs = names.flatMap((first) =>
    names.filter((second) => second !== first).map((second) => `${first},${second}`),
  );
  return ["none", ...names, ...pairs, ...more];
}
