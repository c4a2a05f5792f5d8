const BLOCK_BYTES = 64;
/** Shifts of the four rounds, each repeated four times. */
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** Constants of the 64 steps: the fractions of sines. */
const SINES: Int32Array = Int32Array.from({ length: 64 }, (_, step) =>
  Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32),
);

/**
 * Gives the MD5 of some bytes as lower-case hex. Browsers have none of their own, and the protocol compares by it.
 * @source https://www.rfc-editor.org/rfc/rfc1321
 */
export function md5(bytes: Uint8Array): string {
  const words = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  const wholeBytes = bytes.length - (bytes.length % BLOCK_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < wholeBytes; at += BLOCK_BYTES) mix(words, view, at);
  const rest = bytes.subarray(wholeBytes);
  const end = new Uint8Array(rest.length < 56 ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  end.set(rest);
  end[rest.length] = 0x80;
  const endView = new DataView(end.buffer);
  const bits = bytes.length * 8;
  endView.setUint32(end.length - 8, bits >>> 0, true);
  endView.setUint32(end.length - 4, Math.floor(bits / 2 ** 32), true);
  for (let at = 0; at < end.length; at += BLOCK_BYTES) mix(words, endView, at);
  return toHex(words);
}

function mix(words: Int32Array, view: DataView, at: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = words;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    let mixed: number;
    let index: number;
    if (round === 0) {
      mixed = (b & c) | (~b & d);
      index = step;
    } else if (round === 1) {
      mixed = (b & d) | (c & ~d);
      index = (5 * step + 1) & 15;
    } else if (round === 2) {
      mixed = b ^ c ^ d;
      index = (3 * step + 5) & 15;
    } else {
      mixed = c ^ (b | ~d);
      index = (7 * step) & 15;
    }
    const sum = (a + mixed + (SINES[step] ?? 0) + view.getInt32(at + index * 4, true)) | 0;
    const shift = SHIFTS[round * 4 + (step & 3)] ?? 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  words[0] = (words[0] ?? 0) + a;
  words[1] = (words[1] ?? 0) + b;
  words[2] = (words[2] ?? 0) + c;
  words[3] = (words[3] ?? 0) + d;
}

function toHex(words: Int32Array): string {
  const view = new DataView(new ArrayBuffer(16));
  words.forEach((word, index) => {
    view.setInt32(index * 4, word, true);
  });
  return Array.from({ length: 16 }, (_, at) => view.getUint8(at).toString(16).padStart(2, "0")).join("");
}
