import type { Chd as NativeChd } from "@multitap/native/chd";
import type { BytesInput } from "../transfers/types.ts";

/** The CHD behind each source over a whole content, in which the disc can be seen. */
const contents = new WeakMap<object, NativeChd>();

/** Remembers that a source is the whole content of an open CHD. */
export function noteContent(source: object, chd: NativeChd): void {
  contents.set(source, chd);
}

/** Gives the open CHD whose whole content a source is; null for any other input. */
export function findChdOf(input: BytesInput): NativeChd | null {
  return contents.get(input) ?? null;
}
