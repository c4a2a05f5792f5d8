import { NativeError } from "./errors.ts";

/** The functions of the checksum chunk; see `assembly/hash.ts`. */
export interface HashExports {
  readonly memory: WebAssembly.Memory;
  bufferAt(): number;
  bufferBytes(): number;
  statesAt(): number;
  stateBytes(): number;
  crc32(start: number, bytes: number): number;
  md5Start(): void;
  md5Update(bytes: number): void;
  md5Finish(): void;
  sha1Start(): void;
  sha1Update(bytes: number): void;
  sha1Finish(): void;
}

/** The functions of the disc chunk; see `assembly/disc.ts`. */
export interface DiscExports {
  readonly memory: WebAssembly.Memory;
  heapStart(): number;
  growTo(end: number): number;
  decodeHunk: (
    codec: number,
    input: number,
    bytes: number,
    output: number,
    hunkBytes: number,
    scratch: number,
  ) => number;
  crc16(input: number, bytes: number): number;
  crc32(input: number, bytes: number): number;
  mapPieceAt(): number;
  mapPieceEntries(): number;
  setMapWidths(lengthBits: number, selfBits: number, parentBits: number): number;
  startMap: (input: number, bytes: number, hunkBytes: number, unitsPerHunk: number) => number;
  skipMapTypes(count: number): number;
  startMapEntries(firstBlob: bigint): void;
  readMapPiece(count: number): number;
  mapChecksum(): number;
  statesAt(): number;
  stateBytes(): number;
  md5Start(): void;
  md5Update(input: number, bytes: number): void;
  md5Finish(): void;
  sha1Start(): void;
  sha1Update(input: number, bytes: number): void;
  sha1Finish(): void;
}

/** Where a chunk's bytes can come from; a string or URL is fetched, `file:` ones are read. */
export type WasmInput = URL | string | ArrayBuffer | Response | Promise<Response>;

interface Chunk<E> {
  readonly name: string;
  /** A function that only this chunk has. */
  readonly mark: string;
  readonly importInline: () => Promise<{ readonly wasmBase64: string }>;
  module: Promise<WebAssembly.Module> | null;
  exports: Promise<E> | null;
}

const hashChunk: Chunk<HashExports> = {
  name: "hash",
  mark: "bufferAt",
  importInline: () => import("../dist/hash.inline.js"),
  module: null,
  exports: null,
};
const discChunk: Chunk<DiscExports> = {
  name: "disc",
  mark: "decodeHunk",
  importInline: () => import("../dist/disc.inline.js"),
  module: null,
  exports: null,
};
/** A chunk whose memory grew beyond this is thrown away after use, so that one huge hunk is not paid for forever. */
const MEMORY_KEEP_BYTES_MAX = 12 << 20;

async function readInline(chunk: Chunk<unknown>): Promise<string> {
  try {
    return (await chunk.importInline()).wasmBase64;
  } catch (cause) {
    const message = `${chunk.name}.inline.js could not be loaded; in a checkout run "bun native/build.ts"`;
    throw new NativeError("NATIVE_NOT_BUILT", message, { cause });
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const message = "the WebAssembly does not compile here: SIMD and permission to compile are needed";
    throw new NativeError("NATIVE_UNAVAILABLE", message, { cause });
  }
}

/** Gives the chunk's compiled module; a failure is forgotten, so that the next caller tries again. */
function acquireModule(chunk: Chunk<unknown>): Promise<WebAssembly.Module> {
  if (chunk.module !== null) return chunk.module;
  const module = readInline(chunk).then((text) => compile(fromBase64(text)));
  chunk.module = module;
  module.catch(() => {
    if (chunk.module === module) chunk.module = null;
  });
  return module;
}

async function instantiate<E>(chunk: Chunk<E>): Promise<E> {
  const module = await acquireModule(chunk);
  const { exports } = await WebAssembly.instantiate(module, {});
  // Which chunk it is was checked when it was compiled, and these are the functions of its interface.
  return exports as E;
}

/** Gives the chunk's functions; one instance serves the thread, because no call leaves anything behind in it. */
function acquire<E>(chunk: Chunk<E>): Promise<E> {
  if (chunk.exports !== null) return chunk.exports;
  const exports = instantiate(chunk);
  chunk.exports = exports;
  exports.catch(() => {
    if (chunk.exports === exports) chunk.exports = null;
  });
  return exports;
}

/** What a call that did not return becomes: errors of ours stay, anything else is a trap and therefore a bug. */
function asNativeError(chunk: Chunk<unknown>, error: unknown): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  return new NativeError("NATIVE_INTERNAL", `the ${chunk.name} chunk failed; this is a bug`, {
    cause: error,
  });
}

/**
 * Runs work on the chunk's functions. The work is synchronous, so nothing else runs in between; when the WebAssembly
 * traps, the instance is thrown away.
 */
async function runOn<E extends { readonly memory: WebAssembly.Memory }, T>(
  chunk: Chunk<E>,
  work: (exports: E) => T,
): Promise<T> {
  const exports = await acquire(chunk);
  try {
    return work(exports);
  } catch (error) {
    chunk.exports = null;
    throw asNativeError(chunk, error);
  } finally {
    if (exports.memory.buffer.byteLength > MEMORY_KEEP_BYTES_MAX) chunk.exports = null;
  }
}

/** Runs synchronous work on the checksum chunk, loading it first. */
export function runOnHash<T>(work: (exports: HashExports) => T): Promise<T> {
  return runOn(hashChunk, work);
}

/** Runs synchronous work on the disc chunk, loading it first. */
export function runOnDisc<T>(work: (exports: DiscExports) => T): Promise<T> {
  return runOn(discChunk, work);
}

/** Instances of their own that work is done on at a time; the rest waits its turn. */
const OWN_INSTANCES_MAX = 2;
/** Callers that may wait for such an instance; each holds a map in memory. */
const WAITING_MAX = 256;
const waiting: (() => void)[] = [];
let ownInstances = 0;
/** One that is free again, because making one takes longer than most of its work. */
let idle: DiscExports | null = null;

/**
 * Runs work that keeps its state in the disc chunk from one turn of the event loop to the next, on an instance of
 * its own.
 */
export async function runOnOwnDisc<T>(work: (exports: DiscExports) => Promise<T>): Promise<T> {
  while (ownInstances >= OWN_INSTANCES_MAX) {
    if (waiting.length >= WAITING_MAX) throw new NativeError("NATIVE_MEMORY", `${WAITING_MAX} callers wait`);
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  ownInstances += 1;
  try {
    const exports = idle ?? (await instantiate(discChunk));
    idle = null;
    const result = await work(exports);
    if (exports.memory.buffer.byteLength <= MEMORY_KEEP_BYTES_MAX) idle = exports;
    return result;
  } catch (error) {
    throw asNativeError(discChunk, error);
  } finally {
    ownInstances -= 1;
    waiting.shift()?.();
  }
}

/** The reader of files where there is one, reached without an import that bundlers for browsers would trip over. */
function findFileReader(): ((url: URL) => Promise<Uint8Array<ArrayBuffer>>) | null {
  const { process } = globalThis as {
    process?: {
      getBuiltinModule?: (name: string) => { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
    };
  };
  return process?.getBuiltinModule?.("node:fs/promises").readFile ?? null;
}

async function readWasm(input: WasmInput): Promise<BufferSource> {
  const settled = await input;
  if (settled instanceof ArrayBuffer) return settled;
  if (settled instanceof Response) return checkResponse(settled).arrayBuffer();
  const url = new URL(settled, globalThis.location?.href);
  const readFile = url.protocol === "file:" ? findFileReader() : null;
  if (readFile !== null) return readFile(url);
  return checkResponse(await fetch(url)).arrayBuffer();
}

function checkResponse(response: Response): Response {
  if (response.ok) return response;
  throw new NativeError("NATIVE_UNAVAILABLE", `fetching the WebAssembly answered ${response.status}`);
}

async function loadFrom(input: WasmInput): Promise<void> {
  const module = await compile(await readWasm(input));
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const chunk = [hashChunk, discChunk].find(({ mark }) => names.includes(mark));
  if (chunk === undefined)
    throw new NativeError("NATIVE_WRONG_WASM", "this WebAssembly is neither hash nor disc");
  chunk.module = Promise.resolve(module);
  chunk.exports = null;
  idle = null;
}

/**
 * Loads the WebAssembly now instead of at the first use.
 * @param from One of the two `.wasm` files of this package, for pages that want to fetch it themselves; which one it
 *   is shows by its content. Without it both built-in copies are compiled.
 * @throws NativeError `NATIVE_NOT_BUILT`, `NATIVE_UNAVAILABLE` or `NATIVE_WRONG_WASM`.
 */
export async function loadNative(from?: { readonly wasm: WasmInput }): Promise<void> {
  if (from !== undefined) return loadFrom(from.wasm);
  await Promise.all([acquire(hashChunk), acquire(discChunk)]);
}
