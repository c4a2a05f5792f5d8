import type { ByteSource } from "../../byte-source.ts";
import { be32, be64, hasText, u8 } from "../bytes.ts";
import { derivedSource, type RaContext, readFull } from "../context.ts";
import { RVZ_CHUNK_BYTES_MAX, RVZ_TABLE_BYTES_MAX, WII_PARTITIONS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { type RvzFacts, readGroup, unpackPart } from "./rvz-groups.ts";
import { createPartitionReader, type RvzPartition, readPartition } from "./wii-partition.ts";

/** A part of the disc that is stored as it is. */
interface RawArea {
  readonly start: number;
  readonly end: number;
  readonly firstGroup: number;
}

const FIRST_HEADER_BYTES = 0x48;
const SECOND_HEADER_BYTES = 0xdc;
const SECTOR_BYTES = 0x8000;
/** The first bytes of the disc are kept in the header. */
const DISC_HEADER_BYTES = 0x80;
const RAW_ENTRY_BYTES = 0x18;
/** Most areas outside of partitions: two for each partition come to some hundred. */
const RAW_AREAS_MAX = 4096;

/** Gives the plain disc inside an RVZ or WIA file. */
export async function openRvz(context: RaContext, source: ByteSource): Promise<ByteSource> {
  const first = await readFull(context, source, { start: 0, length: FIRST_HEADER_BYTES });
  const isRvz = hasText(first, "RVZ");
  const head = await readFull(context, source, { start: FIRST_HEADER_BYTES, length: SECOND_HEADER_BYTES });
  const facts = await readFacts(context, source, { head, isRvz });
  const areas = await readAreas(context, source, { head, facts });
  const partitions = await readPartitions(context, source, head);
  const sizeBytes = be64(first, 0x24);
  if (!Number.isSafeInteger(sizeBytes))
    return refuse("damaged", `${source.name}: a disc of ${sizeBytes} bytes`);
  const readPart = createPartReader(context, { source, facts, areas, partitions });
  return derivedSource(source, sizeBytes, async (start, end) => {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; ) {
      context.signal?.throwIfAborted();
      const part =
        at < DISC_HEADER_BYTES ? head.subarray(0x10 + at, 0x10 + DISC_HEADER_BYTES) : await readPart(at);
      bytes.set(part.subarray(0, end - at), at - start);
      at += part.length;
    }
    return bytes;
  });
}

async function readFacts(
  context: RaContext,
  source: ByteSource,
  headers: { readonly head: Uint8Array; readonly isRvz: boolean },
): Promise<RvzFacts> {
  const { head, isRvz } = headers;
  const chunkBytes = be32(head, 0x0c);
  if (chunkBytes === 0 || chunkBytes % SECTOR_BYTES !== 0)
    return refuse("damaged", `${source.name}: chunks of ${chunkBytes} bytes`);
  if (chunkBytes > RVZ_CHUNK_BYTES_MAX)
    return refuse("over_limit", `${source.name}: chunks of ${chunkBytes} bytes`);
  const compression = be32(head, 4);
  const properties = head.subarray(0xd5, 0xd5 + Math.min(7, u8(head, 0xd4)));
  const base = { isRvz, compression, properties, chunkBytes };
  const place = { offset: be64(head, 0xc8), length: be32(head, 0xd0), count: be32(head, 0xc4) };
  const groups = await readTable(context, source, { facts: base, entryBytes: isRvz ? 12 : 8, ...place });
  return { ...base, groups };
}

async function readTable(
  context: RaContext,
  source: ByteSource,
  table: {
    readonly facts: Pick<RvzFacts, "compression" | "properties">;
    readonly offset: number;
    readonly length: number;
    readonly count: number;
    readonly entryBytes: number;
  },
): Promise<Uint8Array> {
  const sizeBytes = table.count * table.entryBytes;
  if (Math.max(sizeBytes, table.length) > RVZ_TABLE_BYTES_MAX)
    return refuse("over_limit", `${source.name}: a table of ${table.count} entries`);
  const stored = await readFull(context, source, { start: table.offset, length: table.length });
  const bytes = await unpackPart(context, table.facts, { bytes: stored, decodedBytesMax: sizeBytes + 4096 });
  if (bytes.length < sizeBytes) return refuse("damaged", `${source.name}: a table breaks off`);
  return bytes.subarray(0, sizeBytes);
}

async function readAreas(
  context: RaContext,
  source: ByteSource,
  image: { readonly head: Uint8Array; readonly facts: RvzFacts },
): Promise<RawArea[]> {
  const { head, facts } = image;
  const place = { offset: be64(head, 0xb8), length: be32(head, 0xc0), count: be32(head, 0xb4) };
  if (place.count > RAW_AREAS_MAX) return refuse("over_limit", `${source.name}: ${place.count} areas`);
  const table = await readTable(context, source, { facts, entryBytes: RAW_ENTRY_BYTES, ...place });
  const areas: RawArea[] = [];
  for (let at = 0; at < table.length; at += RAW_ENTRY_BYTES) {
    const offset = be64(table, at);
    const start = offset - (offset % SECTOR_BYTES);
    areas.push({ start, end: offset + be64(table, at + 8), firstGroup: be32(table, at + 16) });
  }
  return areas;
}

async function readPartitions(
  context: RaContext,
  source: ByteSource,
  head: Uint8Array,
): Promise<RvzPartition[]> {
  const count = be32(head, 0x90);
  const entryBytes = be32(head, 0x94);
  if (count > WII_PARTITIONS_MAX || (count > 0 && (entryBytes < 0x30 || entryBytes > 0x1000)))
    return refuse("over_limit", `${source.name}: ${count} partitions of ${entryBytes} bytes`);
  const table = await readFull(context, source, { start: be64(head, 0x98), length: count * entryBytes });
  return Array.from({ length: count }, (_, index) => readPartition(table, index * entryBytes));
}

/** Gives a reader of the disc from a place on: at least one byte, at most what is unpacked at once. */
function createPartReader(
  context: RaContext,
  image: {
    readonly source: ByteSource;
    readonly facts: RvzFacts;
    readonly areas: readonly RawArea[];
    readonly partitions: readonly RvzPartition[];
  },
): (at: number) => Promise<Uint8Array> {
  const { facts, areas, partitions } = image;
  const partitionReaders = partitions.map((partition) => createPartitionReader(context, image, partition));
  let cached = { start: -1, bytes: new Uint8Array(0) };
  const load = async (at: number): Promise<{ start: number; bytes: Uint8Array<ArrayBuffer> }> => {
    for (const read of partitionReaders) {
      const part = await read(at);
      if (part !== null) return part;
    }
    const area = areas.find((candidate) => at >= candidate.start && at < candidate.end);
    if (area === undefined) return refuse("damaged", `the image does not hold the disc's byte ${at}`);
    const index = Math.floor((at - area.start) / facts.chunkBytes);
    const start = area.start + index * facts.chunkBytes;
    const dataBytes = Math.min(facts.chunkBytes, area.end - start);
    const wish = { index: area.firstGroup + index, dataBytes, place: start, listCount: 0 };
    const { data } = await readGroup(context, image, wish);
    return { start, bytes: new Uint8Array(data) };
  };
  return async (at) => {
    if (at < cached.start || at >= cached.start + cached.bytes.length) cached = await load(at);
    return cached.bytes.subarray(at - cached.start);
  };
}
