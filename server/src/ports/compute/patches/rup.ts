import { createHash } from "node:crypto";
import { type Cursor, createCursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES, PIECE_BYTES } from "./limits.ts";
import { copySource, eachPiece, readPadded } from "./moving.ts";
import { type ApplyPatch, checkTargetSize, type PatchJob, refuse, type SourceCheck } from "./patch.ts";

/** Mark, author, title and the like. */
const HEADER_BYTES = 2048;
const COMMAND_END = 0;
const COMMAND_OPEN = 1;
const COMMAND_XOR = 2;
const MD5_BYTES = 16;
/** "M": the source is longer, and what the target lost follows. "A": the target is, and what it gained follows. */
const OVERFLOW_LOST = 0x4d;
const OVERFLOW_GAINED = 0x41;
/** Bytes beyond the shorter file are stored with every bit turned. */
const OVERFLOW_MASK = 0xff;
/** Numbers of more bytes are no place in a file. */
const NUMBER_BYTES_MAX = 8;

interface Side {
  readonly sizeBytes: number;
  readonly md5: string;
}

interface OpenedFile {
  readonly source: Side;
  readonly target: Side;
  /** Where the bytes beyond the shorter file lie in the patch. */
  readonly overflow: { readonly at: number; readonly sizeBytes: number };
}

/**
 * Applies a RUP patch (NINJA 2): records of an offset, a length and bytes to combine by exclusive or. It works in both
 * directions: a source that is the target is turned back. Of a patch for several files only one for a single file is
 * read, and a rom is taken as it is: the format knows kinds of roms whose headers its own program strips first.
 * @source https://www.romhacking.net/documents/288/ (NINJA File Format Specifications version 2.0)
 */
export const applyRup: ApplyPatch = async (job) => {
  const cursor = createCursor(job.patch, HEADER_BYTES);
  if (cursor.u8() !== COMMAND_OPEN) refuse("damaged", "names no file");
  const file = readFile(cursor);
  const md5 = await digest(job);
  const isSide = (side: Side) => side.sizeBytes === job.source.sizeBytes && side.md5 === md5;
  const isUndone = !isSide(file.source) && isSide(file.target);
  const check: SourceCheck = isUndone || isSide(file.source) ? "matched" : "differs";
  const [from, to] = isUndone ? [file.target, file.source] : [file.source, file.target];
  checkTargetSize(job, to.sizeBytes);
  await copySource(job, to.sizeBytes);
  await combineAll(job, cursor);
  // Last, because some programs write records beyond the shorter file as well.
  if (to.sizeBytes > from.sizeBytes) await appendOverflow(job, file);
  return check;
};

function readFile(cursor: Cursor): OpenedFile {
  cursor.pass(readNumber(cursor));
  // The kind of the rom.
  cursor.u8();
  const sourceBytes = readNumber(cursor);
  const targetBytes = readNumber(cursor);
  const source: Side = { sizeBytes: sourceBytes, md5: readMd5(cursor) };
  const target: Side = { sizeBytes: targetBytes, md5: readMd5(cursor) };
  if (sourceBytes === targetBytes) return { source, target, overflow: { at: cursor.at, sizeBytes: 0 } };
  const kind = cursor.u8();
  if (kind !== (sourceBytes > targetBytes ? OVERFLOW_LOST : OVERFLOW_GAINED))
    refuse("damaged", "does not say what becomes of the end of the file");
  const sizeBytes = readNumber(cursor);
  const overflow = { at: cursor.at, sizeBytes };
  cursor.pass(sizeBytes);
  if (sizeBytes > Math.abs(sourceBytes - targetBytes)) refuse("damaged", "adds more bytes than it says");
  return { source, target, overflow };
}

/** A byte that counts the bytes of the number, then those, least first. */
function readNumber(cursor: Cursor): number {
  const count = cursor.u8();
  if (count > NUMBER_BYTES_MAX) refuse("damaged", `names a number of ${count} bytes`);
  let value = 0;
  let scale = 1;
  for (let index = 0; index < count; index += 1) {
    value += cursor.u8() * scale;
    scale *= 0x100;
  }
  return Number.isSafeInteger(value) ? value : refuse("damaged", `names the number ${value}`);
}

function readMd5(cursor: Cursor): string {
  return Buffer.from(cursor.bytes(MD5_BYTES)).toString("hex");
}

async function digest(job: PatchJob): Promise<string> {
  const md5 = createHash("md5");
  await eachPiece(job.source, { end: job.source.sizeBytes, job }, (bytes) => void md5.update(bytes));
  return md5.digest("hex");
}

async function appendOverflow(job: PatchJob, { source, target, overflow }: OpenedFile): Promise<void> {
  const start = Math.min(source.sizeBytes, target.sizeBytes);
  const end = overflow.at + overflow.sizeBytes;
  for (let at = overflow.at; at < end; at += PIECE_BYTES) {
    const bytes = new Uint8Array(Math.min(PIECE_BYTES, end - at));
    job.patch.readInto(at, bytes);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = (bytes[index] ?? 0) ^ OVERFLOW_MASK;
    job.target.writeAt(start + at - overflow.at, bytes);
    await job.work(bytes.length);
  }
}

async function combineAll(job: PatchJob, cursor: Cursor): Promise<void> {
  const { target } = job;
  for (let command = cursor.u8(); command !== COMMAND_END; command = cursor.u8()) {
    if (command === COMMAND_OPEN) refuse("unsupported", "is for several files");
    if (command !== COMMAND_XOR) refuse("damaged", `holds the command ${command}`);
    const at = readNumber(cursor);
    const count = readNumber(cursor);
    // What lies beyond the target is of use only in the other direction.
    const beyond = Math.max(0, Math.min(count, at + count - target.sizeBytes));
    await combine(job, cursor, { at, count: count - beyond });
    cursor.pass(beyond);
    const pause = job.work(INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
}

async function combine(
  job: PatchJob,
  cursor: Cursor,
  { at, count }: { readonly at: number; readonly count: number },
): Promise<void> {
  for (let done = 0; done < count; done += PIECE_BYTES) {
    const changes = cursor.bytes(Math.min(PIECE_BYTES, count - done));
    const bytes = new Uint8Array(changes.length);
    readPadded(job.source, at + done, bytes);
    for (let index = 0; index < bytes.length; index += 1)
      bytes[index] = (bytes[index] ?? 0) ^ (changes[index] ?? 0);
    job.target.writeAt(at + done, bytes);
    const pause = job.work(bytes.length);
    if (pause !== undefined) await pause;
  }
}
