import { unpackBzip2 } from "./bzip2.ts";
import { type Cursor, createCursor } from "./cursor.ts";
import { BSDIFF_IDLE_MAX, INSTRUCTION_WORK_BYTES, PIECE_BYTES } from "./limits.ts";
import { type Appender, createAppender } from "./moving.ts";
import { type ApplyPatch, checkTargetSize, type PatchJob, refuse } from "./patch.ts";

/** Mark, then three numbers of eight bytes: bytes of the instructions, of the differences, and of the target. */
const HEADER_BYTES = 32;
const MARK_BYTES = "BSDIFF40".length;
const INSTRUCTION_BYTES = 24;

/**
 * Applies a patch of bsdiff 4: instructions of three numbers (add so many differences to the source, copy so many new
 * bytes, go on elsewhere in the source), the differences, and the new bytes, each packed by bzip2. The format has no
 * checksum of the source.
 * @source https://www.daemonology.net/bsdiff/ and the layout at the head of its `bspatch.c` (BSD licence)
 */
export const applyBdf: ApplyPatch = async (job) => {
  const { patch, source } = job;
  const header = createCursor(patch, MARK_BYTES);
  const instructionBytes = readNumber(header);
  const differenceBytes = readNumber(header);
  const targetBytes = readNumber(header);
  const differencesAt = HEADER_BYTES + instructionBytes;
  const newAt = differencesAt + differenceBytes;
  if (instructionBytes < 0 || differenceBytes < 0 || targetBytes < 0 || newAt > patch.sizeBytes)
    refuse("damaged", "names parts outside of itself");
  checkTargetSize(job, targetBytes);
  const instructions = openPart(createCursor(patch, HEADER_BYTES, differencesAt));
  const differences = openPart(createCursor(patch, differencesAt, newAt));
  const added = openPart(createCursor(patch, newAt));
  const appender = createAppender(job.target);
  const run: Run = { job, appender, targetBytes };
  let sourceAt = 0;
  let idle = 0;
  while (appender.sizeBytes < targetBytes) {
    const instruction = createCursor(toBytes(instructions.read(INSTRUCTION_BYTES)));
    const [add, copy, skip] = [readNumber(instruction), readNumber(instruction), readNumber(instruction)];
    if (add < 0 || copy < 0) refuse("damaged", "holds an instruction that goes backwards");
    idle = add + copy === 0 ? idle + 1 : 0;
    if (idle > BSDIFF_IDLE_MAX) refuse("damaged", "holds too many instructions that move nothing");
    await move(run, { from: differences, count: add, sourceAt });
    await move(run, { from: added, count: copy, sourceAt: source.sizeBytes });
    sourceAt += add + skip;
    if (!Number.isSafeInteger(sourceAt)) refuse("damaged", `names the place ${sourceAt}`);
    const pause = job.work(INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
  for (const part of [instructions, differences, added]) part.finish();
  appender.finish();
  return "unknown";
};

/** Seven bytes and seven bits, least first, and the sign in the highest bit. */
function readNumber(cursor: Cursor): number {
  const low = cursor.u32le();
  const high = cursor.u32le();
  const value = (high % 0x8000_0000) * 0x1_0000_0000 + low;
  if (!Number.isSafeInteger(value)) refuse("damaged", `names the number ${value}`);
  return high >= 0x8000_0000 ? -value : value;
}

/** A packed part that is read in order. */
interface Part {
  read(count: number): Uint8Array;
  /** Goes on to the checksum of what was read last. */
  finish(): void;
}

function openPart(cursor: Cursor): Part {
  const isEmpty = cursor.left === 0;
  const pieces = unpackBzip2(cursor);
  let piece = new Uint8Array(0);
  let used = 0;
  return {
    read(count) {
      const bytes = new Uint8Array(count);
      for (let done = 0; done < count; ) {
        if (used === piece.length) {
          const { value, done: isDone } = pieces.next();
          if (isDone === true) return refuse("damaged", "has fewer bytes than its instructions need");
          [piece, used] = [value as Uint8Array<ArrayBuffer>, 0];
        }
        const some = piece.subarray(used, used + count - done);
        bytes.set(some, done);
        used += some.length;
        done += some.length;
      }
      return bytes;
    },
    finish() {
      if (used === piece.length && !isEmpty) pieces.next();
    },
  };
}

interface Run {
  readonly job: PatchJob;
  readonly appender: Appender;
  readonly targetBytes: number;
}

interface Move {
  readonly from: Part;
  readonly count: number;
  /** Where the bytes lie that are added; outside of the source they are zeros. */
  readonly sourceAt: number;
}

async function move({ job, appender, targetBytes }: Run, { from, count, sourceAt }: Move): Promise<void> {
  if (appender.sizeBytes + count > targetBytes) refuse("damaged", "makes more bytes than it says");
  for (let done = 0; done < count; done += PIECE_BYTES) {
    const bytes = from.read(Math.min(PIECE_BYTES, count - done));
    addSource(job, bytes, sourceAt + done);
    appender.append(bytes);
    // Unpacking takes several times as long as copying.
    const pause = job.work(bytes.length * 4);
    if (pause !== undefined) await pause;
  }
}

function addSource({ source }: PatchJob, bytes: Uint8Array, at: number): void {
  const start = Math.max(0, at);
  const end = Math.min(source.sizeBytes, at + bytes.length);
  if (start >= end) return;
  const added = new Uint8Array(end - start);
  source.readInto(start, added);
  const shift = start - at;
  for (let index = 0; index < added.length; index += 1)
    bytes[shift + index] = (bytes[shift + index] ?? 0) + (added[index] ?? 0);
}

function toBytes(bytes: Uint8Array) {
  return {
    sizeBytes: bytes.length,
    readInto: (start: number, into: Uint8Array) => into.set(bytes.subarray(start, start + into.length)),
  };
}
