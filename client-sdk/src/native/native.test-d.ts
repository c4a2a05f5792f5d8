import type {
  ByteSink,
  ByteSource,
  BytesInput,
  Chd,
  ChdHeader,
  ChdTrack,
  Hashes,
  hashBytes,
  hashRom,
  Identified,
  identify,
  loadNative,
  NativeOptions,
  NativeWorkers,
  nativeWorkers,
  openChd,
} from "../entries/native.ts";
import type { threadWorkers } from "../entries/node.ts";
import type { Client, Rom } from "../index.ts";

/** Compiles only when both types fit each other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;

type Plain = "crc32" | "md5" | "sha1";
type Files = BytesInput | readonly BytesInput[];
type Target = { platform: string } | { raConsoleId: number };
/** The design's options, whose optional properties accept `undefined` too. */
interface Options {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { readonly doneBytes: number; readonly totalBytes: number }) => void) | undefined;
  workers?: NativeWorkers | undefined;
}

/** The functions can be called as the design says. */
export const callable: readonly true[] = [
  true satisfies Fits<
    typeof hashBytes,
    <H extends Plain>(source: BytesInput, names: readonly H[], options?: Options) => Promise<Hashes<H>>
  >,
  true satisfies Fits<
    typeof hashRom,
    <H extends Plain | "ra" = Plain | "ra">(
      source: Files,
      target: Target | "detect",
      options?: Options & { names?: readonly H[] | undefined },
    ) => Promise<Hashes<H> & { readonly raConsoleId: number | null }>
  >,
  true satisfies Fits<
    typeof identify,
    (
      client: Client,
      source: Files,
      options?: Options & { target?: Target | undefined },
    ) => Promise<Identified | null>
  >,
  true satisfies Fits<
    typeof openChd,
    (
      source: BytesInput,
      options?: {
        parent?: Chd | undefined;
        cacheBytes?: number | undefined;
        signal?: AbortSignal | undefined;
        workers?: NativeWorkers | undefined;
      },
    ) => Promise<Chd>
  >,
  true satisfies Fits<
    typeof loadNative,
    (from?: { wasm: URL | string | ArrayBuffer | Response | Promise<Response> }) => Promise<void>
  >,
  true satisfies Fits<
    typeof nativeWorkers,
    (create: () => unknown, options?: { count?: number | undefined }) => NativeWorkers
  >,
  true satisfies Fits<typeof threadWorkers, (options?: { count?: number | undefined }) => NativeWorkers>,
];

/** The types are those of the design. */
export const shapes: readonly true[] = [
  true satisfies Same<NativeOptions, Readonly<Options>>,
  true satisfies Same<Hashes<"md5">, { readonly md5: string }>,
  true satisfies Same<Hashes<"ra" | "crc32">, { readonly crc32: string; readonly ra: string | null }>,
  true satisfies Same<Chd["header"], ChdHeader>,
  true satisfies Same<Chd["tracks"], readonly ChdTrack[]>,
  true satisfies Fits<Chd["readHunk"], (hunkIndex: number, signal?: AbortSignal) => Promise<Uint8Array>>,
  true satisfies Fits<Chd["read"], (start: number, end: number, signal?: AbortSignal) => Promise<Uint8Array>>,
  true satisfies Fits<
    Chd["readSectors"],
    (
      ...at: [trackNumber: number, firstFrame: number, count: number, signal?: AbortSignal]
    ) => Promise<Uint8Array>
  >,
  true satisfies Fits<Chd["source"], (input?: { trackNumber?: number }) => ByteSource>,
  true satisfies Fits<Chd["stream"], (input?: { trackNumber?: number }) => ReadableStream<Uint8Array>>,
  true satisfies Same<
    Awaited<ReturnType<Chd["verify"]>>,
    { readonly isIntact: boolean; readonly badHunks: readonly number[]; readonly sha1: string }
  >,
  true satisfies Fits<
    Chd["extract"],
    (
      format: "bin_cue" | "iso" | "gdi",
      to: (fileName: string) => ByteSink,
      options?: Options,
    ) => Promise<readonly string[]>
  >,
  true satisfies Same<Identified["rom"], Rom>,
  true satisfies Fits<File | Uint8Array<ArrayBuffer> | ByteSource, BytesInput>,
];

/** Only the digests that were asked for are there. */
export function readsDigests(hashes: Hashes<"sha1">): string {
  // @ts-expect-error md5 was not asked for
  const missing: unknown = hashes.md5;
  return missing === undefined ? hashes.sha1 : "";
}
