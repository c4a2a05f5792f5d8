import { createTarget } from "../guarded-target.ts";
import { type ApplyPatch, PatchRefusal, type RandomBytes, type SourceCheck } from "../patch.ts";

/** Most bytes of a target in tests. */
export const TARGET_MAX = 8 * 1024 * 1024;

/** What became of a patch: the made bytes, or why there are none. */
export interface Outcome {
  readonly check: SourceCheck | null;
  readonly bytes: Uint8Array;
  /** Reason and message of a refusal; null for none. */
  readonly refusal: string | null;
}

/** Bytes in memory that refuse to be read where there are none, so that a test sees it. */
export function memoryBytes(bytes: Uint8Array): RandomBytes {
  return {
    sizeBytes: bytes.length,
    readInto(start, into) {
      if (start < 0 || start + into.length > bytes.length)
        throw new RangeError(`${into.length} bytes at ${start} of ${bytes.length}`);
      into.set(bytes.subarray(start, start + into.length));
    },
  };
}

/** Applies a patch to a source. Whatever is thrown beside a refusal goes through. */
type Apply = (apply: ApplyPatch, source: Uint8Array, patch: Uint8Array) => Promise<Outcome>;

/** Applies patches in memory, with `TARGET_MAX`. */
export const applyInMemory: Apply = applyWithin(TARGET_MAX);

/** Applies patches in memory, whose targets may have so many bytes. */
export function applyWithin(targetBytesMax: number = TARGET_MAX): Apply {
  return (apply, source, patch) => run(apply, { source, patch, targetBytesMax });
}

interface Run {
  readonly source: Uint8Array;
  readonly patch: Uint8Array;
  readonly targetBytesMax: number;
}

async function run(apply: ApplyPatch, { source, patch, targetBytesMax }: Run): Promise<Outcome> {
  let store = new Uint8Array(0);
  const grow = (sizeBytes: number): void => {
    if (sizeBytes <= store.length) return;
    const larger = new Uint8Array(Math.max(sizeBytes, store.length * 2));
    larger.set(store);
    store = larger;
  };
  const target = createTarget(
    {
      write(start, bytes) {
        grow(start + bytes.length);
        store.set(bytes, start);
      },
      readInto: (start, into) => into.set(store.subarray(start, start + into.length)),
      resize(sizeBytes) {
        grow(sizeBytes);
        store.fill(0, sizeBytes);
      },
    },
    targetBytesMax,
  );
  try {
    const job = {
      source: memoryBytes(source),
      patch: memoryBytes(patch),
      target,
      targetBytesMax,
      work: () => undefined,
    };
    const check = await apply(job);
    return { check, bytes: store.slice(0, target.sizeBytes), refusal: null };
  } catch (error) {
    if (!(error instanceof PatchRefusal)) throw error;
    return { check: null, bytes: new Uint8Array(0), refusal: `${error.reason}: ${error.message}` };
  }
}

/** Bytes of hex with spaces and line breaks. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

/** Bytes of characters, one each. */
export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** A source of numbers that gives the same ones for the same seed: below one. */
export function createDice(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}

/** Bytes of noise, the same for the same seed. */
export function noise(sizeBytes: number, seed = 1): Uint8Array {
  const dice = createDice(seed * 2_654_435_761);
  return Uint8Array.from({ length: sizeBytes }, () => Math.floor(dice() * 256));
}

/** A pair of files to make patches for: changed in places, and of another length. */
export function makePair(
  sourceBytes: number,
  targetBytes: number,
  seed = 1,
): readonly [Uint8Array, Uint8Array] {
  const source = noise(sourceBytes, seed);
  const target = new Uint8Array(targetBytes);
  target.set(source.subarray(0, Math.min(sourceBytes, targetBytes)));
  if (targetBytes > sourceBytes) target.set(noise(targetBytes - sourceBytes, seed + 1), sourceBytes);
  const dice = createDice(seed + 77);
  for (let change = 0; change < 12; change += 1) {
    const at = Math.floor(dice() * targetBytes);
    target.fill(Math.floor(dice() * 256), at, at + Math.floor(dice() * 200));
  }
  return [source, target];
}
