import { errorFromNumber, NativeError } from "../errors.ts";
import { runOnDisc } from "../load.ts";
import { type ChdFile, checkOpen } from "./chd-file.ts";
import { type DecodeFailure, type DecodeJob, type DecodeResult, decodeJob, type HunkStep } from "./decode.ts";
import type { HunkEntry, StoredEntry } from "./hunk-map.ts";
import { BATCH_BYTES_MAX, BATCH_SPAN_BYTES_MAX, SELF_STEPS_MAX } from "./limits.ts";
import type { BadHunk } from "./types.ts";

/** Where a hunk's bytes really come from, references within the file followed. */
export interface ResolvedHunk {
  /** The hunk that stores them. */
  readonly hunkIndex: number;
  readonly entry: Exclude<HunkEntry, { readonly kind: "self" }>;
}

/** Some hunks behind one another; damaged ones are zeros. The bytes belong to whoever reads the run. */
export interface HunkRun {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly bad: readonly BadHunk[];
}

/**
 * Follows the references of one hunk.
 * @throws NativeError `CHD_HUNK_REFERENCE` or `CHD_HUNK_INVALID` when it leads nowhere.
 */
export function resolveHunk(file: ChdFile, hunkIndex: number): ResolvedHunk {
  const { hunkCount, hunkBytes } = file.header;
  let index = hunkIndex;
  for (let step = 0; step <= SELF_STEPS_MAX; step += 1) {
    const entry = file.map.get(index);
    if (entry.kind !== "self") {
      if (entry.kind === "stored") checkStored(file, index, entry);
      return { hunkIndex: index, entry };
    }
    if (entry.hunkIndex >= hunkCount) {
      throw new NativeError(
        "CHD_HUNK_REFERENCE",
        `hunk ${hunkIndex} refers to hunk ${entry.hunkIndex} of ${hunkCount} hunks of ${hunkBytes} bytes`,
      );
    }
    index = entry.hunkIndex;
  }
  throw new NativeError(
    "CHD_HUNK_REFERENCE",
    `hunk ${hunkIndex} refers on more than ${SELF_STEPS_MAX} times`,
  );
}

function checkStored(file: ChdFile, hunkIndex: number, entry: StoredEntry): void {
  if (entry.lengthBytes > file.header.hunkBytes) {
    throw new NativeError("CHD_HUNK_INVALID", `hunk ${hunkIndex} is stored in ${entry.lengthBytes} bytes`);
  }
  if (entry.offset + entry.lengthBytes > file.window.sizeBytes) {
    throw new NativeError("CHD_HUNK_INVALID", `hunk ${hunkIndex} lies past the end of the file`);
  }
}

/** Follows the references of one hunk; null when it leads nowhere. */
function findResolved(file: ChdFile, hunkIndex: number): ResolvedHunk | null {
  try {
    return resolveHunk(file, hunkIndex);
  } catch (error) {
    if (isHunkFailure(error)) return null;
    throw error;
  }
}

/** Which hunks a run covers, from `first` on, and what of the file it needs. */
interface Plan {
  readonly first: number;
  readonly steps: HunkStep[];
  spanStart: number;
  spanEnd: number;
}

/** Adds a stored hunk when the part of the file it needs lies close to what the plan needs already. */
function addStored(plan: Plan, entry: StoredEntry): boolean {
  const end = entry.offset + entry.lengthBytes;
  if (plan.spanEnd === 0) plan.spanStart = entry.offset;
  else if (entry.offset < plan.spanStart || end > plan.spanStart + BATCH_SPAN_BYTES_MAX) return false;
  plan.spanEnd = Math.max(plan.spanEnd, end);
  plan.steps.push(entry);
  return true;
}

/** Adds a hunk that refers to another; what it refers to is read by itself and kept, as others will refer to it. */
function addReference(file: ChdFile, plan: Plan, hunkIndex: number): boolean {
  const step = hunkIndex - plan.first;
  const bytes = step >= 0 && step < plan.steps.length ? null : file.cache.find(hunkIndex);
  if (step >= 0 && step < plan.steps.length) plan.steps.push({ kind: "again", step });
  else if (bytes !== null) plan.steps.push({ kind: "given", bytes });
  else return false;
  return true;
}

/**
 * Plans as many hunks from `first` on as can be made in one go: the parts of the file they need lie close together,
 * and nothing has to be asked of the parent. The plan is empty when already the first hunk needs its own way.
 * @throws NativeError when the first hunk leads nowhere.
 */
function planRun(file: ChdFile, first: number, countMax: number): Plan {
  const plan: Plan = { first, steps: [], spanStart: 0, spanEnd: 0 };
  for (let index = first; index < first + countMax; index += 1) {
    const resolved = index === first ? resolveHunk(file, index) : findResolved(file, index);
    if (resolved === null || resolved.entry.kind === "parent") break;
    const { hunkIndex, entry } = resolved;
    if (entry.kind === "zeros" || entry.kind === "pattern") plan.steps.push(entry);
    else if (!(hunkIndex === index ? addStored(plan, entry) : addReference(file, plan, hunkIndex))) break;
  }
  return plan;
}

async function decode(file: ChdFile, job: DecodeJob, signal: AbortSignal | undefined): Promise<DecodeResult> {
  if (file.workers !== null) return file.workers.decode(job, signal);
  const result = await runOnDisc((disc) => decodeJob(disc, job));
  if (result === null)
    throw new NativeError("NATIVE_MEMORY", "the memory for a batch of hunks cannot be had");
  return result;
}

/** Reads what a plan needs and gives it as a job. */
async function toJob(file: ChdFile, plan: Plan, signal: AbortSignal | undefined): Promise<DecodeJob> {
  const { spanStart, spanEnd } = plan;
  const blobs = spanEnd > spanStart ? await file.window.read(spanStart, spanEnd, signal) : new Uint8Array(0);
  return { hunkBytes: file.header.hunkBytes, blobs, blobsAt: spanStart, steps: plan.steps };
}

function describeFailure(failure: DecodeFailure, hunkIndex: number): BadHunk {
  const error =
    failure.reason === "crc"
      ? new NativeError("CHD_HUNK_CRC", `hunk ${hunkIndex} does not match its checksum`)
      : errorFromNumber(failure.reason, `hunk ${hunkIndex}`);
  return { hunkIndex, error };
}

async function decodePlan(file: ChdFile, plan: Plan, signal: AbortSignal | undefined): Promise<HunkRun> {
  const result = await decode(file, await toJob(file, plan, signal), signal);
  const bad = result.failures.map((failure) => describeFailure(failure, plan.first + failure.step));
  return { bytes: result.bytes, count: plan.steps.length, bad };
}

/** Reads the hunk's worth of the parent's bytes that an entry refers to. */
async function readParent(
  file: ChdFile,
  start: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { parent, header } = file;
  if (parent === null) {
    throw new NativeError(
      "CHD_PARENT_MISSING",
      `${file.name || "the CHD"} needs its parent, and none was given`,
    );
  }
  const parentBytes = parent.header.hunkBytes * parent.header.hunkCount;
  if (start + header.hunkBytes > parentBytes) {
    throw new NativeError("CHD_HUNK_REFERENCE", `byte ${start} of the parent's ${parentBytes}`);
  }
  return readFilled(parent, { start, end: start + header.hunkBytes }, signal);
}

/** Reads a hunk that cannot be planned with others: what a reference leads to, or a part of the parent. */
async function readAlone(file: ChdFile, index: number, signal: AbortSignal | undefined): Promise<HunkRun> {
  const { hunkIndex, entry } = resolveHunk(file, index);
  if (entry.kind === "parent") {
    return { bytes: await readParent(file, entry.start, signal), count: 1, bad: [] };
  }
  const run = await decodePlan(file, planRun(file, hunkIndex, 1), signal);
  const [bad] = run.bad;
  if (bad !== undefined) throw bad.error;
  // A copy, because the bytes of a run are its reader's own.
  file.cache.store(hunkIndex, run.bytes.slice());
  return run;
}

/** Whether a failure is one of the hunk's own, so that others may still be sound. */
function isHunkFailure(error: unknown): error is NativeError {
  return (
    error instanceof NativeError && (error.code.startsWith("CHD_HUNK_") || error.code === "CHD_MAP_INVALID")
  );
}

/** Turns a hunk's own failure into a run of that one hunk; passes everything else on. */
function failedRun(file: ChdFile, hunkIndex: number, error: unknown): HunkRun {
  if (!isHunkFailure(error)) throw error;
  return { bytes: new Uint8Array(file.header.hunkBytes), count: 1, bad: [{ hunkIndex, error }] };
}

/** A run under way, with the number of hunks it will give. */
interface StartedRun {
  readonly count: number;
  readonly run: Promise<HunkRun>;
}

/** Starts on as many hunks from `first` on as one batch holds. */
function startRun(
  file: ChdFile,
  range: { readonly first: number; readonly countMax: number },
  signal: AbortSignal | undefined,
): StartedRun {
  const { first } = range;
  const batch = Math.max(1, Math.floor(BATCH_BYTES_MAX / file.header.hunkBytes));
  const fail = (error: unknown) => failedRun(file, first, error);
  try {
    const plan = planRun(file, first, Math.min(range.countMax, batch));
    const count = plan.steps.length;
    if (count > 0) return { count, run: decodePlan(file, plan, signal) };
  } catch (error) {
    return { count: 1, run: Promise.resolve(fail(error)) };
  }
  return { count: 1, run: readAlone(file, first, signal).catch(fail) };
}

/**
 * Reads one or more hunks from `first` on, at most `countMax`: as many as one batch holds. Damaged hunks are listed
 * and zero, so that the caller decides what they mean.
 * @throws NativeError of the source or the parent, and the signal's reason.
 */
export async function readRun(
  file: ChdFile,
  range: { readonly first: number; readonly countMax: number },
  signal: AbortSignal | undefined,
): Promise<HunkRun> {
  checkOpen(file);
  signal?.throwIfAborted();
  return startRun(file, range, signal).run;
}

/**
 * Reads hunks in order, some batches ahead of the reader where threads decode them.
 * @param range Hunks from `first` up to but without `end`.
 * @throws NativeError of the source or the parent, and the signal's reason; damaged hunks are listed in their run.
 */
export async function* readRuns(
  file: ChdFile,
  range: { readonly first: number; readonly end: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<HunkRun, void, undefined> {
  // One batch more than can be worked on, so that the next part of the file is read meanwhile.
  const aheadMax = (file.workers?.count ?? 1) + 1;
  const ahead: Promise<HunkRun>[] = [];
  let next = range.first;
  for (;;) {
    checkOpen(file);
    signal?.throwIfAborted();
    while (next < range.end && ahead.length < aheadMax) {
      const { count, run } = startRun(file, { first: next, countMax: range.end - next }, signal);
      // Whoever reads this far hears of a failure; nobody may, when an earlier batch failed.
      run.catch(() => undefined);
      ahead.push(run);
      next += count;
    }
    const run = ahead.shift();
    if (run === undefined) return;
    yield await run;
  }
}

/** Reads one hunk through the cache; the bytes are shared and must not be changed. */
async function readHunkShared(
  file: ChdFile,
  hunkIndex: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const stored = resolveHunk(file, hunkIndex).hunkIndex;
  const cached = file.cache.find(stored);
  if (cached !== null) return cached;
  const run = await readRun(file, { first: hunkIndex, countMax: 1 }, signal);
  const [bad] = run.bad;
  if (bad !== undefined) throw bad.error;
  file.cache.store(stored, run.bytes);
  return run.bytes;
}

/**
 * Reads bytes of the hunks, those that fill up the last one included, through the cache.
 * @returns Bytes of the caller's own.
 */
export async function readFilled(
  file: ChdFile,
  range: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  checkOpen(file);
  signal?.throwIfAborted();
  const { hunkBytes } = file.header;
  const bytes = new Uint8Array(range.end - range.start);
  for (let at = range.start; at < range.end; ) {
    const hunkIndex = Math.floor(at / hunkBytes);
    const hunkStart = hunkIndex * hunkBytes;
    const end = Math.min(range.end, hunkStart + hunkBytes);
    const hunk = await readHunkShared(file, hunkIndex, signal);
    bytes.set(hunk.subarray(at - hunkStart, end - hunkStart), at - range.start);
    at = end;
  }
  return bytes;
}
