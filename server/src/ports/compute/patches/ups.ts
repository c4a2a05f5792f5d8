import { type Cursor, createCursor } from "./cursor.ts";
import { PIECE_BYTES } from "./limits.ts";
import { type Appender, checksumOf, createAppender, readPadded } from "./moving.ts";
import { type ApplyPatch, checkTargetSize, type PatchJob, refuse, type SourceCheck } from "./patch.ts";
import { readByuuNumber } from "./varint.ts";

const MARK_BYTES = "UPS1".length;
/** CRC-32 of the one file, the other and the patch, four bytes each, least first. */
const FOOTER_BYTES = 12;
/** The patch's own checksum is of everything before it. */
const CHECKSUM_BYTES = 4;

/** One of the two files that a patch leads between. */
interface Side {
  readonly sizeBytes: number;
  readonly crc32: number;
}

/**
 * Applies a UPS patch: how many bytes stay, then bytes to combine by exclusive or up to a zero, which counts as a
 * byte that stays. It works in both directions: a source that is the target is turned back.
 * @source http://fileformats.archiveteam.org/wiki/UPS_(binary_patch_format), byuu's `ups-spec`
 */
export const applyUps: ApplyPatch = async (job) => {
  const { patch, target } = job;
  const footerAt = patch.sizeBytes - FOOTER_BYTES;
  const footer = createCursor(patch, Math.max(0, footerAt));
  const [firstCrc, secondCrc, patchCrc] = [footer.u32le(), footer.u32le(), footer.u32le()];
  if ((await checksumOf(patch, job, patch.sizeBytes - CHECKSUM_BYTES)) !== patchCrc)
    refuse("damaged", "does not match its own checksum");
  const cursor = createCursor(patch, MARK_BYTES, footerAt);
  const first: Side = { sizeBytes: readByuuNumber(cursor), crc32: firstCrc };
  const second: Side = { sizeBytes: readByuuNumber(cursor), crc32: secondCrc };
  const { to, check } = await chooseDirection(job, first, second);
  checkTargetSize(job, to.sizeBytes);
  const appender = createAppender(target);
  await combineAll(job, { cursor, appender, targetBytes: to.sizeBytes });
  const isTarget = appender.finish() === to.crc32;
  if (check === "matched" && !isTarget) refuse("damaged", "makes a file that does not match its checksum");
  return check;
};

async function chooseDirection(
  job: PatchJob,
  first: Side,
  second: Side,
): Promise<{ readonly to: Side; readonly check: SourceCheck }> {
  const sizeBytes = job.source.sizeBytes;
  if (sizeBytes !== first.sizeBytes && sizeBytes !== second.sizeBytes)
    return { to: second, check: "differs" };
  const crc32 = await checksumOf(job.source, job);
  const isSide = (side: Side) => side.sizeBytes === sizeBytes && side.crc32 === crc32;
  if (isSide(first)) return { to: second, check: "matched" };
  return isSide(second) ? { to: first, check: "matched" } : { to: second, check: "differs" };
}

interface Combining {
  readonly cursor: Cursor;
  readonly appender: Appender;
  readonly targetBytes: number;
}

async function combineAll(job: PatchJob, { cursor, appender, targetBytes }: Combining): Promise<void> {
  const piece = new Uint8Array(PIECE_BYTES);
  /** The place of `piece` in the source; the next byte is at `pieceAt + used`. */
  let used = piece.length;
  let at = 0;
  const flush = async (): Promise<void> => {
    const count = Math.min(used, Math.max(0, targetBytes - at));
    appender.append(piece.subarray(0, count));
    at += used;
    used = 0;
    if (at < targetBytes) readPadded(job.source, at, piece);
    await job.work(piece.length);
  };
  readPadded(job.source, 0, piece);
  used = 0;
  while (cursor.left > 0) {
    const next = at + used + readByuuNumber(cursor);
    // What one file has beyond the other is only of use in the other direction.
    while (next - at >= piece.length && at < targetBytes) {
      used = piece.length;
      await flush();
    }
    if (at >= targetBytes) return;
    used = next - at;
    for (let byte = cursor.u8(); ; byte = cursor.u8()) {
      piece[used] = (piece[used] ?? 0) ^ byte;
      used += 1;
      if (used === piece.length) await flush();
      if (byte === 0) break;
      if (cursor.left === 0) refuse("damaged", "ends in the middle of its changes");
    }
  }
  while (at < targetBytes) {
    used = piece.length;
    await flush();
  }
}
