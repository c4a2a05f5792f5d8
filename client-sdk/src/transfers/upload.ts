import type { FinishedUpload, StartedUpload } from "@multitap/server/contract/roms/uploads";
import { hasErrorCode, MultitapError, toStorageError } from "../errors.ts";
import { onAnyAbort, throwIfAborted } from "../http/deadline.ts";
import { request } from "../http/rest.ts";
import {
  CALL_TIMEOUT_MS,
  UPLOAD_BYTES_PER_SECOND_MIN,
  UPLOAD_CHUNK_BYTES_MAX,
  UPLOAD_CHUNK_LARGEST_BYTES,
  UPLOAD_CHUNK_LEAST_BYTES,
  UPLOAD_CHUNKS,
  UPLOAD_CHUNKS_MAX,
  UPLOAD_FINISH_TIMEOUT_MS,
  UPLOAD_IN_FLIGHT_MAX,
  UPLOAD_ROUNDS_MAX,
} from "../limits.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { DownloadParts } from "./download.ts";
import { createProgressMeter, type ProgressMeter } from "./progress.ts";
import { createSha1, type Sha1 } from "./sha1.ts";
import { isForwardOnly } from "./stream-source.ts";
import type { ByteSource, BytesInput, TransferOptions } from "./types.ts";

/** What an upload needs of the client. */
export interface UploadParts extends DownloadParts {
  readonly rpc: Rpc;
  /** Bytes of one chunk; a hundredth of the file, within bounds, unless said. */
  readonly chunkBytes: number | undefined;
  /** Chunks on their way at once. */
  readonly concurrency: number;
}

/** Where a file goes. */
export interface UploadTarget {
  readonly platformId: number;
  /** With folders below the platform's; the name of the source unless said. */
  readonly name?: string | undefined;
  /** Finds the open upload of an earlier call again; made of the file's facts and its place unless said. */
  readonly resumeId?: string | undefined;
}

/** A finished upload. */
export interface UploadResult {
  /** The entry of the platform's folder that is, or holds, the file; a scan makes it a rom. */
  readonly fsName: string;
  /** An earlier call had sent some of it. */
  readonly resumed: boolean;
  /** Nothing was sent: the platform has a rom of these very bytes. Only known with `verify`. */
  readonly wasThere: boolean;
}

const OPERATION = "roms.upload";

/** One running upload. */
interface Run {
  readonly parts: UploadParts;
  readonly source: ByteSource;
  readonly options: TransferOptions;
  readonly meter: ProgressMeter;
  readonly chunkBytes: number;
  /** Takes each byte as it is read, where the source cannot be read before. */
  readonly digest: RunningDigest | null;
}

/** A digest, and how far it is. */
interface RunningDigest {
  readonly sha1: Sha1;
  doneBytes: number;
}

/**
 * Moves a source into a platform's folder, in its turn: goes on where an earlier call stopped, and repeats each
 * chunk that was lost.
 * @throws MultitapError when it stopped; what was received stays on the server for another call.
 */
export async function uploadRom(
  parts: UploadParts,
  { from, about, options }: { from: BytesInput; about: UploadTarget; options: TransferOptions },
): Promise<UploadResult> {
  const source = toSource(from);
  const meter = createProgressMeter(parts.environment, options.onProgress);
  const digest = options.verify && isForwardOnly(source) ? { sha1: createSha1(), doneBytes: 0 } : null;
  const chunkBytes = chooseChunkBytes(source.sizeBytes, parts.chunkBytes);
  const run: Run = { parts, source, options, meter, chunkBytes, digest };
  meter.update({ phase: "queued", totalBytes: source.sizeBytes });
  const signals = [options.signal, parts.lifetime];
  return await parts.queue.run(signals, () => upload(run, about)).finally(() => meter.finish());
}

async function upload(run: Run, about: UploadTarget): Promise<UploadResult> {
  const { parts, source, options, meter, digest } = run;
  const sha1 = options.verify && digest === null ? await digestAll(run) : null;
  const fileName = about.name ?? source.name;
  const input = {
    platformId: about.platformId,
    fileName,
    totalSizeBytes: source.sizeBytes,
    totalChunks: Math.max(1, Math.ceil(source.sizeBytes / run.chunkBytes)),
    sha1,
    resumeId: about.resumeId ?? describeSource(run, about, fileName),
  };
  const started = await parts.rpc.mutate<StartedUpload>("roms.startUpload", input, options);
  const { upload: open, present, isResumed } = started;
  if (open === null) return { fsName: present?.fsName ?? fileName, resumed: false, wasThere: true };
  meter.update({
    phase: "transferring",
    resumedBytes: open.receivedBytes,
    loadedBytes: open.receivedBytes,
  });
  const received = new Set(open.receivedChunks);
  const all = Array.from({ length: input.totalChunks }, (_, index) => index);
  await sendAll(
    run,
    open.id,
    all.filter((index) => !received.has(index)),
  );
  const { fsName } = await finish(run, open.id);
  return { fsName, resumed: isResumed && received.size > 0, wasThere: false };
}

/** Asks for the end; sends again what the server lost meanwhile, such as by a power failure. */
async function finish(run: Run, uploadId: string): Promise<FinishedUpload> {
  const { parts, options, meter, digest, source } = run;
  if (digest !== null) await skipTo(run, source.sizeBytes);
  const sha1 = digest?.sha1.hex() ?? null;
  for (let round = 1; ; round += 1) {
    meter.update({ phase: "finishing" });
    try {
      const timeoutMs = Math.max(UPLOAD_FINISH_TIMEOUT_MS, timeLimit(run));
      const how = { ...options, timeoutMs };
      return await parts.rpc.mutate<FinishedUpload>("roms.finishUpload", { uploadId, sha1 }, how);
    } catch (thrown) {
      if (!hasErrorCode(thrown, "ROMS_UPLOAD_INCOMPLETE") || round >= UPLOAD_ROUNDS_MAX) throw thrown;
      const { missing } = thrown.details;
      meter.update({
        phase: "transferring",
        loadedBytes: source.sizeBytes - missing.length * run.chunkBytes,
      });
      await sendAll(run, uploadId, missing);
    }
  }
}

/** Sends chunks, several at a time; the first failure ends all. */
async function sendAll(run: Run, uploadId: string, indexes: readonly number[]): Promise<void> {
  const { parts, options, meter } = run;
  const stopping = new AbortController();
  const stopListening = onAnyAbort([options.signal], (signal) => stopping.abort(signal.reason));
  const left = [...indexes].reverse();
  let loadedBytes = run.source.sizeBytes - indexes.reduce((sum, index) => sum + sizeOf(run, index), 0);
  let reading: Promise<unknown> = Promise.resolve();
  /** Reads go one after the other, in order: some sources can do no other. */
  const readNext = (): Promise<{ index: number; bytes: Uint8Array<ArrayBuffer> } | null> => {
    const index = left.pop();
    if (index === undefined) return Promise.resolve(null);
    const own = reading.then(async () => ({ index, bytes: await readChunk(run, index, stopping.signal) }));
    reading = own.catch(() => undefined);
    return own;
  };
  const work = async () => {
    for (let next = await readNext(); next !== null; next = await readNext()) {
      await sendChunk(run, { uploadId, ...next, signal: stopping.signal });
      loadedBytes += next.bytes.length;
      meter.update({ loadedBytes });
    }
  };
  const workers = Array.from({ length: Math.min(parts.concurrency, UPLOAD_IN_FLIGHT_MAX) }, () =>
    work().catch((thrown: unknown) => {
      stopping.abort(thrown);
      throw thrown;
    }),
  );
  try {
    await Promise.all(workers);
  } finally {
    stopListening();
    // None may go on sending for a call that has failed.
    await Promise.allSettled(workers);
  }
}

interface Chunk {
  readonly uploadId: string;
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

async function sendChunk(run: Run, { uploadId, index, bytes, signal }: Chunk): Promise<void> {
  const { parts, options } = run;
  const headers = { "content-type": "application/octet-stream", "x-chunk-index": String(index) };
  const response = await request(parts, `/api/roms/upload/${uploadId}`, {
    operation: OPERATION,
    options: { ...options, signal, timeoutMs: timeLimit(run) },
    init: { method: "PUT", headers, body: bytes },
  });
  await response.body?.cancel();
}

/** A slow line must not count as a dead one: what leaves here shows no progress before its end. */
function timeLimit({ parts, options, chunkBytes }: Run): number {
  const silenceMs = options.timeoutMs ?? parts.timeoutMs ?? CALL_TIMEOUT_MS;
  return silenceMs + Math.ceil((chunkBytes * 1000) / UPLOAD_BYTES_PER_SECOND_MIN);
}

function sizeOf({ source, chunkBytes }: Run, index: number): number {
  return Math.min(chunkBytes, source.sizeBytes - index * chunkBytes);
}

async function readChunk(run: Run, index: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const start = index * run.chunkBytes;
  await skipTo(run, start);
  const bytes = await readBytes(run, start, { end: start + sizeOf(run, index), signal });
  if (run.digest !== null) feed(run.digest, bytes);
  return bytes;
}

/** Reads what the server has already, where a digest needs it. */
async function skipTo(run: Run, end: number): Promise<void> {
  const { digest, chunkBytes, options } = run;
  while (digest !== null && digest.doneBytes < end) {
    const start = digest.doneBytes;
    const part = { end: Math.min(end, start + chunkBytes), signal: options.signal };
    feed(digest, await readBytes(run, start, part));
  }
}

function feed(digest: RunningDigest, bytes: Uint8Array): void {
  digest.sha1.update(bytes);
  digest.doneBytes += bytes.length;
}

async function digestAll(run: Run): Promise<string> {
  const { source, chunkBytes, options, meter, parts } = run;
  meter.update({ phase: "verifying" });
  const sha1 = createSha1();
  for (let start = 0; start < source.sizeBytes; start += chunkBytes) {
    throwIfAborted(options.signal, parts.lifetime);
    const end = Math.min(source.sizeBytes, start + chunkBytes);
    sha1.update(await readBytes(run, start, { end, signal: options.signal }));
  }
  return sha1.hex();
}

async function readBytes(
  { source }: Run,
  start: number,
  { end, signal }: { readonly end: number; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfAborted(signal);
  let bytes: Uint8Array;
  try {
    bytes = await source.read(start, end, signal);
  } catch (thrown) {
    throwIfAborted(signal);
    throw toStorageError(thrown, `Reading ${source.name}`);
  }
  if (bytes.length !== end - start) {
    const message = `${source.name} gave ${bytes.length} bytes instead of ${end - start}`;
    throw new MultitapError("storage", "STORAGE_FAILED", { message });
  }
  // Bodies of requests do not lie in shared memory.
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** A hundredth, so that progress is steady, within what lines and the server bear. */
function chooseChunkBytes(sizeBytes: number, wanted: number | undefined): number {
  const usual = Math.min(
    UPLOAD_CHUNK_LARGEST_BYTES,
    Math.max(UPLOAD_CHUNK_LEAST_BYTES, sizeBytes / UPLOAD_CHUNKS),
  );
  const chunkBytes = Math.max(1, wanted ?? usual, sizeBytes / UPLOAD_CHUNKS_MAX);
  return Math.min(UPLOAD_CHUNK_BYTES_MAX, Math.ceil(chunkBytes));
}

/** The same for the same file on its way to the same place, whenever it is asked. */
function describeSource({ source, chunkBytes }: Run, { platformId }: UploadTarget, fileName: string): string {
  const { name, sizeBytes, modifiedAt } = source;
  const facts = JSON.stringify([name, sizeBytes, modifiedAt, platformId, fileName, chunkBytes]);
  const sha1 = createSha1();
  sha1.update(new TextEncoder().encode(facts));
  return `file-${sha1.hex()}`;
}

function toSource(input: BytesInput): ByteSource {
  if ("sizeBytes" in input) return input;
  const about = input as { readonly name?: unknown; readonly lastModified?: unknown };
  const name = typeof about.name === "string" ? (about.name.split(/[/\\]/).at(-1) ?? "") : "";
  if (input instanceof Uint8Array) {
    const read = async (start: number, end: number) => input.slice(start, end);
    return { name, sizeBytes: input.length, modifiedAt: null, read };
  }
  const { lastModified } = about;
  return {
    name,
    sizeBytes: input.size,
    modifiedAt: typeof lastModified === "number" ? new Date(lastModified).toISOString() : null,
    read: async (start, end) => new Uint8Array(await input.slice(start, end).arrayBuffer()),
  };
}
