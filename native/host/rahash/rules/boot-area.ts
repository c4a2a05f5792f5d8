import type { ByteSource } from "../../byte-source.ts";
import { be32 } from "../bytes.ts";
import { feed, type RaContext, readFull } from "../context.ts";

const APPLOADER_AT = 0x2440;
const APPLOADER_HEADER_BYTES = 0x20;
const BODY_SIZE_AT = 0x2454;
const TRAILER_SIZE_AT = 0x2458;
const PROGRAM_OFFSET_AT = 0x420;
const HEADER_BYTES_MAX = 1 << 20;
const PROGRAM_HEADER_BYTES = 0xd8;
const SEGMENT_COUNT = 18;
const SEGMENT_SIZES_AT = 0x90;

/**
 * Hashes what a GameCube or Wii starts from: header, apploader, and the program's segments.
 * @param partition Its start, and the bytes that one unit of its offsets and sizes stands for.
 */
export async function feedBootArea(
  context: RaContext,
  source: ByteSource,
  partition: { readonly start: number; readonly unitBytes: number },
): Promise<void> {
  const { start, unitBytes } = partition;
  const sizes = await readFull(context, source, { start: start + BODY_SIZE_AT, length: 8 });
  const apploaderBytes =
    APPLOADER_HEADER_BYTES + be32(sizes, 0) + be32(sizes, TRAILER_SIZE_AT - BODY_SIZE_AT);
  await feed(context, source, { start, length: Math.min(APPLOADER_AT + apploaderBytes, HEADER_BYTES_MAX) });
  const place = await readFull(context, source, { start: start + PROGRAM_OFFSET_AT, length: 4 });
  const program = await readFull(context, source, {
    start: start + be32(place, 0) * unitBytes,
    length: PROGRAM_HEADER_BYTES,
  });
  for (let index = 0; index < SEGMENT_COUNT; index += 1) {
    const length = be32(program, SEGMENT_SIZES_AT + index * 4) * unitBytes;
    // Offsets count from the partition, not from the program: part of how this hash is defined.
    if (length > 0)
      await feed(context, source, { start: start + be32(program, index * 4) * unitBytes, length });
  }
}
