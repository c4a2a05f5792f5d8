import { existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mode1Sector } from "../../native/vectors/ra/cd-sectors.ts";
import { BenchError } from "./bench-error.ts";
import { makeDiscContent, makeMusic } from "./disc-content.ts";

/** One file that both sides decode. */
export interface ChdInput {
  readonly codec: Codec;
  readonly path: string;
  /** Bytes of the decoded content, subcode of discs included. */
  readonly logicalBytes: number;
  readonly storedBytes: number;
}

const DATA_BYTES = 2048;
const AUDIO_BYTES = 2352;
const MAKE_MAX_MS = 600_000;

/** The content a codec is meant for. */
type Kind = "data" | "music" | "dataCd" | "musicCd";

const KINDS = {
  zlib: "data",
  lzma: "data",
  huff: "data",
  flac: "music",
  zstd: "data",
  cdzl: "dataCd",
  cdlz: "dataCd",
  cdfl: "musicCd",
  cdzs: "dataCd",
} as const satisfies { readonly [codec: string]: Kind };

/** Every codec of CHD version 5. */
export type Codec = keyof typeof KINDS;
export const CODECS = Object.keys(KINDS) as readonly Codec[];

/**
 * Gives the path of chdman.
 * @throws BenchError where no binary for this machine is installed.
 */
export async function findChdman(): Promise<string> {
  const name = `@emmercm/chdman-${process.platform}-${process.arch}`;
  try {
    const { default: path } = (await import(name)) as { default: string };
    return path;
  } catch (cause) {
    throw new BenchError(`${name} is not installed; it comes with chdman`, { cause });
  }
}

/** What a run of chdman took, start-up included. */
export interface ChdmanRun {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Runs chdman to its end. */
export async function runChdman(chdman: string, args: readonly string[]): Promise<ChdmanRun> {
  const startedAtMs = performance.now();
  const child = Bun.spawn([chdman, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: MAKE_MAX_MS,
  });
  const texts = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new BenchError(`chdman ${args[0]}: ${texts.join("\n").trim()}`);
  const wallMs = performance.now() - startedAtMs;
  const usage = child.resourceUsage();
  if (usage === undefined) throw new BenchError("the system tells no CPU time of children");
  return { cpuMs: Number(usage.cpuTime.total) / 1000, wallMs };
}

/** Makes the raw input of a kind, once. */
function makeInput(folder: string, kind: Kind, sizeBytes: number): string {
  const isCd = kind === "dataCd" || kind === "musicCd";
  const path = join(folder, `${kind}.bin`);
  const sheetPath = join(folder, `${kind}.cue`);
  if (existsSync(path)) return isCd ? sheetPath : path;
  const track = kind === "musicCd" ? "AUDIO" : "MODE1/2352";
  writeFileSync(sheetPath, `FILE "${kind}.bin" BINARY\n  TRACK 01 ${track}\n    INDEX 01 00:00:00\n`);
  writeFileSync(path, makeBytes(kind, sizeBytes));
  return isCd ? sheetPath : path;
}

function makeBytes(kind: Kind, sizeBytes: number): Uint8Array {
  if (kind === "data") return makeDiscContent(sizeBytes, "data");
  if (kind === "music") return makeMusic(sizeBytes, "music");
  const frames = Math.floor(sizeBytes / DATA_BYTES);
  return kind === "musicCd"
    ? makeMusic(frames * AUDIO_BYTES, "music")
    : toSectors(makeDiscContent(frames * DATA_BYTES, "data"));
}

/** Puts content into raw sectors of mode 1, with sound parity, as a disc's image has it. */
function toSectors(content: Uint8Array): Uint8Array {
  const frames = content.length / DATA_BYTES;
  const bytes = new Uint8Array(frames * AUDIO_BYTES);
  for (let frame = 0; frame < frames; frame += 1) {
    const data = content.subarray(frame * DATA_BYTES, (frame + 1) * DATA_BYTES);
    bytes.set(mode1Sector(frame, data), frame * AUDIO_BYTES);
  }
  return bytes;
}

/** Has chdman make the file of a codec with the usual sizes; one that is there already is taken as it is. */
export async function makeChd(
  chdman: string,
  options: { readonly folder: string; readonly codec: Codec; readonly sizeBytes: number },
): Promise<ChdInput> {
  const { folder, codec, sizeBytes } = options;
  const kind = KINDS[codec];
  const path = join(folder, `${codec}.chd`);
  const input = makeInput(folder, kind, sizeBytes);
  if (!existsSync(path)) {
    const isCd = kind === "dataCd" || kind === "musicCd";
    // Hunks of DVDs by default; a unit is a sector, of sound a pair of samples.
    const shape = isCd ? [] : ["-hs", "4096", "-us", kind === "music" ? "4" : "2048"];
    const how = ["-i", input, "-o", `${path}.new`, "-f", "-c", codec, ...shape];
    await runChdman(chdman, [isCd ? "createcd" : "createraw", ...how]);
    renameSync(`${path}.new`, path);
  }
  return { codec, path, logicalBytes: await readLogicalBytes(path), storedBytes: statSync(path).size };
}

/** Logical size of a version 5 file: 8 bytes at 32, big endian. */
async function readLogicalBytes(path: string): Promise<number> {
  const head = new DataView(await Bun.file(path).slice(0, 40).arrayBuffer());
  return Number(head.getBigUint64(32));
}
