import type { Chd } from "../host/chd/open.ts";
import { NativeError } from "../host/errors.ts";
import { openVector, type PlacedVector, type ReadVectorFile } from "./chd-vectors.ts";

/** Most milliseconds of work that a damaged file may take before it ends in data or an error. */
export const DAMAGED_MS_MAX = 2000;
/** Content that is read of a damaged file, in bytes: enough for each kind of hunk, however much the header claims. */
const READ_BYTES = 1 << 20;

/**
 * The milliseconds that this process worked, where the runtime tells: on a machine that does other work as well the
 * clock says little. Elsewhere the clock.
 */
export function readWorkMs(): number {
  const { process } = globalThis as { process?: { cpuUsage?: () => { user: number; system: number } } };
  const usage = process?.cpuUsage?.();
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000;
}

/** Numbers that follow from a seed. */
export type Random = (below: number) => number;

/** Creates a generator of whole numbers from 0 up to but without `below`. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

/** Bytes that hold numbers and types most often, with their values at the limits. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
/** How often the header and map region is hit instead of any byte, out of ten. */
const HEAD_HITS = 4;
const HEAD_BYTES = 200;

/** Gives a damaged copy: some bytes changed, at the head more often, sometimes cut off or doubled in part. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const damaged = bytes.slice();
  const changes = 1 + random(4);
  for (let change = 0; change < changes; change += 1) {
    const at = random(random(10) < HEAD_HITS ? Math.min(HEAD_BYTES, damaged.length) : damaged.length);
    const extreme = EXTREMES[random(EXTREMES.length * 2)];
    damaged[at] = extreme ?? (random(2) === 0 ? random(256) : (damaged[at] ?? 0) ^ (1 << random(8)));
  }
  const kind = random(20);
  if (kind === 0) return damaged.subarray(0, random(damaged.length + 1));
  if (kind === 1) damaged.copyWithin(random(damaged.length), random(damaged.length), damaged.length);
  return damaged;
}

async function readStart(chd: Chd): Promise<void> {
  const { hunkBytes, hunkCount, logicalBytes } = chd.header;
  if (logicalBytes <= READ_BYTES) {
    await chd.verify();
    return;
  }
  const hunks = Math.min(hunkCount, Math.max(1, Math.floor(READ_BYTES / hunkBytes)));
  for (let hunkIndex = 0; hunkIndex < hunks; hunkIndex += 1) await readHunk(chd, hunkIndex);
}

/** Reads a hunk; that it is damaged is an answer like any other. */
async function readHunk(chd: Chd, hunkIndex: number): Promise<void> {
  try {
    await chd.readHunk(hunkIndex);
  } catch (error) {
    if (!(error instanceof NativeError) || error.code === "NATIVE_INTERNAL") throw error;
  }
}

async function readTracks(chd: Chd): Promise<void> {
  for (const track of chd.tracks) {
    if (track.frameCount > 0) await chd.readSectors(track.number, track.frameCount - 1, 1);
  }
}

/** Reads of an open file whatever its damage can reach: the content or its start, and the end of each track. */
export async function readDamaged(chd: Chd): Promise<void> {
  await readStart(chd);
  await readTracks(chd);
}

/** Opens and reads; gives what went wrong and how long it took. */
async function tryDamaged(
  placed: PlacedVector,
  bytes: Uint8Array,
  readFile: ReadVectorFile,
): Promise<{ readonly problem: string | null; readonly tookMs: number }> {
  const startedAtMs = readWorkMs();
  let problem: string | null = null;
  try {
    await readDamaged(await openVector(placed, readFile, bytes));
  } catch (error) {
    if (!(error instanceof NativeError)) problem = `threw ${String(error)}`;
    else if (error.code === "NATIVE_INTERNAL") problem = `trapped: ${String(error.cause)}`;
  }
  return { problem, tookMs: readWorkMs() - startedAtMs };
}

/**
 * Opens and reads damaged bytes.
 * @returns What went wrong: a trap, an error that is none of ours, or too much time. Null: as it should be.
 */
export async function checkDamaged(
  placed: PlacedVector,
  bytes: Uint8Array,
  readFile: ReadVectorFile,
): Promise<string | null> {
  const { problem, tookMs } = await tryDamaged(placed, bytes, readFile);
  if (problem !== null || tookMs <= DAMAGED_MS_MAX) return problem;
  // Once more, because the machine may have had other things to do.
  const again = await tryDamaged(placed, bytes, readFile);
  return again.tookMs > DAMAGED_MS_MAX ? `took ${Math.round(tookMs)} ms` : again.problem;
}

/** Lengths at which a file is cut: around each place where something begins or ends. */
export function listCuts(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isVersion5 = view.getUint32(12) === 5;
  const places = [0, 8, 12, 16, view.getUint32(8), view.getUint32(isVersion5 ? 44 : 40), bytes.length];
  // Version 5: around the map's head and in its bits; the metadata; and evenly over the blobs.
  if (isVersion5) places.push(view.getUint32(52), view.getUint32(44) + 16, view.getUint32(44) + 24);
  for (let part = 1; part < 24; part += 1) places.push(Math.floor((bytes.length * part) / 24));
  const around = places.flatMap((place) => [place - 1, place, place + 1]);
  return [...new Set(around)].filter((length) => length >= 0 && length < bytes.length);
}
