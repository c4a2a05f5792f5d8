import type { ByteSource } from "../../byte-source.ts";
import { hasText, le16, le32, le64, u8 } from "../bytes.ts";
import { derivedSource, type RaContext, readFull, readUpTo } from "../context.ts";
import { DAX_AREAS_MAX, IMAGE_BLOCK_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { inflateBlock } from "./inflate-block.ts";
import { unpackLz4Block } from "./lz4.ts";

/** A disc image in blocks that are compressed one by one. */
interface BlockImage {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  /** Gives a block, `blockBytes` long unless it is the last. */
  readBlock(index: number, length: number): Promise<Uint8Array | null>;
}

const HEADER_BYTES = 32;

/** Gives the plain image inside a CISO, ZISO or DAX file. */
export async function openBlockImage(context: RaContext, source: ByteSource): Promise<ByteSource> {
  const header = await readFull(context, source, { start: 0, length: HEADER_BYTES });
  const isDax = hasText(header, "DAX");
  return toSource(
    context,
    source,
    isDax ? await openDax(context, source, header) : openCiso(context, source, header),
  );
}

function toSource(context: RaContext, source: ByteSource, image: BlockImage): ByteSource {
  const { sizeBytes, blockBytes } = image;
  if (blockBytes === 0 || blockBytes > IMAGE_BLOCK_BYTES_MAX || !Number.isSafeInteger(sizeBytes))
    refuse("damaged", `${source.name}: ${sizeBytes} bytes in blocks of ${blockBytes}`);
  let cachedIndex = -1;
  let cached: Uint8Array = new Uint8Array(0);
  const getBlock = async (index: number): Promise<Uint8Array> => {
    context.signal?.throwIfAborted();
    if (index === cachedIndex) return cached;
    const length = Math.min(blockBytes, sizeBytes - index * blockBytes);
    const block = await image.readBlock(index, length);
    if (block?.length !== length) return refuse("damaged", `${source.name}: block ${index} is damaged`);
    cachedIndex = index;
    cached = block;
    return block;
  };
  return derivedSource(source, sizeBytes, async (start, end) => {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; ) {
      const index = Math.floor(at / blockBytes);
      const part = (await getBlock(index)).subarray(at - index * blockBytes, end - index * blockBytes);
      bytes.set(part, at - start);
      at += part.length;
    }
    return bytes;
  });
}

/** Header 24 bytes, then an index of 32 bits a block and one more for the end; its top bit marks a stored block. */
function openCiso(context: RaContext, source: ByteSource, header: Uint8Array): BlockImage {
  const isLz4 = hasText(header, "ZISO");
  const alignment = 2 ** (u8(header, 21) & 31);
  const readBlock = async (index: number, length: number): Promise<Uint8Array | null> => {
    const entries = await readFull(context, source, { start: 24 + index * 4, length: 8 });
    const entry = le32(entries, 0);
    const start = (entry & 0x7fff_ffff) * alignment;
    const isStored = entry >>> 31 === 1;
    const end = isStored ? start + length : (le32(entries, 4) & 0x7fff_ffff) * alignment;
    const bytes = await readPacked(context, source, { start, end });
    if (bytes === null || isStored) return bytes;
    return isLz4 ? unpackLz4Block(bytes, length) : unpackDeflate(bytes, length);
  };
  return { sizeBytes: le64(header, 8), blockBytes: le32(header, 16), readBlock };
}

const DAX_BLOCK_BYTES = 8192;

/** Header 32 bytes; offsets of 32 bits, sizes of 16 bits, then areas (first block, count) of stored blocks. */
async function openDax(context: RaContext, source: ByteSource, header: Uint8Array): Promise<BlockImage> {
  const sizeBytes = le32(header, 4);
  const count = Math.ceil(sizeBytes / DAX_BLOCK_BYTES);
  const areaCount = le32(header, 8) >= 1 ? le32(header, 12) : 0;
  if (areaCount > DAX_AREAS_MAX) refuse("over_limit", `${source.name}: ${areaCount} areas of stored blocks`);
  const areas = await readFull(context, source, { start: HEADER_BYTES + count * 6, length: areaCount * 8 });
  const isStored = (index: number): boolean => {
    for (let at = 0; at < areas.length; at += 8)
      if (index >= le32(areas, at) && index < le32(areas, at) + le32(areas, at + 4)) return true;
    return false;
  };
  const readBlock = async (index: number, length: number): Promise<Uint8Array | null> => {
    const offsets = await readFull(context, source, { start: HEADER_BYTES + index * 4, length: 4 });
    const start = le32(offsets, 0);
    if (isStored(index)) return readPacked(context, source, { start, end: start + length });
    const sizes = await readFull(context, source, {
      start: HEADER_BYTES + count * 4 + index * 2,
      length: 2,
    });
    const bytes = await readPacked(context, source, { start, end: start + le16(sizes, 0) });
    return bytes === null ? null : unpackDeflate(bytes, length);
  };
  return { sizeBytes, blockBytes: DAX_BLOCK_BYTES, readBlock };
}

/** Reads a block as it is stored; null where its place makes no sense. */
async function readPacked(
  context: RaContext,
  source: ByteSource,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array | null> {
  const { start, end } = range;
  if (end < start || end - start > 2 * IMAGE_BLOCK_BYTES_MAX || end > source.sizeBytes) return null;
  return readUpTo(context, source, { start, length: end - start });
}

/** Unpacks a deflated block; some writers wrap it as zlib does, in a header of two bytes. */
function unpackDeflate(bytes: Uint8Array, length: number): Uint8Array | null {
  return inflateBlock(bytes, length) ?? inflateBlock(bytes.subarray(2), length);
}
