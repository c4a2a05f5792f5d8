import { type Cursor, createCursor, readPart } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES } from "./limits.ts";
import { copySource, readPadded } from "./moving.ts";
import { type ApplyPatch, checkTargetSize, type PatchJob, refuse, type SourceCheck } from "./patch.ts";

const N64_MARK_BYTES = "APS10".length;
const DESCRIPTION_BYTES = 50;
const TYPE_SIMPLE = 0;
const TYPE_N64 = 1;
const METHOD_SIMPLE = 0;
/** Two bytes of the cartridge and one of the country, and the two checksums that the console compares. */
const CART_BYTES = 3;
const CART_AT = 0x3c;
const CRC_BYTES = 8;
const CRC_AT = 0x10;
const PADDING_BYTES = 5;
/** Two bytes swapped: how a Doctor V64 stores a rom. */
const FORMAT_V64 = 0;

/**
 * Applies an APS patch for the Nintendo 64: records of an offset, a count of one byte and the bytes, or count 0, one
 * byte and how often it repeats; least byte first. It knows a rom by its header.
 * @source https://github.com/btimofeev/UniPatcher/wiki/APS-(N64) (aps.txt by Silo and Fractal)
 */
export const applyApsN64: ApplyPatch = async (job) => {
  const cursor = createCursor(job.patch, N64_MARK_BYTES);
  const type = cursor.u8();
  if (cursor.u8() !== METHOD_SIMPLE || type > TYPE_N64)
    refuse("unsupported", "is encoded in a way that is not known");
  cursor.pass(DESCRIPTION_BYTES);
  const check = type === TYPE_SIMPLE ? "unknown" : readN64Check(job, cursor);
  const targetBytes = cursor.u32le();
  checkTargetSize(job, targetBytes);
  await copySource(job, targetBytes);
  while (cursor.left > 0) {
    const at = cursor.u32le();
    const count = cursor.u8();
    const bytes = count > 0 ? cursor.bytes(count) : readRun(cursor);
    if (at + bytes.length > targetBytes) refuse("damaged", "writes behind the end of the file");
    job.target.writeAt(at, bytes);
    const pause = job.work(bytes.length + INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
  return check;
};

function readRun(cursor: Cursor): Uint8Array {
  const value = cursor.u8();
  return new Uint8Array(cursor.u8()).fill(value);
}

function readN64Check({ source }: PatchJob, cursor: Cursor): SourceCheck {
  const format = cursor.u8();
  const cart = cursor.bytes(CART_BYTES);
  const crc = cursor.bytes(CRC_BYTES);
  cursor.pass(PADDING_BYTES);
  const head = Buffer.from(readPart(source, 0, CART_AT + CART_BYTES + 1));
  if (head.length < CART_AT + CART_BYTES + 1) return "differs";
  // The patch has these as people read them, whatever the order of the rom's bytes.
  if (format === FORMAT_V64) head.swap16();
  const isCart = head.subarray(CART_AT, CART_AT + CART_BYTES).equals(cart);
  return isCart && head.subarray(CRC_AT, CRC_AT + CRC_BYTES).equals(crc) ? "matched" : "differs";
}

const GBA_MARK_BYTES = "APS1".length;
const GBA_BLOCK_BYTES = 0x1_0000;

/**
 * Applies an APS patch for the Game Boy Advance: both sizes, then blocks of 64 KiB to combine by exclusive or, each
 * with an offset and the CRC-16 of the block in either file; least byte first.
 * @source https://github.com/btimofeev/UniPatcher/wiki/APS-(GBA)
 */
export const applyApsGba: ApplyPatch = async (job) => {
  const cursor = createCursor(job.patch, GBA_MARK_BYTES);
  const sourceBytes = cursor.u32le();
  const targetBytes = cursor.u32le();
  checkTargetSize(job, targetBytes);
  let isSource = sourceBytes === job.source.sizeBytes;
  let isTarget = true;
  await copySource(job, targetBytes);
  while (cursor.left > 0) {
    const at = cursor.u32le();
    const [sourceCrc, targetCrc] = [cursor.u16le(), cursor.u16le()];
    const changes = cursor.bytes(GBA_BLOCK_BYTES);
    const block = new Uint8Array(GBA_BLOCK_BYTES);
    readPadded(job.source, at, block);
    isSource &&= isBlock(block, sourceCrc, job.source.sizeBytes - at);
    for (let index = 0; index < block.length; index += 1)
      block[index] = (block[index] ?? 0) ^ (changes[index] ?? 0);
    isTarget &&= isBlock(block, targetCrc, targetBytes - at);
    const count = Math.min(GBA_BLOCK_BYTES, targetBytes - at);
    if (count > 0) job.target.writeAt(at, block.subarray(0, count));
    await job.work(GBA_BLOCK_BYTES * 4);
  }
  if (isSource && !isTarget) refuse("damaged", "makes a file that does not match its checksums");
  return isSource ? "matched" : "differs";
};

/** Compares a block's checksum; of the last block of a file some programs take only what the file has. */
function isBlock(block: Uint8Array, crc: number, leftBytes: number): boolean {
  if (crc16Of(block) === crc) return true;
  return leftBytes < block.length && crc16Of(block.subarray(0, Math.max(0, leftBytes))) === crc;
}

/** CRC-16 with the polynomial 0x1021, from 0xFFFF on, highest bit first. */
const CRC16_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

function crc16Of(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (CRC16_TABLE[(crc >> 8) ^ byte] ?? 0);
  return crc;
}
