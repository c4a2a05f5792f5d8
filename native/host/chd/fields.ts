/** Reads numbers, texts and digests at byte offsets; numbers are big-endian. */
export interface Fields {
  u32(at: number): number;
  /** A 64-bit number; inexact above 2^53, where it is only compared with limits far below. */
  u64(at: number): number;
  /** `length` bytes as characters of the same number. */
  text(at: number, length: number): string;
  /** A digest as hex; null when all its bytes are zero, which means that there is none. */
  digest(at: number, length: number): string | null;
}

/** Gives the fields of a structure that lies in `bytes`. */
export function readFields(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (at: number, length: number) =>
    Array.from({ length }, (_, index) => view.getUint8(at + index));
  return {
    u32: (at) => view.getUint32(at),
    u64: (at) => view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4),
    text: (at, length) => String.fromCharCode(...each(at, length)),
    digest(at, length) {
      const values = each(at, length);
      if (values.every((value) => value === 0)) return null;
      return formatHex(values);
    },
  };
}

/** Writes bytes as lower-case hex. */
export function formatHex(bytes: Iterable<number>): string {
  return Array.from(bytes, (value) => value.toString(16).padStart(2, "0")).join("");
}
