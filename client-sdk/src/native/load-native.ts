import { loadNative as load } from "@multitap/native/load";
import { guarded } from "./failures.ts";

/**
 * Loads the WebAssembly now instead of at the first use, of this thread.
 * @param from One of `@multitap/client/native/hash.wasm` and `/disc.wasm`, for apps that keep it in a file of its
 *   own; which one it is shows by its content. Without it both built-in copies are compiled.
 * @throws MultitapError `unsupported` (`NATIVE_UNAVAILABLE`) when it cannot be had or is not allowed here, `invalid`
 *   (`NATIVE_WRONG_WASM`) when it is another file.
 * @example
 * await loadNative({ wasm: fetch("/wasm/hash.wasm") });
 */
export function loadNative(
  from?: { readonly wasm: URL | string | ArrayBuffer | Response | Promise<Response> } | undefined,
): Promise<void> {
  return guarded(undefined, () => load(from));
}
