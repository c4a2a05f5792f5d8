import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Smaller bodies travel in a few packets either way. */
const PACKED_FROM_BYTES = 4 * 1024;
/** Packing lists of roms: a quarter of the bytes, at a third of the time of the usual level. */
const LEVEL = 3;

const packBytes = promisify(gzip);

/** Bodies that are kept, packed for clients that take them so. */
export interface Packer {
  /**
   * The packed form of a body, which its key stands for as long as it lives. Null the first times: only what is asked
   * for again is worth the work, which is done aside, and nobody waits for it.
   */
  find(key: object, body: Uint8Array): Uint8Array<ArrayBuffer> | null;
}

/** Nothing was asked for again yet, the work is under way, or it is done. */
type State = "asked" | "packing" | Uint8Array<ArrayBuffer>;

/** Makes a packer that remembers nothing. */
export function createPacker(): Packer {
  const states = new WeakMap<object, State>();
  async function pack(key: object, body: Uint8Array): Promise<void> {
    states.set(key, "packing");
    try {
      states.set(key, new Uint8Array(await packBytes(body, { level: LEVEL })));
    } catch {
      // Out of memory, at worst; it is sent as it is, and tried again.
      states.delete(key);
    }
  }
  return {
    find(key, body) {
      if (body.byteLength < PACKED_FROM_BYTES) return null;
      const state = states.get(key);
      if (state instanceof Uint8Array) return state;
      if (state === undefined) states.set(key, "asked");
      else if (state === "asked") void pack(key, body);
      return null;
    },
  };
}

/** Memory that a body takes once its packed form stands beside it; JSON packs to half at worst. */
export function measurePacked(body: Uint8Array): number {
  return body.byteLength < PACKED_FROM_BYTES ? body.byteLength : Math.ceil(body.byteLength * 1.5);
}

/**
 * Tells whether a client takes gzip.
 * @param header `Accept-Encoding`, by RFC 9110 section 12.5.3.
 */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  const weights = new Map(
    header.split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}
