/** Bytes, or a list of their values. */
export type BytesLike = Uint8Array | readonly number[];

/** Gives the low byte of each character. */
export const ascii = (text: string): Uint8Array =>
  Uint8Array.from([...text], (character) => character.charCodeAt(0) & 255);

/** Joins parts. */
export function join(...parts: readonly BytesLike[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Gives bytes of one value. */
export const filled = (length: number, value = 0): Uint8Array => new Uint8Array(length).fill(value);

/** Writes into bytes and gives them back. */
export function put(target: Uint8Array, at: number, source: BytesLike | string): Uint8Array {
  target.set(typeof source === "string" ? ascii(source) : source, at);
  return target;
}

export const le16 = (value: number): number[] => [value & 255, (value >>> 8) & 255];
export const le32 = (value: number): number[] => [...le16(value), ...le16(value >>> 16)];
export const be16 = (value: number): number[] => le16(value).reverse();
export const be24 = (value: number): number[] => [(value >>> 16) & 255, ...be16(value)];
export const be32 = (value: number): number[] => le32(value).reverse();
export const be64 = (value: number): number[] => [...be32(Math.floor(value / 2 ** 32)), ...be32(value >>> 0)];
export const le64 = (value: number): number[] => be64(value).reverse();

/** Fills up to a multiple. */
export function padTo(bytes: Uint8Array, multiple: number): Uint8Array {
  const over = bytes.length % multiple;
  return over === 0 ? bytes : join(bytes, filled(multiple - over));
}

/** Gives a copy with each whole group of so many bytes turned round. */
export function swapped(bytes: Uint8Array, groupBytes: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at + groupBytes <= out.length; at += groupBytes)
    out.subarray(at, at + groupBytes).reverse();
  return out;
}
