import { createCipheriv } from "node:crypto";
import { ascii, be16, be32, be64, filled, join, le16, le32, le64, padTo, put } from "./bytes.ts";
import type { Random } from "./random.ts";

/** How an executable is encrypted. */
export interface NcchOptions {
  /** `fixed` is a key of zeros; `keyed` leaves the content as it is and only says so. */
  readonly crypto?: "none" | "fixed" | "keyed" | undefined;
  readonly version?: number | undefined;
}

const UNIT_BYTES = 0x200;
const EXEFS_UNIT = 4;
const EXEFS_UNITS = 9;
const FILES = [
  [".code", 0, 0x7a5],
  ["banner", 0x800, 0x3f0],
  ["icon", 0xc00, 0x210],
] as const;

/** Gives an executable with code, banner and icon. */
export function createNcch(random: Random, options: NcchOptions = {}): Uint8Array {
  const { crypto = "none", version = 2 } = options;
  const header = random.bytes(UNIT_BYTES);
  put(header, 0x100, "NCCH");
  put(header, 0x112, le16(version));
  put(header, 0x1a0, [...le32(EXEFS_UNIT), ...le32(EXEFS_UNITS)]);
  header[0x18b] = 0;
  header[0x18f] = { none: 4, fixed: 1, keyed: 0 }[crypto];
  const exefs = filled(EXEFS_UNITS * UNIT_BYTES);
  for (const [index, [name, offset, length]] of FILES.entries()) {
    put(exefs, index * 16, name);
    put(exefs, index * 16 + 8, [...le32(offset), ...le32(length)]);
    exefs.set(random.soft(length), UNIT_BYTES + offset);
  }
  const body = crypto === "fixed" ? encryptFixed(header, exefs) : exefs;
  return join(header, random.bytes((EXEFS_UNIT - 1) * UNIT_BYTES), body, random.bytes(0x400));
}

/** Gives the counter of the file system's first block. */
export function createCounter(header: Uint8Array): Uint8Array {
  const counter = filled(16);
  const id = header.slice(0x108, 0x110);
  if (header[0x112] === 1) return put(put(counter, 0, id), 12, be32(EXEFS_UNIT * UNIT_BYTES));
  return put(counter, 0, [...id.reverse(), 2]);
}

function encryptFixed(header: Uint8Array, exefs: Uint8Array): Uint8Array {
  return new Uint8Array(createCipheriv("aes-128-ctr", filled(16), createCounter(header)).update(exefs));
}

/** Gives a cartridge around an executable. */
export function createNcsd(random: Random, content: Uint8Array): Uint8Array {
  const at = 0x4000;
  const header = put(random.bytes(UNIT_BYTES), 0x100, "NCSD");
  put(header, 0x120, [...le32(at / UNIT_BYTES), ...le32(content.length / UNIT_BYTES)]);
  return join(header, random.soft(at - UNIT_BYTES), content);
}

const SIGNATURE_BYTES = 0x13c;
const SIGNATURE_TYPE = 0x10004;

/** Gives an installable title around an executable. */
export function createCia(random: Random, content: Uint8Array): Uint8Array {
  const certificates = random.bytes(0xa00);
  const ticket = join(be32(SIGNATURE_TYPE), random.bytes(SIGNATURE_BYTES), random.bytes(0x210));
  const record = put(random.bytes(0x30), 4, [...be16(0), ...be16(0), ...be64(content.length)]);
  const body = put(random.bytes(0x9c4), 0x9e, be16(1));
  const tmd = join(be32(SIGNATURE_TYPE), random.bytes(SIGNATURE_BYTES), body, record);
  const header = put(filled(0x2020), 0, le32(0x2020));
  put(header, 8, [...le32(certificates.length), ...le32(ticket.length), ...le32(tmd.length)]);
  put(header, 0x18, le64(content.length));
  return join(...[header, certificates, ticket, tmd].map((part) => padTo(part, 64)), content);
}

/** Gives a homebrew program. */
export function create3dsx(random: Random): Uint8Array {
  const codeBytes = 0x900;
  const header = join(ascii("3DSX"), le16(32), le16(8), filled(8), le32(codeBytes), filled(12));
  return join(header, random.bytes(24), random.soft(codeBytes), random.bytes(64));
}
