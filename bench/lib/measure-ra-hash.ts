import { openChdDisc } from "../../native/host/disc-chd.ts";
import { createHasher } from "../../native/host/hash.ts";
import { openFileSource } from "../../native/host/node-file.ts";
import { hashRetroAchievements, type Md5 } from "../../native/host/rahash/rahash.ts";
import { BenchError } from "./bench-error.ts";
import type { RaImage } from "./ra-images.ts";
import { type Summary, summarize } from "./statistics.ts";

/** Milliseconds of CPU. */
export interface RaFigures {
  readonly name: string;
  readonly bytes: number;
  readonly ours: Summary;
  /** Reading the same sectors from the same CHD into the same MD5. */
  readonly reading: Summary;
  /** Ours as a multiple of reading. */
  readonly ratio: number;
}

const DATA_BYTES = 2048;
/** 1 MiB, as the rules read. */
const READ_SECTORS = 512;

function createMd5(): Md5 {
  const hasher = createHasher(["md5"]);
  return { update: (bytes) => hasher.update(bytes), digestHex: () => hasher.digest().md5 };
}

async function hashDisc({ name, path, consoleId }: RaImage): Promise<void> {
  const source = await openFileSource(path);
  const openChd = (input: typeof source) => openChdDisc(input);
  const result = await hashRetroAchievements(source, consoleId, { createMd5, openChd });
  await source.close?.();
  if (result.raHash === null) throw new BenchError(`${name}: no hash, ${result.message}`);
}

async function readDisc({ name, path, firstSector, sectors }: RaImage): Promise<void> {
  const source = await openFileSource(path);
  const disc = await openChdDisc(source);
  const [track] = disc.tracks;
  const md5 = createMd5();
  let bytes = 0;
  for (let done = 0; done < sectors; done += READ_SECTORS) {
    const count = Math.min(READ_SECTORS, sectors - done);
    const piece = await track?.readSectors(firstSector + done, count);
    md5.update(piece ?? new Uint8Array(0));
    bytes += piece?.length ?? 0;
  }
  md5.digestHex();
  await disc.close();
  await source.close?.();
  if (bytes !== sectors * DATA_BYTES) throw new BenchError(`${name}: ${bytes} bytes read`);
}

/** Hashes a disc and reads what the hash covers, in turn. */
export async function measureRaHash(image: RaImage, rounds: number): Promise<RaFigures> {
  const ours: number[] = [];
  const reading: number[] = [];
  // One round more than counts, in which the code is compiled.
  for (let round = 0; round <= rounds; round += 1) {
    const [own, plain] = [await measureCpu(() => hashDisc(image)), await measureCpu(() => readDisc(image))];
    if (round === 0) continue;
    ours.push(own);
    reading.push(plain);
  }
  const [own, plain] = [summarize(ours), summarize(reading)];
  const { name, sectors } = image;
  return { name, bytes: sectors * DATA_BYTES, ours: own, reading: plain, ratio: own.median / plain.median };
}

/** CPU of all threads of this process, which does nothing else meanwhile. */
async function measureCpu(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
