import { type Cursor, createCursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES, PIECE_BYTES } from "./limits.ts";
import { type Appender, checksumOf, createAppender } from "./moving.ts";
import { type ApplyPatch, checkTargetSize, type PatchJob, type RandomBytes, refuse } from "./patch.ts";
import { readByuuNumber } from "./varint.ts";

const MARK_BYTES = "BPS1".length;
/** CRC-32 of source, target and patch, four bytes each, least first. */
const FOOTER_BYTES = 12;
/** The patch's own checksum is of everything before it. */
const CHECKSUM_BYTES = 4;

/** The two lowest bits of an instruction; the others are its length less one. */
const SOURCE_READ = 0;
const TARGET_READ = 1;
const SOURCE_COPY = 2;

/**
 * Applies a BPS patch: four instructions that make the target from its start to its end, out of the patch, the source
 * and the target itself.
 * @source https://www.romhacking.net/documents/746/ (byuu's `bps_spec`)
 */
export const applyBps: ApplyPatch = async (job) => {
  const { source, patch, target } = job;
  const footerAt = patch.sizeBytes - FOOTER_BYTES;
  const footer = createCursor(patch, Math.max(0, footerAt));
  const [sourceCrc, targetCrc, patchCrc] = [footer.u32le(), footer.u32le(), footer.u32le()];
  if ((await checksumOf(patch, job, patch.sizeBytes - CHECKSUM_BYTES)) !== patchCrc)
    refuse("damaged", "does not match its own checksum");
  const cursor = createCursor(patch, MARK_BYTES, footerAt);
  const sourceBytes = readByuuNumber(cursor);
  const targetBytes = readByuuNumber(cursor);
  checkTargetSize(job, targetBytes);
  cursor.pass(readByuuNumber(cursor));
  const isSource = source.sizeBytes === sourceBytes && (await checksumOf(source, job)) === sourceCrc;
  const appender = createAppender(target);
  await runAll(job, { cursor, appender, targetBytes });
  const isTarget = appender.finish() === targetCrc;
  if (isSource && !isTarget) refuse("damaged", "makes a file that does not match its checksum");
  return isSource ? "matched" : "differs";
};

interface Run {
  readonly cursor: Cursor;
  readonly appender: Appender;
  readonly targetBytes: number;
}

async function runAll(job: PatchJob, { cursor, appender, targetBytes }: Run): Promise<void> {
  let sourceAt = 0;
  let targetAt = 0;
  while (cursor.left > 0) {
    const instruction = readByuuNumber(cursor);
    const count = Math.floor(instruction / 4) + 1;
    const kind = instruction % 4;
    if (appender.sizeBytes + count > targetBytes) refuse("damaged", "makes more bytes than it says");
    if (kind === SOURCE_READ)
      await copyPieces(job, { from: job.source, start: appender.sizeBytes, count, appender });
    else if (kind === TARGET_READ)
      await copyPieces(job, { from: literal(cursor), start: cursor.at, count, appender });
    else if (kind === SOURCE_COPY) {
      sourceAt += readSigned(cursor);
      await copyPieces(job, { from: job.source, start: sourceAt, count, appender });
      sourceAt += count;
    } else {
      targetAt += readSigned(cursor);
      await repeat(job, { start: targetAt, count, appender });
      targetAt += count;
    }
  }
  if (appender.sizeBytes !== targetBytes) refuse("damaged", "makes fewer bytes than it says");
}

/** The lowest bit is the sign. */
function readSigned(cursor: Cursor): number {
  const value = readByuuNumber(cursor);
  const distance = Math.floor(value / 2);
  return value % 2 === 1 ? -distance : distance;
}

/** The bytes of the patch as something to copy from; the cursor goes on behind what was read. */
function literal(cursor: Cursor): RandomBytes {
  return {
    sizeBytes: cursor.at + cursor.left,
    readInto: (_start, into) => into.set(cursor.bytes(into.length)),
  };
}

interface Copy {
  readonly start: number;
  readonly count: number;
  readonly appender: Appender;
}

async function copyPieces(
  job: PatchJob,
  { from, start, count, appender }: Copy & { from: RandomBytes },
): Promise<void> {
  if (start < 0 || start + count > from.sizeBytes)
    refuse("damaged", `copies ${count} bytes at ${start}, and there are ${from.sizeBytes}`);
  const piece = new Uint8Array(Math.min(PIECE_BYTES, count));
  for (let done = 0; done < count; done += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, count - done));
    from.readInto(start + done, bytes);
    appender.append(bytes);
    const pause = job.work(bytes.length + INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
}

/** Copies from the target itself; where it reaches what it writes, the bytes between repeat. */
async function repeat(job: PatchJob, { start, count, appender }: Copy): Promise<void> {
  const distance = appender.sizeBytes - start;
  if (start < 0 || distance <= 0) refuse("damaged", `copies from ${start} of what it has not made yet`);
  const period = Math.min(distance, count, PIECE_BYTES);
  // As many whole periods as fit, so that a run of one byte is no loop over bytes.
  const times = period === distance ? Math.max(1, Math.floor(PIECE_BYTES / period)) : 1;
  const block = new Uint8Array(Math.min(period * times, count));
  for (let done = 0; done < count; done += block.length) {
    const wanted = Math.min(block.length, count - done);
    if (times === 1 || done === 0) {
      const first = block.subarray(0, Math.min(period, wanted));
      appender.readInto(start + done, first);
      for (let at = period; at < block.length; at += at)
        block.copyWithin(at, 0, Math.min(at, block.length - at));
    }
    appender.append(block.subarray(0, wanted));
    const pause = job.work(wanted + INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
}
