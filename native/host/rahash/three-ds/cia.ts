import type { ByteSource } from "../../byte-source.ts";
import { be16, be32, le32, roundUp, u8 } from "../bytes.ts";
import { derivedSource, partOfSource, type RaContext, readFull } from "../context.ts";
import { decryptCbc } from "../crypto.ts";
import { refuse } from "../refusal.ts";
import { getCommonKey } from "./keys.ts";

const ALIGNMENT = 64;
const CERTIFICATES_AT = 0x2040;
const CONTENT_COUNT_AT = 0x9e;
const CONTENT_RECORDS_AT = 0x9c4;
const CONTENT_RECORD_BYTES = 0x30;
const TITLE_KEY_AT = 0x7f;
const TITLE_ID_AT = 0x9c;
const COMMON_KEY_INDEX_AT = 0xb1;
const COMMON_KEY_INDEX_MAX = 5;
const BLOCK_BYTES = 16;

/** Bytes of a signature, by its type. */
const SIGNATURE_BYTES: ReadonlyMap<number, number> = new Map([
  [0x10000, 0x23c],
  [0x10003, 0x23c],
  [0x10001, 0x13c],
  [0x10004, 0x13c],
  [0x10002, 0x7c],
  [0x10005, 0x7c],
]);

/** Gives the executable of an installable title: its content of index 0. */
export async function openCiaContent(
  context: RaContext,
  source: ByteSource,
  header: Uint8Array,
): Promise<ByteSource> {
  const ticketAt = CERTIFICATES_AT + roundUp(le32(header, 0x08), ALIGNMENT);
  const tmdAt = ticketAt + roundUp(le32(header, 0x0c), ALIGNMENT);
  const contentAt = tmdAt + roundUp(le32(header, 0x10), ALIGNMENT);
  const body = await getBodyStart(context, source, tmdAt);
  const count = be16(await readFull(context, source, { start: body + CONTENT_COUNT_AT, length: 2 }), 0);
  let start = contentAt;
  for (let index = 0; index < count; index += 1) {
    const recordAt = body + CONTENT_RECORDS_AT + index * CONTENT_RECORD_BYTES;
    const record = await readFull(context, source, { start: recordAt, length: CONTENT_RECORD_BYTES });
    if (be16(record, 4) === 0) {
      const content = partOfSource(source, { start, length: source.sizeBytes });
      const isEncrypted = (u8(record, 7) & 1) !== 0;
      return isEncrypted ? decryptedSource(content, await getTitleKey(context, source, ticketAt)) : content;
    }
    start += be32(record, 12);
  }
  return refuse("unrecognized", `${source.name} holds no content of index 0`);
}

async function getBodyStart(context: RaContext, source: ByteSource, at: number): Promise<number> {
  const type = be32(await readFull(context, source, { start: at, length: 4 }), 0);
  const length = SIGNATURE_BYTES.get(type);
  if (length === undefined) return refuse("damaged", `${source.name}: a signature of type ${type}`);
  return at + 4 + length;
}

async function getTitleKey(context: RaContext, source: ByteSource, ticketAt: number): Promise<Uint8Array> {
  const body = await getBodyStart(context, source, ticketAt);
  const ticket = await readFull(context, source, { start: body, length: COMMON_KEY_INDEX_AT + 1 });
  const index = u8(ticket, COMMON_KEY_INDEX_AT);
  if (index > COMMON_KEY_INDEX_MAX) return refuse("damaged", `${source.name}: common key ${index}`);
  const iv = new Uint8Array(BLOCK_BYTES);
  iv.set(ticket.subarray(TITLE_ID_AT, TITLE_ID_AT + 8));
  const wrapped = ticket.subarray(TITLE_KEY_AT, TITLE_KEY_AT + BLOCK_BYTES);
  return decryptCbc(getCommonKey(context, index), iv, wrapped);
}

/** Gives a content in plain; its first block has an initial vector of zeros, being content 0. */
function decryptedSource(content: ByteSource, key: Uint8Array): ByteSource {
  const sizeBytes = content.sizeBytes - (content.sizeBytes % BLOCK_BYTES);
  return derivedSource(content, sizeBytes, async (start, end, signal) => {
    const from = start - (start % BLOCK_BYTES);
    const chained = Math.max(0, from - BLOCK_BYTES);
    const bytes = await content.read(chained, roundUp(end, BLOCK_BYTES), signal);
    const iv = from === 0 ? new Uint8Array(BLOCK_BYTES) : bytes.subarray(0, BLOCK_BYTES);
    const plain = await decryptCbc(key, iv, bytes.subarray(from - chained));
    return plain.slice(start - from, end - from);
  });
}
