import { type BytesInput, readExactly, toByteSource } from "./byte-source.ts";
import { formatHex } from "./chd/fields.ts";
import type { Hasher, Hashes, HashName } from "./hash.ts";
import { type HashExports, runOnHash } from "./load.ts";
import { createPacer } from "./pacer.ts";

/** Bytes read and hashed in one go: some milliseconds of work. */
const PIECE_BYTES = 1 << 20;
const MD5_BYTES = 16;
const SHA1_BYTES = 20;

/** One message under the chosen algorithms; its state lies here between calls, not in the chunk. */
interface Message {
  crc32: number;
  states: Uint8Array;
}

function start(hash: HashExports): Message {
  hash.md5Start();
  hash.sha1Start();
  return { crc32: 0, states: takeStates(hash) };
}

function takeStates(hash: HashExports): Uint8Array {
  return new Uint8Array(hash.memory.buffer, hash.statesAt(), 2 * hash.stateBytes()).slice();
}

function update(
  hash: HashExports,
  message: Message,
  input: { bytes: Uint8Array; names: Set<HashName> },
): void {
  const { bytes, names } = input;
  const memory = new Uint8Array(hash.memory.buffer);
  const at = hash.bufferAt();
  const bufferBytes = hash.bufferBytes();
  memory.set(message.states, hash.statesAt());
  for (let done = 0; done < bytes.length; done += bufferBytes) {
    const part = bytes.subarray(done, done + bufferBytes);
    memory.set(part, at);
    if (names.has("crc32")) message.crc32 = hash.crc32(message.crc32, part.length);
    if (names.has("md5")) hash.md5Update(part.length);
    if (names.has("sha1")) hash.sha1Update(part.length);
  }
  message.states = takeStates(hash);
}

function finish<H extends HashName>(hash: HashExports, message: Message, names: ReadonlySet<H>): Hashes<H> {
  new Uint8Array(hash.memory.buffer).set(message.states, hash.statesAt());
  hash.md5Finish();
  hash.sha1Finish();
  const states = takeStates(hash);
  const digests: Hashes = {
    crc32: (message.crc32 >>> 0).toString(16).padStart(8, "0"),
    md5: formatHex(states.subarray(0, MD5_BYTES)),
    sha1: formatHex(states.subarray(hash.stateBytes(), hash.stateBytes() + SHA1_BYTES)),
  };
  // The entries are exactly the chosen names, which `fromEntries` cannot express.
  return Object.fromEntries(Array.from(names, (name) => [name, digests[name]])) as Hashes<H>;
}

/**
 * Creates a hasher that runs wherever WebAssembly does, with the same answers as `createHasher`.
 * @param names Repeated names count once.
 */
export async function createPortableHasher<H extends HashName>(names: readonly H[]): Promise<Hasher<H>> {
  const chosen = new Set(names);
  const hash = await runOnHash((exports) => exports);
  let message = start(hash);
  return {
    update: (bytes) => update(hash, message, { bytes, names: chosen }),
    digest() {
      const digests = finish(hash, message, chosen);
      message = start(hash);
      return digests;
    },
  };
}

/**
 * Hashes all bytes of an input in one pass, in pieces of 1 MiB.
 * @param options `onProgress` is called after each piece.
 * @throws NativeError `SOURCE_…` when the input cannot be read, and the signal's reason after an abort.
 */
export async function hashBytes<H extends HashName>(
  input: BytesInput,
  names: readonly H[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: { doneBytes: number; totalBytes: number }) => void) | undefined;
  } = {},
): Promise<Hashes<H>> {
  const { signal, onProgress } = options;
  const source = toByteSource(input);
  const totalBytes = source.sizeBytes;
  const hasher = await createPortableHasher(names);
  const pacer = createPacer(signal);
  for (let start = 0; start < totalBytes; start += PIECE_BYTES) {
    await pacer.step();
    const end = Math.min(start + PIECE_BYTES, totalBytes);
    hasher.update(await readExactly(source, { start, end }, signal));
    onProgress?.({ doneBytes: end, totalBytes });
  }
  return hasher.digest();
}
