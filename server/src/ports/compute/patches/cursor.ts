import { CURSOR_BYTES } from "./limits.ts";
import { type RandomBytes, refuse } from "./patch.ts";

/** Reads a patch in order. Everything it gives ends with `damaged` where the patch ends too early. */
export interface Cursor {
  /** The place of the next byte. */
  readonly at: number;
  /** Bytes up to the end of what is read. */
  readonly left: number;
  u8(): number;
  u16le(): number;
  u16be(): number;
  u24be(): number;
  u32le(): number;
  u32be(): number;
  /** Eight bytes, least first; refused where a file can have no such place. */
  u64le(): number;
  /** A copy of the next bytes. */
  bytes(count: number): Uint8Array;
  /** The same without going on; fewer where the end is near. */
  peek(count: number): Uint8Array;
  /** Goes on without reading. */
  pass(count: number): void;
  seek(at: number): void;
}

/** Makes a cursor over a part of some bytes, all of them unless said. */
export function createCursor(from: RandomBytes, start = 0, end: number = from.sizeBytes): Cursor {
  const places = createPlaces(from, start, end);
  const { u8 } = places;
  const u16le = () => u8() | (u8() << 8);
  const u32le = () => u16le() + u16le() * 0x1_0000;
  const u16be = () => (u8() << 8) | u8();
  // Not spread, since two of its members are read anew each time.
  return Object.defineProperties(
    {
      u16le,
      u16be,
      u24be: () => (u16be() << 8) | u8(),
      u32le,
      u32be: () => u16be() * 0x1_0000 + u16be(),
      u64le() {
        const low = u32le();
        const value = u32le() * 0x1_0000_0000 + low;
        return Number.isSafeInteger(value) ? value : refuse("damaged", `names the number ${value}`);
      },
    },
    Object.getOwnPropertyDescriptors(places),
  ) as Cursor;
}

type Places = Pick<Cursor, "at" | "left" | "u8" | "bytes" | "peek" | "pass" | "seek">;

function createPlaces(from: RandomBytes, start: number, end: number): Places {
  let at = start;
  let window = new Uint8Array(0);
  let windowAt = start;
  const need = (count: number): void => {
    if (at + count > end) refuse("damaged", `ends in the middle, at ${end}`);
  };
  const load = (): void => {
    windowAt = at;
    window = new Uint8Array(Math.min(CURSOR_BYTES, end - at));
    from.readInto(at, window);
  };
  const u8 = (): number => {
    let byte = window[at - windowAt];
    if (byte === undefined) {
      need(1);
      load();
      byte = window[0] ?? 0;
    }
    at += 1;
    return byte;
  };
  const copy = (count: number): Uint8Array => {
    const start = at - windowAt;
    if (start >= 0 && start + count <= window.length) return window.slice(start, start + count);
    const bytes = new Uint8Array(count);
    from.readInto(at, bytes);
    return bytes;
  };
  const seek = (to: number): void => {
    if (to < start || to > end) refuse("damaged", `names a place outside of itself, ${to} of ${end}`);
    // Outside of the window the next byte loads another one; before it the index would be negative.
    if (to < windowAt || to > windowAt + window.length) {
      window = new Uint8Array(0);
      windowAt = to;
    }
    at = to;
  };
  return {
    get at() {
      return at;
    },
    get left() {
      return end - at;
    },
    u8,
    bytes(count) {
      need(count);
      const bytes = copy(count);
      seek(at + count);
      return bytes;
    },
    peek: (count) => copy(Math.min(count, end - at)),
    pass(count) {
      need(count);
      seek(at + count);
    },
    seek,
  };
}

/** Reads the bytes of a small file, or of its part. */
export function readPart(from: RandomBytes, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(end, from.sizeBytes) - start));
  if (bytes.length > 0) from.readInto(start, bytes);
  return bytes;
}
