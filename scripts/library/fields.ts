/** Writes values modulo 256 and leaves out those beyond the end. */
export function writeBytes(to: Uint8Array, offset: number, values: ArrayLike<number>): void {
  const count = Math.min(values.length, to.length - offset);
  for (let index = 0; index < count; index += 1) to[offset + index] = values[index] ?? 0;
}

/** Gives ASCII cut or padded to `widthBytes`, with spaces unless told. */
export function toField(text: string, widthBytes: number, pad = 0x20): Uint8Array {
  const field = new Uint8Array(widthBytes).fill(pad);
  field.set(new TextEncoder().encode(text).subarray(0, widthBytes));
  return field;
}

/** Writes 16 bits, little-endian. */
export function writeU16(to: Uint8Array, offset: number, value: number): void {
  writeBytes(to, offset, [value, value >>> 8]);
}

/** Writes 32 bits, little-endian. */
export function writeU32(to: Uint8Array, offset: number, value: number): void {
  writeBytes(to, offset, [value, value >>> 8, value >>> 16, value >>> 24]);
}

/** A pattern of our own where real cartridges carry their maker's logo. */
export function createMark(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).map((_, index) => (index * 0x3d) ^ (index >>> 2) ^ 0x5a);
}

/** Adds up the bytes from `from` to before `to`; bytes beyond the end count as 0. */
export function sumHeader(bytes: Uint8Array, from: number, to: number): number {
  return bytes.subarray(from, to).reduce((sum, value) => sum + value, 0);
}

/** CRC-16 with polynomial 8005h reflected and start FFFFh, as the handheld's header uses it. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const value of bytes) {
    crc ^= value;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
