import type { ByteSource } from "../../byte-source.ts";
import { be16, be32, be64, hasText, roundUp, u8 } from "../bytes.ts";
import { openPlainImage } from "../containers/plain-image.ts";
import { feed, type RaContext, readFull, readUpTo } from "../context.ts";
import { HASHED_FILE_BYTES_MAX, WII_PARTITIONS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule } from "../target.ts";
import { feedBootArea } from "./boot-area.ts";

const MAGIC_AT = 0x18;
const MAGIC = 0x5d1c9ea3;
const HEADER_BYTES = 0x80;
const IS_PLAIN_AT = 0x61;
const REGION_AT = 0x4e000;
const TABLES_AT = 0x40000;
const TABLE_COUNT = 4;
const UPDATE_TYPE = 1;
/** Offsets on the disc are stored in words. */
const UNIT_BYTES = 4;
const TMD_FIELDS_AT = 0x2a4;
const TMD_BYTES_MAX = 0x7c00;
const CLUSTER_BYTES = 0x8000;
const CLUSTER_HASH_BYTES = 0x400;
const CLUSTERS_MAX = 1024;

/** Wii: titles and the start of each partition of a disc, or a WAD's title and contents. */
export const hashWii: RaRule = async (target, context) => {
  const source = await openPlainImage(context, getSource(target));
  const start = await readUpTo(context, source, { start: 0, length: HEADER_BYTES });
  if (be32(start, MAGIC_AT) === MAGIC) return hashDisc(context, source);
  if (hasText(start, "Is\0\0", 4)) return hashWad(context, source, start);
  return refuse("unrecognized", `${source.name} is neither a Wii disc nor a WAD`);
};

async function hashDisc(context: RaContext, disc: ByteSource): Promise<void> {
  const header = await readFull(context, disc, { start: 0, length: HEADER_BYTES });
  const isPlain = u8(header, IS_PLAIN_AT) !== 0;
  context.update(header);
  await feed(context, disc, { start: REGION_AT, length: 4 });
  const partitions = await listPartitions(context, disc);
  for (const { start, type } of partitions)
    if (type !== UPDATE_TYPE) await feedPartition(context, disc, { start, isPlain });
}

async function listPartitions(
  context: RaContext,
  disc: ByteSource,
): Promise<{ readonly start: number; readonly type: number }[]> {
  const tables = await readFull(context, disc, { start: TABLES_AT, length: TABLE_COUNT * 8 });
  const partitions: { readonly start: number; readonly type: number }[] = [];
  for (let at = 0; at < tables.length; at += 8) {
    const count = be32(tables, at);
    if (partitions.length + count > WII_PARTITIONS_MAX)
      return refuse("over_limit", `${disc.name}: more than ${WII_PARTITIONS_MAX} partitions`);
    const place = { start: be32(tables, at + 4) * UNIT_BYTES, length: count * 8 };
    const table = count === 0 ? new Uint8Array(0) : await readFull(context, disc, place);
    for (let entry = 0; entry < table.length; entry += 8)
      partitions.push({ start: be32(table, entry) * UNIT_BYTES, type: be32(table, entry + 4) });
  }
  if (partitions.length === 0) return refuse("damaged", `${disc.name} has no partitions`);
  return partitions;
}

async function feedPartition(
  context: RaContext,
  disc: ByteSource,
  partition: { readonly start: number; readonly isPlain: boolean },
): Promise<void> {
  const { start, isPlain } = partition;
  const fields = await readFull(context, disc, { start: start + TMD_FIELDS_AT, length: 0x1c });
  const tmdBytes = Math.min(be32(fields, 0), TMD_BYTES_MAX);
  await feed(context, disc, { start: start + be32(fields, 4) * UNIT_BYTES, length: tmdBytes });
  // The offset counts from the partition, but clients take it from the disc: part of how this hash is defined.
  const data = be32(fields, 0x14) * UNIT_BYTES;
  if (isPlain) return feedBootArea(context, disc, { start: data % 2 ** 32, unitBytes: UNIT_BYTES });
  const clusterCount = Math.min(Math.floor((be32(fields, 0x18) * UNIT_BYTES) / CLUSTER_BYTES), CLUSTERS_MAX);
  const length = CLUSTER_BYTES - CLUSTER_HASH_BYTES;
  for (let index = 0; index < clusterCount; index += 1)
    await feed(context, disc, { start: data + index * CLUSTER_BYTES + CLUSTER_HASH_BYTES, length });
}

const WAD_ALIGNMENT = 64;
const WAD_HEADER_BYTES = 0x40;
const CONTENT_COUNT_AT = 0x1de;
const CONTENT_SIZES_AT = 0x1ec;
const CONTENT_RECORD_BYTES = 0x24;
const CONTENT_ALIGNMENT = 16;

async function hashWad(context: RaContext, wad: ByteSource, header: Uint8Array): Promise<void> {
  const aligned = (at: number): number => roundUp(be32(header, at), WAD_ALIGNMENT);
  const tmdAt = WAD_HEADER_BYTES + aligned(0x08) + aligned(0x10);
  const tmdBytes = aligned(0x14);
  await feed(context, wad, { start: tmdAt, length: Math.min(tmdBytes, HASHED_FILE_BYTES_MAX) });
  const count = be16(await readFull(context, wad, { start: tmdAt + CONTENT_COUNT_AT, length: 2 }), 0);
  const records = await readFull(context, wad, {
    start: tmdAt + CONTENT_SIZES_AT,
    length: count === 0 ? 0 : (count - 1) * CONTENT_RECORD_BYTES + 8,
  });
  let start = tmdAt + tmdBytes;
  for (let index = 0; index < count; index += 1) {
    const size = be64(records, index * CONTENT_RECORD_BYTES);
    const sizeBytes = size < 2 ** 32 ? roundUp(size, CONTENT_ALIGNMENT) : HASHED_FILE_BYTES_MAX;
    await feed(context, wad, { start, length: Math.min(sizeBytes, HASHED_FILE_BYTES_MAX) });
    start = roundUp(start + sizeBytes, WAD_ALIGNMENT);
  }
}
