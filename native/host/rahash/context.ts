import { type ByteSource, readExactly } from "../byte-source.ts";
import { createPacer } from "../pacer.ts";
import { HASHED_BYTES_MAX, READ_BYTES } from "./limits.ts";
import { refuse } from "./refusal.ts";
import type { RaHashOptions } from "./types.ts";

/** What reading needs. */
export interface RaReading {
  readonly signal: AbortSignal | undefined;
  /** Before each read: rejects after an abort, and lets others run when the thread was held too long. */
  pause(): Promise<void> | void;
}

/** What a rule feeds: one MD5, with progress and bounds. */
export interface RaContext extends RaReading {
  readonly options: RaHashOptions;
  /** Says that so many bytes will be hashed, for the progress. */
  expect(bytes: number): void;
  /** Hashes the bytes. */
  update(bytes: Uint8Array): void;
  /** Gives the digest so far and starts over. */
  takeDigest(): string;
  /** Makes a digest that was taken the one that is taken next. */
  setDigest(digest: string): void;
  /** Takes something to close once the hash is done or has failed. */
  closeLater(close: () => Promise<void>): void;
  /** Closes what it was given, the latest first. */
  close(): Promise<void>;
}

/** Gives what reading needs. */
export function createReading(signal: AbortSignal | undefined): RaReading {
  const pacer = createPacer(signal);
  return { signal, pause: () => pacer.step() };
}

/** Gives a context with a fresh MD5. */
export function createContext(options: RaHashOptions): RaContext {
  const { signal, onProgress } = options;
  let md5 = options.createMd5();
  let doneBytes = 0;
  let totalBytes = 0;
  let settled: string | null = null;
  const closers: (() => Promise<void>)[] = [];
  return {
    ...createReading(signal),
    options,
    expect(bytes) {
      totalBytes += bytes;
    },
    update(bytes) {
      signal?.throwIfAborted();
      doneBytes += bytes.length;
      if (doneBytes > HASHED_BYTES_MAX) refuse("over_limit", `more than ${HASHED_BYTES_MAX} bytes to hash`);
      md5.update(bytes);
      onProgress?.({ doneBytes, totalBytes: Math.max(doneBytes, totalBytes) });
    },
    takeDigest() {
      const digest = settled ?? md5.digestHex();
      settled = null;
      md5 = options.createMd5();
      return digest;
    },
    setDigest(digest) {
      settled = digest;
    },
    closeLater(close) {
      closers.push(close);
    },
    async close() {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    },
  };
}

/** Reads what a source has of a range; nothing past its end. */
export async function readUpTo(
  context: RaReading,
  source: ByteSource,
  range: { readonly start: number; readonly length: number },
): Promise<Uint8Array> {
  await context.pause();
  const start = Math.min(range.start, source.sizeBytes);
  const end = Math.min(start + range.length, source.sizeBytes);
  return readExactly(source, { start, end }, context.signal);
}

/** Reads a whole range, and refuses the input where it ends before. */
export async function readFull(
  context: RaContext,
  source: ByteSource,
  range: { readonly start: number; readonly length: number },
): Promise<Uint8Array> {
  checkInside(source, range);
  return readUpTo(context, source, range);
}

/** Hashes a whole range, and refuses the input where it ends before. */
export async function feed(
  context: RaContext,
  source: ByteSource,
  range: { readonly start: number; readonly length: number },
): Promise<void> {
  checkInside(source, range);
  context.expect(range.length);
  for await (const bytes of readChunks(context, source, range)) context.update(bytes);
}

/** Gives a range in chunks of a bounded size; it has to lie inside the source. */
export async function* readChunks(
  context: RaContext,
  source: ByteSource,
  range: { readonly start: number; readonly length: number },
): AsyncGenerator<Uint8Array> {
  const end = range.start + range.length;
  for (let start = range.start; start < end; start += READ_BYTES)
    yield await readUpTo(context, source, { start, length: Math.min(READ_BYTES, end - start) });
}

function checkInside(source: ByteSource, range: { readonly start: number; readonly length: number }): void {
  if (range.start + range.length > source.sizeBytes)
    refuse("damaged", `${source.name}: ${range.length} bytes at ${range.start} are past its end`);
}

/** Gives a source that reads its bytes elsewhere, under the name of another. */
export function derivedSource(
  base: ByteSource,
  sizeBytes: number,
  read: (start: number, end: number, signal?: AbortSignal) => Promise<Uint8Array>,
): ByteSource {
  return { name: base.name, sizeBytes, modifiedAt: base.modifiedAt, read };
}

/** Gives a source over a part of another, cut off where that one ends. */
export function partOfSource(
  base: ByteSource,
  range: { readonly start: number; readonly length: number },
): ByteSource {
  const from = Math.min(range.start, base.sizeBytes);
  return derivedSource(base, Math.min(range.length, base.sizeBytes - from), (start, end, signal) =>
    base.read(from + start, from + end, signal),
  );
}
