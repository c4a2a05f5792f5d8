import { type DiscExports, runOnDisc } from "../load.ts";
import { formatHex } from "./fields.ts";

/** MD5 and SHA-1 over bytes given in order; holds 200 bytes between calls. */
export interface ContentDigests {
  update(bytes: Uint8Array): Promise<void>;
  finish(): Promise<{ readonly md5: string | null; readonly sha1: string }>;
}

const MD5_BYTES = 16;
const SHA1_BYTES = 20;

/** Starts digests; MD5 only when it is wanted, because it costs as much again. */
export async function createDigests(options: { readonly hasMd5: boolean }): Promise<ContentDigests> {
  const take = (disc: DiscExports) =>
    new Uint8Array(disc.memory.buffer, disc.statesAt(), 2 * disc.stateBytes()).slice();
  const give = (disc: DiscExports, states: Uint8Array) =>
    new Uint8Array(disc.memory.buffer).set(states, disc.statesAt());
  let states = await runOnDisc((disc) => {
    disc.md5Start();
    disc.sha1Start();
    return take(disc);
  });
  return {
    async update(bytes) {
      states = await runOnDisc((disc) => {
        const at = disc.heapStart();
        disc.growTo(at + bytes.length);
        new Uint8Array(disc.memory.buffer).set(bytes, at);
        give(disc, states);
        disc.sha1Update(at, bytes.length);
        if (options.hasMd5) disc.md5Update(at, bytes.length);
        return take(disc);
      });
    },
    finish: () =>
      runOnDisc((disc) => {
        give(disc, states);
        disc.sha1Finish();
        disc.md5Finish();
        const ends = take(disc);
        const sha1 = ends.subarray(disc.stateBytes(), disc.stateBytes() + SHA1_BYTES);
        const md5 = options.hasMd5 ? formatHex(ends.subarray(0, MD5_BYTES)) : null;
        return { md5, sha1: formatHex(sha1) };
      }),
  };
}

/** Gives the SHA-1 of some bytes. */
export async function sha1Of(bytes: Uint8Array): Promise<Uint8Array> {
  return runOnDisc((disc) => {
    const at = disc.heapStart();
    disc.growTo(at + bytes.length);
    new Uint8Array(disc.memory.buffer).set(bytes, at);
    disc.sha1Start();
    disc.sha1Update(at, bytes.length);
    disc.sha1Finish();
    return new Uint8Array(disc.memory.buffer, disc.statesAt() + disc.stateBytes(), SHA1_BYTES).slice();
  });
}
