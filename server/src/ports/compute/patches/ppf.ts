import { type Cursor, createCursor, readPart } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES } from "./limits.ts";
import { copySource } from "./moving.ts";
import { type ApplyPatch, type PatchJob, refuse, type SourceCheck } from "./patch.ts";

/** "PPF10", "PPF20" or "PPF30", then the same version as one byte from 0 on. */
const VERSION_AT = 3;
const METHOD_AT = 5;
/** Behind mark, method and a description of 50 characters. */
const HEADER_BYTES = 56;
const BLOCK_BYTES = 1024;
/** Where the block to compare lies in an image of sectors of 2,352 bytes, and in one of PrimoDVD. */
const BLOCK_AT_BIN = 0x9320;
const BLOCK_AT_GI = 0x80a0;
const IMAGE_GI = 1;
/** Begins a text about the patch, behind the last record. */
const TEXT_MARK = "@BEGIN_FILE_ID.DIZ";

interface PpfHeader {
  readonly check: SourceCheck;
  /** Each record also holds the bytes it replaces. */
  readonly hasUndo: boolean;
  readOffset(cursor: Cursor): number;
}

/**
 * Applies a PPF patch of version 1, 2 or 3, which is made for images of discs: records of an offset, a count of one
 * byte and the bytes, least byte first.
 * @source https://github.com/meunierd/ppf/blob/master/ppfdev/PPF3.txt (a text for developers, PPF2.txt beside it)
 */
export const applyPpf: ApplyPatch = async (job) => {
  const { patch, target } = job;
  const cursor = createCursor(patch);
  const { check, hasUndo, readOffset } = readHeader(job, cursor);
  await copySource(job);
  while (cursor.left > 0 && !isText(cursor)) {
    const at = readOffset(cursor);
    const bytes = cursor.bytes(cursor.u8());
    if (hasUndo) cursor.pass(bytes.length);
    target.writeAt(at, bytes);
    const pause = job.work(bytes.length + INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
  return check;
};

function readHeader(job: PatchJob, cursor: Cursor): PpfHeader {
  const head = cursor.bytes(HEADER_BYTES);
  const version = (head[VERSION_AT] ?? 0) - 0x30;
  if (version < 1 || version > 3 || head[METHOD_AT] !== version - 1)
    return refuse("unsupported", "is of a version of PPF that is not known");
  if (version === 1) return { check: "unknown", hasUndo: false, readOffset: (from) => from.u32le() };
  if (version === 2) {
    const isSize = cursor.u32le() === job.source.sizeBytes;
    const isBlock = isSameBlock(job, cursor, BLOCK_AT_BIN);
    return {
      check: isSize && isBlock ? "matched" : "differs",
      hasUndo: false,
      readOffset: (from) => from.u32le(),
    };
  }
  const [imageKind, hasBlock, hasUndo] = cursor.bytes(4);
  const blockAt = imageKind === IMAGE_GI ? BLOCK_AT_GI : BLOCK_AT_BIN;
  const check = hasBlock === 0 ? "unknown" : isSameBlock(job, cursor, blockAt) ? "matched" : "differs";
  return { check, hasUndo: hasUndo !== 0, readOffset: (from) => from.u64le() };
}

function isSameBlock({ source }: PatchJob, cursor: Cursor, at: number): boolean {
  const expected = cursor.bytes(BLOCK_BYTES);
  return Buffer.compare(expected, readPart(source, at, at + BLOCK_BYTES)) === 0;
}

function isText(cursor: Cursor): boolean {
  return Buffer.from(cursor.peek(TEXT_MARK.length)).toString("latin1") === TEXT_MARK;
}
