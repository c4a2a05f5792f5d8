import type { BytesInput } from "../transfers/types.ts";
import { digestAll } from "./digest-all.ts";
import { guarded } from "./failures.ts";
import { toSource } from "./inputs.ts";
import type { Hashes, NativeOptions } from "./types.ts";

/**
 * Gives digests of all bytes, read once in pieces of 1 MiB.
 * @param names Repeated names count once.
 * @throws MultitapError `storage` when the bytes cannot be read, `aborted`, `unsupported` (`NATIVE_UNAVAILABLE`)
 *   where WebAssembly cannot run.
 * @example
 * const { sha1 } = await hashBytes(file, ["sha1"], { signal });
 */
export function hashBytes<H extends "crc32" | "md5" | "sha1">(
  source: BytesInput,
  names: readonly H[],
  options: NativeOptions = {},
): Promise<Hashes<H>> {
  const { signal, onProgress } = options;
  return guarded(signal, () => digestAll([toSource(source)], names, { signal, onProgress }));
}
