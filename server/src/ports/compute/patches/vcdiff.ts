import { type Cursor, createCursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES, VCDIFF_WINDOW_BYTES_MAX } from "./limits.ts";
import {
  type ApplyPatch,
  checkTargetSize,
  type PatchJob,
  type RandomBytes,
  refuse,
  type SourceCheck,
} from "./patch.ts";
import { readVcdiffNumber } from "./varint.ts";
import { runWindow } from "./vcdiff-window.ts";

/** Three letters with their highest bits set. */
const MARK_BYTES = 3;
const VERSION = 0;
/** Of the header: packed once more, a code table of its own, and (not of the RFC) a text for the program. */
const HEADER_SECONDARY = 0x01;
const HEADER_CODE_TABLE = 0x02;
const HEADER_TEXT = 0x04;
/** Of a window: copies from the source, from the target, and (not of the RFC) has a checksum of what it makes. */
const WINDOW_SOURCE = 0x01;
const WINDOW_TARGET = 0x02;
const WINDOW_CHECKSUM = 0x04;
const ADLER_BASE = 65_521;
/** So many bytes can be summed up before the sums need more than 32 bits. */
const ADLER_RUN_BYTES = 3_800;

/**
 * Applies a VCDIFF patch: windows, each of which makes the next part of the target out of a segment of the source or
 * the target, and the window's own data. Those that xdelta3 writes also have checksums of the windows they make, by
 * which a source that differs is known. Windows that were packed once more (lzma, djw, fgk) are not read.
 * @source RFC 3284; https://github.com/jmacd/xdelta/wiki for what xdelta3 adds
 */
export const applyVcdiff: ApplyPatch = async (job) => {
  const cursor = createCursor(job.patch, MARK_BYTES);
  if (cursor.u8() !== VERSION) refuse("unsupported", "is of a version of VCDIFF that is not known");
  const flags = cursor.u8();
  // Which one; windows say themselves whether they use it.
  if ((flags & HEADER_SECONDARY) !== 0) cursor.u8();
  if ((flags & HEADER_CODE_TABLE) !== 0) refuse("unsupported", "has a code table of its own");
  if ((flags & HEADER_TEXT) !== 0) cursor.pass(readVcdiffNumber(cursor));
  if ((flags & ~(HEADER_SECONDARY | HEADER_CODE_TABLE | HEADER_TEXT)) !== 0)
    refuse("unsupported", "has marks in its header that are not known");
  let check: SourceCheck = cursor.left === 0 ? "unknown" : "matched";
  while (cursor.left > 0) {
    const checked = await applyWindow(job, cursor);
    if (check !== "differs" && checked !== "matched") check = checked;
    await job.work(INSTRUCTION_WORK_BYTES);
  }
  return check;
};

async function applyWindow(job: PatchJob, cursor: Cursor): Promise<SourceCheck> {
  const flags = cursor.u8();
  if ((flags & ~(WINDOW_SOURCE | WINDOW_TARGET | WINDOW_CHECKSUM)) !== 0)
    refuse("unsupported", "has marks in a window that are not known");
  const segment = readSegment(job, cursor, flags);
  const deltaBytes = readVcdiffNumber(cursor);
  const deltaEnd = cursor.at + deltaBytes;
  if (deltaBytes > cursor.left) refuse("damaged", "ends in the middle of a window");
  const windowBytes = readVcdiffNumber(cursor);
  if (windowBytes > VCDIFF_WINDOW_BYTES_MAX)
    refuse("unsupported", `has a window of ${windowBytes} bytes, and ${VCDIFF_WINDOW_BYTES_MAX} are read`);
  checkTargetSize(job, job.target.sizeBytes + windowBytes);
  if (cursor.u8() !== 0)
    refuse("unsupported", "is packed once more (secondary compression); make it anew with xdelta3 -S none");
  const partBytes = [readVcdiffNumber(cursor), readVcdiffNumber(cursor), readVcdiffNumber(cursor)] as const;
  const checksum = (flags & WINDOW_CHECKSUM) === 0 ? null : cursor.u32be();
  const dataAt = cursor.at;
  const instructionsAt = dataAt + partBytes[0];
  const addressesAt = instructionsAt + partBytes[1];
  if (addressesAt + partBytes[2] !== deltaEnd)
    refuse("damaged", "has a window of another length than it says");
  const made = await runWindow(job, {
    segment,
    windowBytes,
    data: createCursor(job.patch, dataAt, instructionsAt),
    instructions: createCursor(job.patch, instructionsAt, addressesAt),
    addresses: createCursor(job.patch, addressesAt, deltaEnd),
  });
  job.target.writeAt(job.target.sizeBytes, made);
  cursor.seek(deltaEnd);
  if (checksum === null) return "unknown";
  return adler32Of(made) === checksum ? "matched" : "differs";
}

/** The bytes that a window copies from beside its own. */
function readSegment(job: PatchJob, cursor: Cursor, flags: number): RandomBytes {
  const isTarget = (flags & WINDOW_TARGET) !== 0;
  if (!isTarget && (flags & WINDOW_SOURCE) === 0) return { sizeBytes: 0, readInto: () => undefined };
  if (isTarget && (flags & WINDOW_SOURCE) !== 0) refuse("damaged", "has a window with two segments");
  const sizeBytes = readVcdiffNumber(cursor);
  const start = readVcdiffNumber(cursor);
  const from = isTarget ? job.target : job.source;
  if (start + sizeBytes > from.sizeBytes)
    refuse("damaged", `reads ${sizeBytes} bytes at ${start}, and there are ${from.sizeBytes}`);
  return { sizeBytes, readInto: (at, into) => from.readInto(start + at, into) };
}

/** @source RFC 1950 section 8.2. */
function adler32Of(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length; at += ADLER_RUN_BYTES) {
    const end = Math.min(bytes.length, at + ADLER_RUN_BYTES);
    for (let index = at; index < end; index += 1) {
      a += bytes[index] ?? 0;
      b += a;
    }
    a %= ADLER_BASE;
    b %= ADLER_BASE;
  }
  return b * 0x1_0000 + a;
}
