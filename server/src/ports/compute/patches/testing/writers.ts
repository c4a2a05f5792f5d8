/**
 * Small makers of patches, written from the public descriptions of the formats and sharing nothing with what reads
 * them. They find changes byte by byte, and are made to be right rather than to make small patches.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

type Bytes = Uint8Array;

const u8 = (value: number) => Buffer.of(value & 0xff);
const be = (value: number, bytes: number) => Buffer.from(value.toString(16).padStart(bytes * 2, "0"), "hex");
const le = (value: number, bytes: number) => Buffer.from(be(value, bytes).reverse());
const text = (value: string) => Buffer.from(value, "latin1");

/** A stretch of the target that differs from the source, which counts as zeros behind its end. */
interface Change {
  readonly at: number;
  readonly bytes: Bytes;
}

function findChanges(source: Bytes, target: Bytes, longest: number): readonly Change[] {
  const changes: Change[] = [];
  const differs = (at: number) => at < target.length && (at >= source.length || target[at] !== source[at]);
  for (let at = 0; at < target.length; at += 1) {
    if (!differs(at)) continue;
    let end = at;
    while (differs(end) && end - at < longest) end += 1;
    changes.push({ at, bytes: target.subarray(at, end) });
    at = end - 1;
  }
  return changes;
}

export interface IpsOptions {
  readonly is32?: boolean | undefined;
  readonly cutBytes?: number | undefined;
  readonly note?: string | undefined;
}

export function writeIps(
  source: Bytes,
  target: Bytes,
  { is32 = false, cutBytes, note }: IpsOptions = {},
): Bytes {
  const width = is32 ? 4 : 3;
  const records = findChanges(source, target, 0xffff).map(({ at, bytes }) => {
    const isRun = bytes.length > 8 && bytes.every((byte) => byte === bytes[0]);
    if (isRun) return Buffer.concat([be(at, width), be(0, 2), be(bytes.length, 2), u8(bytes[0] ?? 0)]);
    return Buffer.concat([be(at, width), be(bytes.length, 2), bytes]);
  });
  const cut = cutBytes ?? (target.length < source.length ? target.length : undefined);
  return Buffer.concat([
    text(is32 ? "IPS32" : "PATCH"),
    ...records,
    text(is32 ? "EEOF" : "EOF"),
    cut === undefined ? text("") : be(cut, width),
    text(note ?? ""),
  ]);
}

/** The numbers of BPS and UPS. */
export function byuuNumber(value: number): Bytes {
  const bytes: number[] = [];
  for (let left = value; ; left -= 1) {
    const low = left % 128;
    left = Math.floor(left / 128);
    if (left === 0) return Buffer.from([...bytes, 0x80 | low]);
    bytes.push(low);
  }
}

/** One instruction of a BPS patch. */
export type BpsStep =
  | { readonly kind: "sourceRead"; readonly count: number }
  | { readonly kind: "targetRead"; readonly bytes: Bytes }
  | { readonly kind: "sourceCopy" | "targetCopy"; readonly count: number; readonly move: number };

export function writeBps(source: Bytes, target: Bytes, steps: readonly BpsStep[]): Bytes {
  const note = "<about/>";
  const kinds = ["sourceRead", "targetRead", "sourceCopy", "targetCopy"];
  const actions = steps.map((step) => {
    const count = step.kind === "targetRead" ? step.bytes.length : step.count;
    const head = byuuNumber((count - 1) * 4 + kinds.indexOf(step.kind));
    if (step.kind === "targetRead") return Buffer.concat([head, step.bytes]);
    if (step.kind === "sourceRead") return head;
    return Buffer.concat([head, byuuNumber(Math.abs(step.move) * 2 + (step.move < 0 ? 1 : 0))]);
  });
  const body = Buffer.concat([
    text("BPS1"),
    byuuNumber(source.length),
    byuuNumber(target.length),
    byuuNumber(note.length),
    text(note),
    ...actions,
    le(crc32(source), 4),
    le(crc32(target), 4),
  ]);
  return Buffer.concat([body, le(crc32(body), 4)]);
}

/** Steps for two files that differ in places. */
export function toBpsSteps(source: Bytes, target: Bytes): readonly BpsStep[] {
  const steps: BpsStep[] = [];
  let done = 0;
  const keep = (count: number) => {
    if (count > 0) steps.push({ kind: "sourceRead", count });
  };
  for (const { at, bytes } of findChanges(source, target, 5000)) {
    keep(at - done);
    steps.push({ kind: "targetRead", bytes });
    done = at + bytes.length;
  }
  keep(target.length - done);
  return steps;
}

export function writeUps(source: Bytes, target: Bytes): Bytes {
  const parts: Bytes[] = [text("UPS1"), byuuNumber(source.length), byuuNumber(target.length)];
  const xorAt = (at: number) => (source[at] ?? 0) ^ (target[at] ?? 0);
  const length = Math.max(source.length, target.length);
  let last = 0;
  for (let at = 0; at < length; at += 1) {
    if (xorAt(at) === 0) continue;
    const start = at;
    while (at < length && xorAt(at) !== 0) at += 1;
    parts.push(
      byuuNumber(start - last),
      Uint8Array.from({ length: at - start }, (_, index) => xorAt(start + index)),
      u8(0),
    );
    last = at + 1;
  }
  parts.push(le(crc32(source), 4), le(crc32(target), 4));
  const body = Buffer.concat(parts);
  return Buffer.concat([body, le(crc32(body), 4)]);
}

export interface PpfOptions {
  readonly version: 1 | 2 | 3;
  readonly hasBlock?: boolean | undefined;
  readonly hasUndo?: boolean | undefined;
  readonly isGi?: boolean | undefined;
  readonly note?: string | undefined;
}

export function writePpf(source: Bytes, target: Bytes, options: PpfOptions): Bytes {
  const { version, hasBlock = false, hasUndo = false, isGi = false, note } = options;
  const blockAt = isGi ? 0x80a0 : 0x9320;
  const block = source.subarray(blockAt, blockAt + 1024);
  const head: Bytes[] = [text(`PPF${version}0`), u8(version - 1), text("a description".padEnd(50))];
  if (version === 2) head.push(le(source.length, 4), block);
  if (version === 3) head.push(u8(isGi ? 1 : 0), u8(hasBlock ? 1 : 0), u8(hasUndo ? 1 : 0), u8(0));
  if (version === 3 && hasBlock) head.push(block);
  const records = findChanges(source, target, 255).flatMap(({ at, bytes }) => [
    le(at, version === 3 ? 8 : 4),
    u8(bytes.length),
    bytes,
    hasUndo ? source.subarray(at, at + bytes.length) : text(""),
  ]);
  const notes =
    note === undefined
      ? []
      : [text(`@BEGIN_FILE_ID.DIZ${note}@END_FILE_ID.DIZ`), le(note.length, version === 3 ? 2 : 4)];
  return Buffer.concat([...head, ...records, ...notes]);
}

/** A number of RUP: how many bytes it has, then those. */
function rupNumber(value: number): Bytes {
  const bytes: number[] = [];
  for (let left = value; left > 0; left = Math.floor(left / 256)) bytes.push(left % 256);
  return Buffer.from([bytes.length, ...bytes]);
}

export function writeRup(source: Bytes, target: Bytes): Bytes {
  const md5 = (bytes: Bytes) => createHash("md5").update(bytes).digest();
  const both = Math.min(source.length, target.length);
  const longer = source.length > target.length ? source : target;
  const overflow =
    source.length === target.length
      ? []
      : [
          text(source.length > target.length ? "M" : "A"),
          rupNumber(longer.length - both),
          longer.subarray(both).map((byte) => byte ^ 0xff),
        ];
  const changes = findChanges(source.subarray(0, both), target.subarray(0, both), 1000).flatMap(
    ({ at, bytes }) => [
      u8(2),
      rupNumber(at),
      rupNumber(bytes.length),
      bytes.map((byte, index) => byte ^ (source[at + index] ?? 0)),
    ],
  );
  return Buffer.concat([
    text("NINJA2"),
    Buffer.alloc(2042),
    u8(1),
    rupNumber(0),
    u8(0),
    rupNumber(source.length),
    rupNumber(target.length),
    md5(source),
    md5(target),
    ...overflow,
    ...changes,
    u8(0),
  ]);
}

export interface ApsOptions {
  /** The first 64 bytes of the rom in the order that people read; absent writes a simple patch. */
  readonly header?: Bytes | undefined;
  readonly isV64?: boolean | undefined;
}

export function writeApsN64(source: Bytes, target: Bytes, { header, isV64 = false }: ApsOptions = {}): Bytes {
  const about =
    header === undefined
      ? []
      : [u8(isV64 ? 0 : 1), header.subarray(0x3c, 0x3f), header.subarray(0x10, 0x18), Buffer.alloc(5)];
  const records = findChanges(source, target, 255).map(({ at, bytes }) => {
    const isRun = bytes.length > 4 && bytes.every((byte) => byte === bytes[0]);
    if (isRun) return Buffer.concat([le(at, 4), u8(0), u8(bytes[0] ?? 0), u8(bytes.length)]);
    return Buffer.concat([le(at, 4), u8(bytes.length), bytes]);
  });
  const kind = u8(header === undefined ? 0 : 1);
  return Buffer.concat([
    text("APS10"),
    kind,
    u8(0),
    text(" ".repeat(50)),
    ...about,
    le(target.length, 4),
    ...records,
  ]);
}

/** CRC-16 bit by bit: polynomial 0x1021 from 0xFFFF on. */
function crc16(bytes: Bytes): number {
  let crc = 0xffff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit -= 1) {
      const top = ((crc >> 15) & 1) ^ ((byte >> bit) & 1);
      crc = ((crc << 1) & 0xffff) ^ (top === 1 ? 0x1021 : 0);
    }
  return crc;
}

export function writeApsGba(source: Bytes, target: Bytes): Bytes {
  const blockAt = (bytes: Bytes, at: number) => {
    const block = Buffer.alloc(0x10000);
    block.set(bytes.subarray(at, at + 0x10000));
    return block;
  };
  const parts: Bytes[] = [text("APS1"), le(source.length, 4), le(target.length, 4)];
  for (let at = 0; at < Math.max(source.length, target.length); at += 0x10000) {
    const [before, after] = [blockAt(source, at), blockAt(target, at)];
    if (before.equals(after)) continue;
    parts.push(
      le(at, 4),
      le(crc16(before), 2),
      le(crc16(after), 2),
      before.map((byte, index) => byte ^ (after[index] ?? 0)),
    );
  }
  return Buffer.concat(parts);
}

export function writePmsr(records: readonly Change[]): Bytes {
  const parts = records.flatMap(({ at, bytes }) => [be(at, 4), be(bytes.length, 4), bytes]);
  return Buffer.concat([text("PMSR"), be(records.length, 4), ...parts]);
}

/** One instruction of a BSDIFF patch: add to so many bytes of the source, take so many new ones, go on elsewhere. */
export type BsdiffStep = readonly [add: number, copy: number, seek: number];

function signed(value: number): Bytes {
  const bytes = le(Math.abs(value), 8);
  if (value < 0) bytes[7] = (bytes[7] ?? 0) | 0x80;
  return bytes;
}

export function writeBsdiff(
  source: Bytes,
  target: Bytes,
  { steps, pack }: { readonly steps: readonly BsdiffStep[]; readonly pack: (bytes: Bytes) => Bytes },
): Bytes {
  const differences: number[] = [];
  const added: number[] = [];
  let [from, to] = [0, 0];
  for (const [add, copy, seek] of steps) {
    for (let index = 0; index < add; index += 1)
      differences.push((target[to + index] ?? 0) - (source[from + index] ?? 0));
    added.push(...target.subarray(to + add, to + add + copy));
    to += add + copy;
    from += add + seek;
  }
  const control = pack(Buffer.concat(steps.flat().map(signed)));
  const packed = pack(Uint8Array.from(differences));
  const sizes = [control.length, packed.length, target.length].map(signed);
  return Buffer.concat([text("BSDIFF40"), ...sizes, control, packed, pack(Uint8Array.from(added))]);
}

/** The numbers of VCDIFF. */
export function vcdiffNumber(value: number): Bytes {
  const bytes = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift(0x80 | (left % 128));
  return Buffer.from(bytes);
}

export interface VcdiffWindow {
  /** Of the source, or of the target with `isTarget`. */
  readonly segment?:
    | { readonly at: number; readonly sizeBytes: number; readonly isTarget?: boolean }
    | undefined;
  readonly windowBytes: number;
  readonly data: Bytes;
  readonly instructions: Bytes;
  readonly addresses: Bytes;
  /** What the window makes, for its checksum. */
  readonly checked?: Bytes | undefined;
}

function adler32(bytes: Bytes): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

export function writeVcdiff(windows: readonly VcdiffWindow[], header: Bytes = u8(0)): Bytes {
  const parts = windows.map(({ segment, windowBytes, data, instructions, addresses, checked }) => {
    const flags = (segment === undefined ? 0 : segment.isTarget ? 2 : 1) | (checked === undefined ? 0 : 4);
    const delta = Buffer.concat([
      vcdiffNumber(windowBytes),
      u8(0),
      vcdiffNumber(data.length),
      vcdiffNumber(instructions.length),
      vcdiffNumber(addresses.length),
      checked === undefined ? text("") : be(adler32(checked), 4),
      data,
      instructions,
      addresses,
    ]);
    const place =
      segment === undefined
        ? text("")
        : Buffer.concat([vcdiffNumber(segment.sizeBytes), vcdiffNumber(segment.at)]);
    return Buffer.concat([u8(flags), place, vcdiffNumber(delta.length), delta]);
  });
  return Buffer.concat([Buffer.from([0xd6, 0xc3, 0xc4, 0]), header, ...parts]);
}
