import { type ByteSource, bytesSource } from "../../byte-source.ts";
import { be16, be32, roundUp, u8 } from "../bytes.ts";
import { type RaContext, readFull } from "../context.ts";
import { refuse } from "../refusal.ts";
import type { RaCodec } from "../types.ts";
import { openUnpackedReader } from "./inflate.ts";
import { unpackJunk } from "./rvz-junk.ts";

/** What the headers of an image say about its groups. */
export interface RvzFacts {
  readonly isRvz: boolean;
  /** 0 none, 1 purge, 2 bzip2, 3 LZMA, 4 LZMA2, 5 zstd. */
  readonly compression: number;
  readonly properties: Uint8Array;
  readonly chunkBytes: number;
  /** Unpacked; 12 bytes a group in RVZ, 8 in WIA. */
  readonly groups: Uint8Array;
}

/** A bit of a hash block that rebuilding would get wrong. */
export interface HashException {
  /** Which 2 MiB of the chunk it belongs to. */
  readonly listIndex: number;
  /** Among the hash blocks, 0x400 bytes each. */
  readonly offset: number;
  readonly hash: Uint8Array;
}

/** What one group holds. */
export interface RvzGroup {
  readonly data: Uint8Array;
  readonly exceptions: readonly HashException[];
}

/** What to read out of a group. */
export interface GroupWish {
  readonly index: number;
  readonly dataBytes: number;
  /** Where its data starts on the disc or in the partition. */
  readonly place: number;
  /** Lists of exceptions before the data; 0 outside partitions. */
  readonly listCount: number;
}

const CODECS: readonly (RaCodec | null)[] = [null, null, "bzip2", "lzma", "lzma2", "zstd"];
const EXCEPTION_BYTES = 22;
/** Most exceptions of a list: every hash of 64 sectors. */
const EXCEPTIONS_MAX = 52 * 64;

/** Reads a table or a group as the image's compression stores it. */
export async function unpackPart(
  context: RaContext,
  facts: Pick<RvzFacts, "compression" | "properties">,
  part: { readonly bytes: Uint8Array; readonly decodedBytesMax: number },
): Promise<Uint8Array> {
  if (facts.compression === 0) return part.bytes;
  const codec = CODECS[facts.compression] ?? null;
  if (codec === null) return refuse("unsupported", `an image of compression ${facts.compression}`);
  const wish = { codec, properties: facts.properties, ...part };
  const unpacked =
    (await context.options.decompress?.(wish, context.signal)) ?? (await unpackHere(codec, part));
  if (unpacked.length > part.decodedBytesMax) return refuse("damaged", "a part of the image is too long");
  return unpacked;
}

async function unpackHere(
  codec: RaCodec,
  part: { readonly bytes: Uint8Array; readonly decodedBytesMax: number },
): Promise<Uint8Array> {
  if (codec !== "zstd") return refuse("unsupported", `an image compressed with ${codec}`);
  const reader = openZstd(bytesSource(part.bytes));
  try {
    return await reader.read(part.decodedBytesMax + 1);
  } finally {
    await reader.close();
  }
}

function openZstd(source: ByteSource) {
  try {
    return openUnpackedReader(source, "zstd");
  } catch (error) {
    return refuse("unsupported", "this runtime does not unpack zstd", error);
  }
}

/** Reads one group. */
export async function readGroup(
  context: RaContext,
  image: { readonly source: ByteSource; readonly facts: RvzFacts },
  wish: GroupWish,
): Promise<RvzGroup> {
  const { isRvz, groups, compression } = image.facts;
  const at = wish.index * (isRvz ? 12 : 8);
  if (at >= groups.length) return refuse("damaged", `the image has no group ${wish.index}`);
  const sizeField = be32(groups, at + 4);
  const isCompressed = isRvz ? sizeField >>> 31 === 1 : compression > 0;
  const packedBytes = isRvz ? be32(groups, at + 8) : 0;
  const length = isRvz ? sizeField & 0x7fff_ffff : sizeField;
  const { dataBytes, listCount } = wish;
  if (length === 0) return { data: new Uint8Array(dataBytes), exceptions: [] };
  const decodedBytesMax = dataBytes + packedBytes + listCount * (2 + EXCEPTIONS_MAX * EXCEPTION_BYTES);
  // What does not shrink is stored as it is, so a sound group is never much longer than what it holds.
  if (Math.max(length, packedBytes) > 2 * decodedBytesMax || packedBytes > 2 * dataBytes)
    return refuse("damaged", `group ${wish.index} is too long`);
  let payload = await readFull(context, image.source, { start: be32(groups, at) * 4, length });
  if (isCompressed) payload = await unpackPart(context, image.facts, { bytes: payload, decodedBytesMax });
  const { exceptions, end } = readExceptions(payload, listCount);
  const rest = payload.subarray(isCompressed ? end : roundUp(end, 4));
  const data =
    packedBytes > 0
      ? unpackJunk(rest.subarray(0, packedBytes), dataBytes, wish.place)
      : rest.subarray(0, dataBytes);
  if (data?.length !== dataBytes) return refuse("damaged", `group ${wish.index} is too short`);
  return { data, exceptions };
}

function readExceptions(payload: Uint8Array, listCount: number) {
  const exceptions: HashException[] = [];
  let end = 0;
  for (let listIndex = 0; listIndex < listCount; listIndex += 1) {
    const count = be16(payload, end);
    end += 2;
    if (end + count * EXCEPTION_BYTES > payload.length)
      return refuse("damaged", "a list of hashes breaks off");
    for (let index = 0; index < count; index += 1, end += EXCEPTION_BYTES) {
      const hash = payload.subarray(end + 2, end + EXCEPTION_BYTES);
      exceptions.push({ listIndex, offset: (u8(payload, end) << 8) | u8(payload, end + 1), hash });
    }
  }
  return { exceptions, end };
}
