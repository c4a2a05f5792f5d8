import type { Instant } from "../auth/types.ts";
import type { CallOptions } from "../options.ts";

/** How far a transfer is. */
export interface TransferProgress {
  /** Waiting for its turn, moving bytes, comparing the digest, making the result durable. */
  readonly phase: "queued" | "transferring" | "verifying" | "finishing";
  /** Bytes that are there, those of earlier attempts included. */
  readonly loadedBytes: number;
  /** Null while it is not known. */
  readonly totalBytes: number | null;
  /** Bytes that were there before this call. */
  readonly resumedBytes: number;
  /** Average over the last seconds. */
  readonly bytesPerSecond: number;
  /** At the present speed; null while it cannot be told. */
  readonly remainingMs: number | null;
}

/**
 * What every transfer accepts. Here `timeoutMs` is the longest silence between two pieces.
 * @example
 * await client.roms.download(42, sink, { signal, verify: true, onProgress: (p) => show(p.loadedBytes) });
 */
export interface TransferOptions extends CallOptions {
  /** Called at most every 100 ms, and once more at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Compares the bytes with the digest in the server's library, where that lists one of the bytes themselves. */
  verify?: boolean | undefined;
}

/** A finished transfer. */
export interface TransferResult {
  /** The server's name of the content; never holds a folder. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes that were there before this call. */
  readonly resumedBytes: number;
  /** Lower-case hex; null unless `verify` was asked for. */
  readonly sha1: string | null;
}

/**
 * Bytes that can be read at any place.
 * @example
 * const source: ByteSource = {
 *   name: file.name,
 *   sizeBytes: file.size,
 *   modifiedAt: null,
 *   read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
 * };
 */
export interface ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Instant | null;
  /**
   * Reads the bytes from `start` up to but without `end`.
   * @returns A new array of exactly `end - start` bytes.
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Gives back what reading holds, such as an open file; nothing is read after it. */
  close?(): Promise<void>;
}

/**
 * Bytes for whatever reads them; a `File` of a browser is a `Blob`, and so is a `Bun.file`.
 * @example
 * const { sha1 } = await hashBytes(new TextEncoder().encode("bytes"), ["sha1"]);
 */
export type BytesInput = ByteSource | Blob | Uint8Array;

/** What a sink is told about the content it is about to take. */
export interface ExpectedContent {
  readonly name: string;
  /** Null: not known before the end. */
  readonly sizeBytes: number | null;
  /** Strong entity tag; only bytes taken under the same one may be gone on from. Null: never go on. */
  readonly validator: string | null;
}

/**
 * A place that takes the bytes of one content.
 * @example
 * // Counts the bytes and keeps nothing.
 * const counter: ByteSink = {
 *   async open() {
 *     let offsetBytes = 0;
 *     return {
 *       get offsetBytes() { return offsetBytes; },
 *       restart: async () => void (offsetBytes = 0),
 *       write: async (chunk) => void (offsetBytes += chunk.length),
 *       commit: async () => show(offsetBytes),
 *       suspend: async () => undefined,
 *     };
 *   },
 * };
 */
export interface ByteSink {
  /** Opens the place; goes on from what an earlier, suspended transfer of the same content left there. */
  open(expected: ExpectedContent): Promise<ByteWriter>;
}

/** An open place. Its functions are called one after the other, never at the same time. */
export interface ByteWriter {
  /** Bytes that are there; the next `write` adds behind them. */
  readonly offsetBytes: number;
  /** Throws away what is there: the content changed. */
  restart(): Promise<void>;
  /** Adds bytes; the chunk may be reused once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** The content is complete: makes it durable and shows it under its name. */
  commit(): Promise<void>;
  /** The transfer stops here: keeps what is there for another `open`. */
  suspend(): Promise<void>;
  /**
   * Reads back what is there, in order, so that a resumed transfer can be verified. Without it such a
   * transfer starts over.
   */
  readBack?(): AsyncIterable<Uint8Array>;
}
