/** Runs commands that need no server, in this process and on the vectors of the native package. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Surroundings } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { runCommandLine } from "./run.ts";
import { createTerminal } from "./terminal.ts";

const VECTORS = join(import.meta.dir, "../../../native/vectors");
const SETS = [
  { folder: "chd", list: "chd-vectors.json" },
  { folder: "chd-handmade", list: "chd-handmade.json" },
] as const;

/** What is known about a CHD by whoever made it. */
export interface ChdVector {
  readonly id: string;
  readonly parent?: string;
  readonly version: number;
  readonly hunkBytes: number;
  readonly hunks: number;
  readonly logicalBytes: number;
  readonly logicalSha1: string;
  readonly sha1?: string;
  readonly rawSha1?: string;
  readonly parentSha1?: string;
  readonly meta: readonly { tag: string; flags: number; length: number; text?: string }[];
  /** The files of an extraction under placeholder names, which `sheet` uses as well. */
  readonly extract?: Readonly<Record<string, { size: number; sha1: string }>>;
  readonly sheet?: string;
  /** By console. */
  readonly ra?: Readonly<Record<string, { readonly hash: string }>>;
}

/** A vector with the path of its file. */
export interface PlacedVector extends ChdVector {
  readonly path: string;
}

/** Gives a vector by its id. */
export async function getVector(id: string): Promise<PlacedVector> {
  for (const { folder, list } of SETS) {
    const { files } = (await Bun.file(join(VECTORS, list)).json()) as { files: readonly ChdVector[] };
    const found = files.find((file) => file.id === id);
    if (found !== undefined) return { ...found, path: join(VECTORS, folder, `${id}.chd`) };
  }
  throw new RangeError(`no vector ${id}`);
}

/** How a command ended and what it said. */
export interface OfflineEnd {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line. Asking for the configuration, as everything with a server does, is a failure. */
export async function runOffline(
  argv: readonly string[],
  signal = new AbortController().signal,
): Promise<OfflineEnd> {
  const texts = { out: "", err: "" };
  const terminal = createTerminal({
    stdout: { write: (text) => (texts.out += text) },
    stderr: { write: (text) => (texts.err += text) },
  });
  const unused = () => {
    throw new TypeError("this command has no use for it");
  };
  const surroundings: Surroundings = {
    environment: {},
    terminal,
    getConfig: unused,
    createLog: unused,
    getInterruption: () => ({ signal, onFirst: unused, close: () => undefined }),
  };
  const exitCode = await runCommandLine({ argv, commands: COMMANDS, surroundings });
  return { exitCode, ...texts };
}

/** Runs one command line with `--json`; gives the exit code and the object. */
export async function runJson(
  ...argv: readonly string[]
): Promise<{ exitCode: number; json: Record<string, unknown> }> {
  const { exitCode, out } = await runOffline([...argv, "--json"]);
  return { exitCode, json: JSON.parse(out) as Record<string, unknown> };
}

/** Gives the code and the message of a failure. */
export async function failureOf(...argv: readonly string[]): Promise<readonly [number, string, string]> {
  const { exitCode, json } = await runJson(...argv);
  const { code, message } = json.error as { code: string; message: string };
  return [exitCode, code, message];
}

/** Makes a folder for one test file's files, and the way to remove it. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "multitap-offline-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const HEADER_BYTES = 124;

/** Writes a sound CHD of zeros of any size: hunks of 4 MiB that are stored nowhere. */
export async function storeZeroChd(path: string, logicalBytes: number): Promise<void> {
  const hunkBytes = 4 << 20;
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * Math.ceil(logicalBytes / hunkBytes));
  bytes.write("MComprHD", "latin1");
  bytes.writeUInt32BE(HEADER_BYTES, 8);
  bytes.writeUInt32BE(5, 12);
  bytes.writeBigUInt64BE(BigInt(logicalBytes), 32);
  bytes.writeBigUInt64BE(BigInt(HEADER_BYTES), 40);
  bytes.writeUInt32BE(hunkBytes, 56);
  bytes.writeUInt32BE(2048, 60);
  await Bun.write(path, bytes);
}
