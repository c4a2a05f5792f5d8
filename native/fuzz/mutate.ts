import type { Random } from "../vectors/damage.ts";

const EXTREME_BYTES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const EXTREME_WORDS = [0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff];
const CHANGES_MAX = 6;
/** Longest part that is put in, taken out or copied, in bytes. */
const PART_BYTES_MAX = 64;

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const pick = <T>(list: readonly T[], random: Random): T => list[random(list.length)] as T;

function changeByte(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  bytes[at] = random(2) === 0 ? pick(EXTREME_BYTES, random) : random(256);
  return bytes;
}

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
  return bytes;
}

function addToByte(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  bytes[at] = (bytes[at] ?? 0) + random(33) - 16;
  return bytes;
}

function changeWord(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < 4) return changeByte(bytes, random);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(random(bytes.length - 3), pick(EXTREME_WORDS, random), random(2) === 0);
  return bytes;
}

/** Replaces `removed` bytes at a place by others. */
function splice(
  bytes: Uint8Array,
  place: { readonly at: number; readonly removed: number },
  put: Uint8Array,
): Uint8Array {
  const { at, removed } = place;
  const result = new Uint8Array(bytes.length - removed + put.length);
  result.set(bytes.subarray(0, at));
  result.set(put, at);
  result.set(bytes.subarray(at + removed), at + put.length);
  return result;
}

function takeOut(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  const removed = Math.min(bytes.length - at, 1 + random(PART_BYTES_MAX));
  return splice(bytes, { at, removed }, new Uint8Array(0));
}

function putIn(bytes: Uint8Array, random: Random): Uint8Array {
  const put = new Uint8Array(1 + random(PART_BYTES_MAX));
  if (random(2) === 0) put.fill(pick(EXTREME_BYTES, random));
  else for (let at = 0; at < put.length; at += 1) put[at] = random(256);
  return splice(bytes, { at: random(bytes.length + 1), removed: 0 }, put);
}

function copyPart(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random(bytes.length);
  bytes.copyWithin(random(bytes.length), from, from + 1 + random(PART_BYTES_MAX));
  return bytes;
}

function crossOver(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (other.length === 0) return bytes;
  const at = random(bytes.length);
  return splice(bytes, { at, removed: bytes.length - at }, other.subarray(random(other.length)));
}

const cutOff: Mutation = (bytes, random) => bytes.subarray(0, random(bytes.length + 1));

const MUTATIONS: readonly Mutation[] = [
  ...[changeByte, changeByte, flipBit, flipBit, flipBit, addToByte, changeWord],
  ...[takeOut, putIn, copyPart, crossOver, cutOff],
];

/** Gives a changed copy of an input; `other` is another input that it may go on as. */
export function mutate(
  input: Uint8Array,
  options: { readonly random: Random; readonly other: Uint8Array; readonly bytesMax: number },
): Uint8Array {
  const { random, other, bytesMax } = options;
  let bytes: Uint8Array = input.slice();
  for (let changes = 1 + random(CHANGES_MAX); changes > 0; changes -= 1) {
    if (bytes.length === 0) bytes = new Uint8Array([random(256)]);
    bytes = pick(MUTATIONS, random)(bytes, random, other);
  }
  return bytes.slice(0, bytesMax);
}
