import { abortedError, isMultitapError, MultitapError, toStorageError } from "../errors.ts";
import { createRetries, type Retries, toClientError } from "../http/calls.ts";
import { withDeadline } from "../http/deadline.ts";
import type { HttpParts } from "../http/rest.ts";
import { CALL_TIMEOUT_MS } from "../limits.ts";
import { type Content, discard, openContent, readPiece } from "./content.ts";
import type { DownloadJob, DownloadParts } from "./download.ts";
import { createProgressMeter, type ProgressMeter } from "./progress.ts";
import { createSha1, type Sha1 } from "./sha1.ts";
import type { ByteWriter, TransferResult } from "./types.ts";

/** One running download. */
interface Run extends DownloadJob {
  readonly http: HttpParts;
  readonly meter: ProgressMeter;
  readonly retries: Retries;
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** Everything known about the content as it was when this run last began at its first byte. */
interface Progressing {
  content: Content;
  readonly writer: ByteWriter;
  digest: Digest | null;
}

/** A digest, and the first bytes, by which packed files are recognised. */
interface Digest {
  readonly sha1: Sha1;
  head: Uint8Array;
}

/** Bytes of the beginning that are kept: enough for the mark of a tar, which stands at 257. */
const HEAD_BYTES = 512;

/**
 * Moves one content into a sink, in its turn: goes on where an earlier transfer stopped, and again after
 * each lost connection.
 * @throws MultitapError after the sink was suspended, so that another call can go on.
 */
export async function runDownload(parts: DownloadParts, job: DownloadJob): Promise<TransferResult> {
  const { options } = job;
  const meter = createProgressMeter(parts.environment, options.onProgress);
  const signals = [options.signal, parts.lifetime];
  const call = { operation: job.place.operation, options };
  const run: Run = { ...job, http: parts, meter, retries: createRetries(parts, call), signals };
  meter.update({ phase: "queued" });
  return await parts.queue.run(signals, () => transfer(run)).finally(() => meter.finish());
}

async function transfer(run: Run): Promise<TransferResult> {
  const { meter, sink } = run;
  const content = await openWhole(run);
  let writer: ByteWriter;
  try {
    const { name, totalBytes: sizeBytes, validator } = content;
    writer = await inSink(() => sink.open({ name, sizeBytes, validator }));
  } catch (thrown) {
    await discard(content);
    throw thrown;
  }
  try {
    const state: Progressing = { content, writer, digest: null };
    const resumedBytes = await resume(run, state);
    await moveAll(run, state);
    const sha1 = await check(run, state);
    meter.update({ phase: "finishing" });
    await inSink(() => writer.commit());
    return { name: state.content.name, sizeBytes: writer.offsetBytes, resumedBytes, sha1 };
  } catch (thrown) {
    await suspend(run, writer);
    throw thrown;
  }
}

/** The first answer; it tells what the sink needs to know, and often is the whole transfer. */
async function openWhole({ http, place, options }: Run): Promise<Content> {
  return await openContent(http, place, { options: { ...options } });
}

/** Takes up what the sink holds already; returns how much that is. */
async function resume(run: Run, state: Progressing): Promise<number> {
  const { writer, content } = state;
  const { totalBytes, validator } = content;
  if (run.options.verify) state.digest = createDigest();
  if (writer.offsetBytes === 0) return 0;
  const fits = validator !== null && (totalBytes === null || writer.offsetBytes <= totalBytes);
  if (!fits || (state.digest !== null && writer.readBack === undefined)) {
    await inSink(() => writer.restart());
    return 0;
  }
  // The answer in hand begins at the first byte; the next one begins where the sink ends.
  await discard(content);
  state.content = { ...content, body: null };
  const { digest } = state;
  if (digest !== null) {
    run.meter.update({ phase: "verifying", totalBytes });
    await inSink(async () => {
      for await (const chunk of writer.readBack?.() ?? []) {
        for (const signal of run.signals) if (signal?.aborted) throw abortedError(signal);
        feed(digest, chunk);
      }
    });
  }
  run.meter.update({ resumedBytes: writer.offsetBytes, loadedBytes: writer.offsetBytes });
  return writer.offsetBytes;
}

/** Moves bytes until all are there, however often the connection is lost. */
async function moveAll(run: Run, state: Progressing): Promise<void> {
  const { writer } = state;
  run.meter.update({ phase: "transferring", totalBytes: state.content.totalBytes });
  for (;;) {
    try {
      if (writer.offsetBytes === state.content.totalBytes) return await discard(state.content);
      if (state.content.body === null) await reopen(run, state);
      return await pump(run, state);
    } catch (thrown) {
      await discard(state.content);
      state.content = { ...state.content, body: null };
      await run.retries.waitAfter(toClientError(thrown));
    }
  }
}

/** Asks for the bytes that are missing; starts over when the content is another one by now. */
async function reopen({ http, place, options, meter }: Run, state: Progressing): Promise<void> {
  const { writer } = state;
  const { validator } = state.content;
  const start = writer.offsetBytes;
  const range = start === 0 || validator === null ? undefined : { start, end: null, validator };
  const content = await openContent(http, place, { range, options: { ...options, retry: false } });
  state.content = content;
  if (content.start === start) {
    // A part does not always repeat what the first answer told.
    const known = { totalBytes: content.totalBytes, validator: content.validator ?? validator };
    state.content = { ...content, ...known };
    return;
  }
  await inSink(() => writer.restart());
  if (state.digest !== null) state.digest = createDigest();
  meter.update({ loadedBytes: 0, totalBytes: content.totalBytes, resumedBytes: 0 });
}

/** Moves the body in hand into the sink. */
async function pump(run: Run, { content, writer, digest }: Progressing): Promise<void> {
  const { http, options, meter, retries, signals } = run;
  const reader = content.body?.getReader();
  const timeoutMs = options.timeoutMs ?? http.timeoutMs ?? CALL_TIMEOUT_MS;
  const limits = { environment: http.environment, signals, timeoutMs };
  const total = content.totalBytes;
  try {
    for (;;) {
      // Only the network's silence counts, not the time that the sink takes.
      const piece = await withDeadline(limits, () => readPiece(reader));
      if (piece === undefined) break;
      if (piece.length === 0) continue;
      if (total !== null && writer.offsetBytes + piece.length > total) throw tooMuch(content);
      if (digest !== null) feed(digest, piece);
      await inSink(() => writer.write(piece));
      retries.reset();
      meter.update({ loadedBytes: writer.offsetBytes });
    }
  } finally {
    // Ends an answer that is not wanted any more; that this may fail changes nothing.
    await reader?.cancel().catch(() => undefined);
  }
  if (total === null || writer.offsetBytes === total) return;
  throw new MultitapError("network", "NETWORK_FAILED", {
    message: `The answer ended after ${writer.offsetBytes} of ${total} bytes`,
  });
}

function tooMuch({ totalBytes }: Content): MultitapError {
  const details = { contentType: null };
  return new MultitapError("protocol", "ANSWER_NOT_OURS", {
    message: `The server sent more than ${totalBytes} bytes`,
    details,
  });
}

/** Compares the digest, if asked for and known; a wrong content is thrown away. */
async function check(run: Run, { content, writer, digest }: Progressing): Promise<string | null> {
  if (digest === null) return null;
  run.meter.update({ phase: "verifying" });
  const actualSha1 = digest.sha1.hex();
  const expectedSha1 = content.sha1 ?? (await run.findSha1(digest.head));
  if (expectedSha1 === null || expectedSha1 === actualSha1) return actualSha1;
  await inSink(() => writer.restart());
  const details = { expectedSha1, actualSha1 };
  throw new MultitapError("protocol", "DIGEST_MISMATCH", {
    message: "The bytes are not those that the library lists",
    details,
  });
}

/** Keeps what is there for another call; the failure that led here is the one that the caller sees. */
async function suspend({ http }: Run, writer: ByteWriter): Promise<void> {
  try {
    await writer.suspend();
  } catch (thrown) {
    http.emit({ type: "failure", error: toStorageError(thrown, "Suspending the sink") });
  }
}

async function inSink<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (isMultitapError(thrown)) throw thrown;
    throw toStorageError(thrown, "The sink");
  }
}

function createDigest(): Digest {
  return { sha1: createSha1(), head: new Uint8Array(0) };
}

function feed(digest: Digest, chunk: Uint8Array): void {
  digest.sha1.update(chunk);
  if (digest.head.length >= HEAD_BYTES) return;
  const head = new Uint8Array(Math.min(HEAD_BYTES, digest.head.length + chunk.length));
  head.set(digest.head);
  head.set(chunk.subarray(0, head.length - digest.head.length), digest.head.length);
  digest.head = head;
}
