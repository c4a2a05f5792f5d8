import {
  ERROR_CODEC,
  ERROR_DATA,
  ERROR_HUNK_BYTES,
  ERROR_MAP_DATA,
  ERROR_MAP_TREE,
  ERROR_MAP_TRUNCATED,
  ERROR_MEMORY,
  ERROR_OVERLONG,
  ERROR_TRUNCATED,
  ERROR_UNSUPPORTED,
} from "../assembly/errors.ts";

/** Every code a `NativeError` can have. */
export type NativeErrorCode =
  /** `dist/` is missing: the package was not built. */
  | "NATIVE_NOT_BUILT"
  /** The runtime cannot run the WebAssembly: none at all, no SIMD, or a policy forbids it. */
  | "NATIVE_UNAVAILABLE"
  /** What was handed in to load is none of our chunks. */
  | "NATIVE_WRONG_WASM"
  /** A bug: the WebAssembly trapped. The instance is thrown away, the next call takes a new one. */
  | "NATIVE_INTERNAL"
  /** The memory a job needs is not to be had. */
  | "NATIVE_MEMORY"
  /** A caller asked for bytes outside of a source. */
  | "SOURCE_RANGE"
  /** A source gave another number of bytes than it was asked for. */
  | "SOURCE_SHORT"
  /** The file does not begin as a CHD does, or ends within its header. */
  | "CHD_NOT_A_CHD"
  /** A field of the header contradicts the format. */
  | "CHD_HEADER_INVALID"
  /** Sound, but more than this reader takes on: hunk size, number of hunks, logical size. */
  | "CHD_TOO_LARGE"
  /** A codec or version that this reader does not know. */
  | "CHD_UNSUPPORTED"
  /** The map is damaged. */
  | "CHD_MAP_INVALID"
  /** The list of metadata is damaged. */
  | "CHD_METADATA_INVALID"
  /** The tracks that the metadata describe do not fit the disc. */
  | "CHD_TRACKS_INVALID"
  /** The file holds only what differs from a parent, and none was given. */
  | "CHD_PARENT_MISSING"
  /** The given parent is another file than the one this was made against. */
  | "CHD_PARENT_MISMATCH"
  /** Too many generations of parents. */
  | "CHD_PARENT_DEPTH"
  /** The bytes of a hunk do not decode. */
  | "CHD_HUNK_INVALID"
  /** A hunk decodes, but not to what its checksum says. */
  | "CHD_HUNK_CRC"
  /** A hunk refers to one that does not exist, or in circles. */
  | "CHD_HUNK_REFERENCE"
  /** A caller asked for a hunk, bytes, a track or frames that do not exist. */
  | "CHD_RANGE"
  /** The content cannot be written in the format asked for. */
  | "CHD_EXTRACT_FORMAT"
  /** It was closed. */
  | "CHD_CLOSED"
  /** A cue or gdi sheet cannot be read. */
  | "DISC_SHEET_INVALID"
  /** A file that a sheet names is not there. */
  | "DISC_FILE_MISSING"
  /** The image's sector size cannot be told. */
  | "DISC_FORMAT_UNKNOWN"
  /** A caller asked for more sectors than one read gives. */
  | "DISC_RANGE";

/**
 * The one error of this package for expected failures. An abort is not among them: that rejects with the signal's
 * own reason.
 */
export class NativeError extends Error {
  override readonly name = "NativeError";
  readonly code: NativeErrorCode;

  constructor(code: NativeErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const REASONS: ReadonlyMap<number, readonly [NativeErrorCode, string]> = new Map([
  [ERROR_DATA, ["CHD_HUNK_INVALID", "its compressed bytes are damaged"]],
  [ERROR_TRUNCATED, ["CHD_HUNK_INVALID", "its compressed bytes end too early"]],
  [ERROR_OVERLONG, ["CHD_HUNK_INVALID", "its compressed bytes give more than a hunk"]],
  [ERROR_UNSUPPORTED, ["CHD_HUNK_INVALID", "its compressed bytes use a feature that CHD does not"]],
  [ERROR_HUNK_BYTES, ["CHD_HUNK_INVALID", "the hunk size does not suit its codec"]],
  [ERROR_CODEC, ["CHD_HUNK_INVALID", "it uses a codec that the header does not name"]],
  [ERROR_MEMORY, ["NATIVE_MEMORY", "the memory for it cannot be had"]],
  [ERROR_MAP_TREE, ["CHD_MAP_INVALID", "its table of codes is damaged"]],
  [ERROR_MAP_DATA, ["CHD_MAP_INVALID", "it holds a code without meaning"]],
  [ERROR_MAP_TRUNCATED, ["CHD_MAP_INVALID", "it ends before all hunks are described"]],
]);

/**
 * Turns a number from the WebAssembly into an error.
 * @param what What failed, the beginning of the message: "hunk 7".
 */
export function errorFromNumber(number: number, what: string): NativeError {
  const reason = REASONS.get(number);
  if (reason === undefined) return new NativeError("NATIVE_INTERNAL", `${what}: unknown error ${number}`);
  return new NativeError(reason[0], `${what}: ${reason[1]}`);
}
