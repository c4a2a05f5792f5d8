import { createCursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES, PIECE_BYTES } from "./limits.ts";
import { checksumOf, copySource } from "./moving.ts";
import { type ApplyPatch, refuse } from "./patch.ts";

const MARK_BYTES = "PMSR".length;
/** Paper Mario (USA) in the order of bytes of a z64: what every such patch is for. */
const PAPER_MARIO_BYTES = 40 * 1024 * 1024;
const PAPER_MARIO_CRC32 = 0xa7f5cd7e;

/**
 * Applies a mod of Star Rod: a count of records, each of an offset, a length and the bytes, all of four bytes with the
 * greatest first.
 * @source https://github.com/z64a/star-rod-classic (the program that writes them)
 */
export const applyPmsr: ApplyPatch = async (job) => {
  const { source, target } = job;
  const cursor = createCursor(job.patch, MARK_BYTES);
  const isSource =
    source.sizeBytes === PAPER_MARIO_BYTES && (await checksumOf(source, job)) === PAPER_MARIO_CRC32;
  await copySource(job);
  let records = cursor.u32be();
  for (; records > 0; records -= 1) {
    const at = cursor.u32be();
    const count = cursor.u32be();
    if (count > cursor.left) refuse("damaged", `ends in the middle of ${count} bytes`);
    for (let done = 0; done < count; done += PIECE_BYTES) {
      const bytes = cursor.bytes(Math.min(PIECE_BYTES, count - done));
      target.writeAt(at + done, bytes);
      await job.work(bytes.length);
    }
    const pause = job.work(INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
  return isSource ? "matched" : "differs";
};
