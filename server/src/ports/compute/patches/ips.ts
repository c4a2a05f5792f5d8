import { type Cursor, createCursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES } from "./limits.ts";
import { copySource } from "./moving.ts";
import { type ApplyPatch, type PatchJob, refuse } from "./patch.ts";

/** How wide the numbers of one of the two variants are. */
interface IpsVariant {
  readonly mark: string;
  readonly end: string;
  readOffset(cursor: Cursor): number;
}

const IPS: IpsVariant = { mark: "PATCH", end: "EOF", readOffset: (cursor) => cursor.u24be() };
/** The same with offsets of four bytes. */
const IPS32: IpsVariant = { mark: "IPS32", end: "EEOF", readOffset: (cursor) => cursor.u32be() };

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Applies an IPS patch: records of an offset, a size of two bytes and the bytes, or size 0, a count and one byte to
 * repeat, all greatest byte first; then "EOF". A size behind it cuts the target, a JSON text behind it (EBP) only
 * describes the patch. The format has no checksum.
 * @source https://zerosoft.zophar.net/ips.php, http://fileformats.archiveteam.org/wiki/IPS_(binary_patch_format)
 * @source https://github.com/Lyrositor/EBPatcher (EBP)
 */
export const applyIps: ApplyPatch = (job) => apply(job, IPS);

/** Applies an IPS32 patch: IPS with offsets of four bytes that ends with "EEOF". */
export const applyIps32: ApplyPatch = (job) => apply(job, IPS32);

async function apply(job: PatchJob, variant: IpsVariant): Promise<"unknown"> {
  const { target } = job;
  const cursor = createCursor(job.patch, variant.mark.length);
  await copySource(job);
  while (!isEnd(job, cursor, variant)) {
    const at = variant.readOffset(cursor);
    const sizeBytes = cursor.u16be();
    const bytes = sizeBytes > 0 ? cursor.bytes(sizeBytes) : readRun(cursor);
    target.writeAt(at, bytes);
    await job.work(bytes.length + INSTRUCTION_WORK_BYTES);
  }
  cursor.pass(variant.end.length);
  if (cursor.left === variant.end.length) {
    const cutBytes = variant.readOffset(cursor);
    if (cutBytes < target.sizeBytes) target.resize(cutBytes);
  }
  return "unknown";
}

function readRun(cursor: Cursor): Uint8Array {
  const count = cursor.u16be();
  return new Uint8Array(count).fill(cursor.u8());
}

/**
 * Tells the end from a record at the offset that has the same bytes: behind the end there is nothing, a size, or a
 * JSON text.
 */
function isEnd({ patch }: PatchJob, cursor: Cursor, { end }: IpsVariant): boolean {
  if (cursor.left < end.length) refuse("damaged", `ends without ${end}`);
  if (Buffer.from(cursor.peek(end.length)).toString("latin1") !== end) return false;
  const restBytes = cursor.left - end.length;
  if (restBytes === 0 || restBytes === end.length) return true;
  const last = new Uint8Array(1);
  patch.readInto(patch.sizeBytes - 1, last);
  return cursor.peek(end.length + 1)[end.length] === OPENING_BRACE && last[0] === CLOSING_BRACE;
}
