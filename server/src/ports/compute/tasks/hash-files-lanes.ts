import { NativeError } from "@multitap/native/errors";
import { createHashLanes, type HashLanes } from "@multitap/native/hash";
import { HASH_LANE_STEP_BYTES } from "../limits.ts";
import type { FileToHash, Hashing } from "./hash-files.ts";
import {
  closeHashing,
  fillBuffer,
  finishHashing,
  type OpenedFile,
  openHashing,
} from "./hash-files-reading.ts";

/** The lanes at work on some files. */
interface Work {
  readonly hashing: Hashing;
  readonly lanes: HashLanes;
  readonly waiting: FileToHash[];
  /** The file of each lane; null for one that rests. */
  readonly opened: (OpenedFile | null)[];
}

/** Gives lanes; null where there can be none, such as on a processor without AVX. */
async function findHashLanes(laneBytes: number): Promise<HashLanes | null> {
  try {
    return await createHashLanes(laneBytes);
  } catch (error) {
    if (error instanceof NativeError) return null;
    throw error;
  }
}

/**
 * Hashes files in step, one in each lane; a lane whose file ended takes the next one. Large files come first, so
 * that the lanes end close to each other.
 * Where there are no lanes it does nothing, and the files are left to be hashed one by one.
 */
export async function hashInLanes(
  files: readonly FileToHash[],
  { hashing, laneBytes }: { readonly hashing: Hashing; readonly laneBytes: number },
): Promise<void> {
  const lanes = await findHashLanes(laneBytes);
  if (lanes === null) return;
  const waiting = files.toSorted((one, other) => other.expectedSizeBytes - one.expectedSizeBytes);
  const work: Work = { hashing, lanes, waiting, opened: Array.from({ length: lanes.count }, () => null) };
  try {
    for (;;) {
      await hashing.context.checkpoint();
      takeFiles(work);
      if (work.opened.every((opened) => opened === null)) return;
      const ends = readPieces(work);
      await hashPieces(work, ends);
      endFiles(work);
    }
  } finally {
    for (const opened of work.opened) if (opened !== null) closeHashing(opened);
    lanes.release();
  }
}

/** Gives every lane that rests the next file that can be opened. */
function takeFiles({ hashing, waiting, opened }: Work): void {
  for (const lane of opened.keys()) {
    while (opened[lane] === null) {
      const file = waiting.shift();
      if (file === undefined) return;
      const next = openHashing(file);
      if ("failure" in next) hashing.settle(file, next);
      else opened[lane] = next;
    }
  }
}

/** Reads the next bytes of every lane's file; gives how many there are. */
function readPieces(work: Work): readonly number[] {
  const { hashing, lanes, opened } = work;
  return opened.map((reading, lane) => {
    if (reading === null || reading.readBytes === reading.sizeBytes) return 0;
    const count = fillBuffer(reading, lanes.buffer(lane));
    if (typeof count === "number") return count;
    hashing.settle(reading.file, count);
    dropFile(work, lane);
    return 0;
  });
}

/** Hashes what was read, a step at a time, so that cancelling and others on this thread do not wait long. */
async function hashPieces({ hashing, lanes }: Work, ends: readonly number[]): Promise<void> {
  const longestBytes = Math.max(...ends);
  for (let start = 0; start < longestBytes; start += HASH_LANE_STEP_BYTES) {
    if (start > 0) await hashing.context.checkpoint();
    const stepEnds = ends.map((end) => Math.min(end, start + HASH_LANE_STEP_BYTES));
    lanes.update(start, stepEnds);
    hashing.addBytes(stepEnds.reduce((sum, end) => sum + Math.max(0, end - start), 0));
  }
}

function endFiles(work: Work): void {
  for (const [lane, reading] of work.opened.entries()) {
    if (reading === null || reading.readBytes < reading.sizeBytes) continue;
    work.hashing.settle(reading.file, finishHashing(reading, work.lanes.digest(lane)));
    work.opened[lane] = null;
    closeHashing(reading);
  }
}

/** Gives up a lane's file; its message ends here, so that the next one starts afresh. */
function dropFile({ lanes, opened }: Work, lane: number): void {
  const reading = opened[lane] ?? null;
  opened[lane] = null;
  lanes.digest(lane);
  if (reading !== null) closeHashing(reading);
}
