import { ascii, join, le16, le32 } from "./ra/bytes.ts";

const WIDTH = 32;
const HEIGHT = 16;
const FRAMES = 4;
/** Frames a second as a fraction, those of NTSC. */
const [RATE, SCALE] = [30_000, 1001] as const;
const SAMPLE_RATE = 48_000;
/** Two channels of 16 bits. */
const SAMPLE_BYTES = 4;
const SAMPLES = Math.ceil((SAMPLE_RATE * SCALE) / RATE);
const PICTURE_BYTES = WIDTH * HEIGHT * 2;

const words = (...values: readonly number[]): number[] => values.flatMap(le32);

function chunk(id: string, ...body: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const bytes = join(...body);
  return join(ascii(id), le32(bytes.length), bytes);
}

const list = (type: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  chunk("LIST", ascii(type), ...parts);

const pattern = (length: number, step: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => index * step);

function headers(): Uint8Array {
  const main = words(33_367, 0, 0, 0x10, FRAMES, 0, 2, PICTURE_BYTES, WIDTH, HEIGHT, 0, 0, 0, 0);
  const rectangle = [...le16(0), ...le16(0), ...le16(WIDTH), ...le16(HEIGHT)];
  const film = words(0, 0, 0, SCALE, RATE, 0, FRAMES, PICTURE_BYTES, 0xffffffff, 0);
  const picture = [...words(40, WIDTH, HEIGHT), ...le16(1), ...le16(16)];
  const soundBytes = SAMPLES * SAMPLE_BYTES * FRAMES;
  const byteRate = SAMPLE_RATE * SAMPLE_BYTES;
  const sound = words(0, 0, 0, SAMPLE_BYTES, byteRate, 0, SAMPLES * FRAMES, soundBytes, 0xffffffff, 4, 0, 0);
  const wave = [...le16(1), ...le16(2), ...words(SAMPLE_RATE, byteRate), ...le16(SAMPLE_BYTES), ...le16(16)];
  return list(
    "hdrl",
    chunk("avih", main),
    list(
      "strl",
      chunk("strh", ascii("vids"), ascii("YUY2"), film, rectangle),
      chunk("strf", picture, ascii("YUY2"), words(PICTURE_BYTES, 0, 0, 0, 0)),
    ),
    list("strl", chunk("strh", ascii("auds"), words(0), sound), chunk("strf", wave)),
  );
}

/** Gives the smallest film that a laserdisc image can be made of: four pictures with sound, nothing packed. */
export function createAvi(): Uint8Array {
  const parts: Uint8Array[] = [];
  const index: number[] = [];
  let offset = 4;
  const add = (id: string, body: Uint8Array) => {
    index.push(...ascii(id), ...words(0x10, offset, body.length));
    parts.push(chunk(id, body));
    offset += 8 + body.length;
  };
  for (let frame = 0; frame < FRAMES; frame += 1) {
    add("00dc", pattern(PICTURE_BYTES, 7));
    add("01wb", pattern(SAMPLES * SAMPLE_BYTES, 3));
  }
  return chunk("RIFF", ascii("AVI "), headers(), list("movi", ...parts), chunk("idx1", index));
}
