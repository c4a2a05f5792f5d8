import type { ByteSource } from "../../byte-source.ts";
import { hasText, latin1, le16, le32, roundUp, u8, untilNul } from "../bytes.ts";
import { feed, type RaContext, readChunks, readFull } from "../context.ts";
import { applyCtr } from "../crypto.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { from128, getNcchKeys, type NcchKeys, toBigInt } from "./keys.ts";

/** The unit of offsets and sizes. */
export const MEDIA_UNIT_BYTES = 0x200;
/** Bytes of the headers of cartridges and executables. */
export const HEADER_BYTES = 0x200;

const MARK_AT = 0x100;
const CRYPTO_METHOD_AT = 0x18b;
const FLAGS_AT = 0x18f;
const PLAIN_FLAG = 0x04;
/** Bits that say how the content is encrypted: seed, plain, fixed key. */
const CRYPTO_FLAGS = 0x25;
const RECORD_COUNT = 8;
const RECORD_BYTES = 16;
const BLOCK_BYTES = 16;

/** Hashes an executable's header and its file system; the same for encrypted and decrypted dumps. */
export async function feedNcch(context: RaContext, ncch: ByteSource): Promise<void> {
  const header = await readFull(context, ncch, { start: 0, length: HEADER_BYTES });
  if (!hasText(header, "NCCH", MARK_AT)) return refuse("unrecognized", `${ncch.name} holds no NCCH`);
  const start = le32(header, 0x1a0) * MEDIA_UNIT_BYTES;
  const sizeBytes = le32(header, 0x1a4) * MEDIA_UNIT_BYTES;
  if (start === 0 || sizeBytes === 0) return refuse("unrecognized", `${ncch.name} holds no program`);
  const flags = u8(header, FLAGS_AT);
  const cleaned = header.slice();
  cleaned.fill(0, 0x114, 0x118);
  cleaned[CRYPTO_METHOD_AT] = 0;
  cleaned[FLAGS_AT] = flags & ~CRYPTO_FLAGS;
  context.update(cleaned);
  const length = Math.min(sizeBytes, HASHED_FILE_BYTES_MAX);
  if ((flags & PLAIN_FLAG) !== 0) return feed(context, ncch, { start, length });
  if (start + length > ncch.sizeBytes) return refuse("damaged", `${ncch.name} ends inside its program`);
  context.expect(length);
  const crypto = { keys: await getNcchKeys(context, header), counter: counterOf(header, start) };
  await feedEncrypted(context, ncch, { start, length, sizeBytes, ...crypto });
}

/** Gives the counter of the file system's first block. */
function counterOf(header: Uint8Array, exefsStart: number): bigint {
  const counter = new Uint8Array(BLOCK_BYTES);
  const partitionId = header.slice(0x108, 0x110);
  const version = le16(header, 0x112);
  if (version === 1) {
    counter.set(partitionId);
    new DataView(counter.buffer).setUint32(12, exefsStart % 2 ** 32);
  } else if (version === 0 || version === 2) {
    counter.set(partitionId.reverse());
    counter[8] = 2;
  } else return refuse("unsupported", `an NCCH of version ${version}`);
  return toBigInt(counter);
}

interface Encrypted {
  /** Of the file system. */
  readonly start: number;
  /** What is hashed of it. */
  readonly length: number;
  readonly sizeBytes: number;
  readonly keys: NcchKeys;
  readonly counter: bigint;
}

/** A part of the file system under one key. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly key: Uint8Array;
  /** Where in the key stream it starts. */
  readonly streamAt: number;
}

async function feedEncrypted(context: RaContext, ncch: ByteSource, exefs: Encrypted): Promise<void> {
  const { keys, counter, length } = exefs;
  const stored = await readFull(context, ncch, { start: exefs.start, length: HEADER_BYTES });
  const head = await applyCtr(keys.primary, from128(counter), stored);
  context.update(head);
  let at = HEADER_BYTES;
  for (const span of listSpans(head, exefs)) {
    const start = Math.min(span.start, length);
    if (start < at) return refuse("damaged", `${ncch.name}: files of its program overlap`);
    // What no file covers is not encrypted.
    await feedPart(context, ncch, { exefs, from: at, to: start, span: null });
    at = Math.min(span.end, length);
    await feedPart(context, ncch, { exefs, from: start, to: at, span });
  }
  await feedPart(context, ncch, { exefs, from: at, to: length, span: null });
}

async function feedPart(
  context: RaContext,
  ncch: ByteSource,
  part: { readonly exefs: Encrypted; readonly from: number; readonly to: number; readonly span: Span | null },
): Promise<void> {
  const { exefs, from, to, span } = part;
  let streamAt = span === null ? 0 : span.streamAt + from - span.start;
  for await (const bytes of readChunks(context, ncch, { start: exefs.start + from, length: to - from })) {
    if (span === null) context.update(bytes);
    else context.update(await decryptAt(span.key, { counter: exefs.counter, streamAt }, bytes));
    streamAt += bytes.length;
  }
}

/** Applies the key stream from a place that may lie inside a block. */
async function decryptAt(
  key: Uint8Array,
  place: { readonly counter: bigint; readonly streamAt: number },
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const skipped = place.streamAt % BLOCK_BYTES;
  const padded = new Uint8Array(skipped + bytes.length);
  padded.set(bytes, skipped);
  const block = BigInt(Math.floor(place.streamAt / BLOCK_BYTES));
  return (await applyCtr(key, from128(place.counter + block), padded)).subarray(skipped);
}

/**
 * Gives the files' spans in the order of their places. The key stream runs on from file to file in the order of
 * the records, wherever the files lie: part of how this hash is defined.
 */
function listSpans(head: Uint8Array, exefs: Encrypted): Span[] {
  const { primary, secondary } = exefs.keys;
  const spans: Span[] = [];
  let streamAt = HEADER_BYTES;
  for (let at = 0; at < RECORD_COUNT * RECORD_BYTES; at += RECORD_BYTES) {
    const sizeBytes = le32(head, at + 12);
    if (sizeBytes === 0) continue;
    const offset = le32(head, at + 8);
    const padded = roundUp(sizeBytes, MEDIA_UNIT_BYTES);
    const start = HEADER_BYTES + offset;
    if (offset % MEDIA_UNIT_BYTES !== 0 || start + padded > exefs.sizeBytes)
      return refuse("damaged", "a file of the program lies outside of it");
    const name = untilNul(latin1(head, at, at + 8));
    const key = name === "icon" || name === "banner" ? primary : secondary;
    spans.push({ start, end: start + sizeBytes, key, streamAt });
    // The padding behind any file is under the first key.
    spans.push({
      start: start + sizeBytes,
      end: start + padded,
      key: primary,
      streamAt: streamAt + sizeBytes,
    });
    streamAt += padded;
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
}
