import { swapPairs, u8 } from "../bytes.ts";
import { readChunks, readUpTo } from "../context.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule } from "../target.ts";

type Order = (bytes: Uint8Array) => Uint8Array;

/** Bytes of a word in which each order has to be whole, and the way back to big endian, by the first byte. */
const ORDERS: ReadonlyMap<number, readonly [wordBytes: number, restore: Order]> = new Map([
  [0x80, [1, (bytes) => bytes]],
  [0x37, [2, swapPairs]],
  [0x40, [4, swapWords]],
  // Disks of the 64DD, retail and development.
  [0xe8, [1, (bytes) => bytes]],
  [0x22, [1, (bytes) => bytes]],
]);

/** Nintendo 64 and 64DD: the file in big endian, whatever its order and its extension. */
export const hashNintendo64: RaRule = async (target, context) => {
  const source = getSource(target);
  const start = await readUpTo(context, source, { start: 0, length: 1 });
  const order = start.length === 0 ? undefined : ORDERS.get(u8(start, 0));
  if (order === undefined) return refuse("unrecognized", `${source.name} starts like no Nintendo 64 image`);
  const [wordBytes, restore] = order;
  const length = Math.min(source.sizeBytes, HASHED_FILE_BYTES_MAX);
  if (length % wordBytes !== 0) return refuse("damaged", `${source.name} ends inside a word`);
  context.expect(length);
  for await (const bytes of readChunks(context, source, { start: 0, length })) context.update(restore(bytes));
};

function swapWords(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}
