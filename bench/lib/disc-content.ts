import { createRandom, type Random } from "../../scripts/library/random.ts";

/** Each part of the content is of one kind throughout. */
const PART_BYTES = 64 << 10;
const SAMPLE_RATE = 44_100;

type FillPart = (part: Uint8Array, random: Random) => void;

/** Instructions of a 32-bit processor: few operations, few registers, small operands. */
function fillCode(part: Uint8Array, random: Random): void {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const operations = Uint32Array.from({ length: 24 }, () => random.below(64) << 26);
  for (let at = 0; at < part.length; at += 4) {
    const operation = operations[Math.min(random.below(24), random.below(24))] ?? 0;
    const registers = (Math.min(random.below(32), random.below(32)) << 21) | (random.below(8) << 16);
    const operand = random.chance(70) ? random.below(16) * 4 : random.below(65_536);
    view.setUint32(at, (operation | registers | operand) >>> 0, true);
  }
}

/** Pictures of 256 pixels a row: most pixels are as the one above or the one before. */
function fillPicture(part: Uint8Array, random: Random): void {
  let colour = 0;
  for (let at = 0; at < part.length; at += 1) {
    const draw = random.below(100);
    if (draw < 55 && at >= 256) colour = part[at - 256] ?? 0;
    else if (draw < 70) colour = random.below(32);
    part[at] = colour;
  }
}

/** Words of a small vocabulary, the first of it more often. */
function fillText(part: Uint8Array, random: Random): void {
  const words = Array.from({ length: 600 }, () =>
    Array.from({ length: 2 + random.below(8) }, () => 97 + Math.min(random.below(26), random.below(26))),
  );
  for (let at = 0; at < part.length; ) {
    const word = words[Math.min(random.below(600), random.below(600), random.below(600))] ?? [];
    part.set(word.slice(0, part.length - at), at);
    at += word.length;
    if (at < part.length) part[at++] = random.chance(12) ? 10 : 32;
  }
}

/** Records of 16 bytes: a number that counts up, some flags, a small value, zeros. */
function fillTable(part: Uint8Array, random: Random): void {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  for (let at = 0; at < part.length; at += 16) {
    view.setUint32(at, at * 3, true);
    view.setUint16(at + 4, random.below(8), true);
    view.setUint16(at + 6, random.below(4096), true);
    view.setUint32(at + 8, random.chance(30) ? random.below(65_536) : 0, true);
  }
}

/** What is packed already: films, music, archives. */
const fillPacked: FillPart = (part, random) => random.fill(part);
const fillNothing: FillPart = () => undefined;

/** In 20 parts; what each kind's share of the content is. */
const KINDS: readonly (readonly [fill: FillPart, parts: number])[] = [
  [fillCode, 5],
  [fillPicture, 6],
  [fillText, 2],
  [fillTable, 2],
  [fillPacked, 4],
  [fillNothing, 1],
];
const CYCLE: readonly FillPart[] = KINDS.flatMap(([fill, parts]) =>
  Array.from({ length: parts }, () => fill),
);

/** The shares in words, for reports. */
export const CONTENT_MIX = "25 % code, 30 % pictures, 10 % text, 10 % tables, 20 % packed, 5 % zeros";

/** Makes bytes as a game's disc holds them: mixed, so that they compress to about a half. */
export function makeDiscContent(sizeBytes: number, key: string): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += PART_BYTES) {
    const part = bytes.subarray(at, at + PART_BYTES);
    const random = createRandom(`${key} ${at}`);
    const fill = CYCLE[(at / PART_BYTES) % CYCLE.length] ?? fillNothing;
    fill(part, random);
  }
  return bytes;
}

/** Makes stereo sound of 16 bits, little endian: five tones that swell and fade, with a little noise. */
export function makeMusic(sizeBytes: number, key: string): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const samples = new Int16Array(bytes.buffer, 0, sizeBytes >> 1);
  const random = createRandom(key);
  const tones = Array.from({ length: 5 }, (_, index) => ({
    step: ((2 * Math.PI) / SAMPLE_RATE) * (110 * (index + 1) + random.below(60)),
    swell: ((2 * Math.PI) / SAMPLE_RATE) * (0.1 + random.below(100) / 200),
    side: random.below(100) / 100,
  }));
  for (let frame = 0; frame * 2 < samples.length; frame += 1) {
    let left = random.below(128) - 64;
    let right = random.below(128) - 64;
    for (const { step, swell, side } of tones) {
      const value = 3000 * Math.sin(step * frame) * (1 + Math.sin(swell * frame));
      left += value * side;
      right += value * (1 - side);
    }
    samples[frame * 2] = left;
    samples[frame * 2 + 1] = right;
  }
  return bytes;
}
