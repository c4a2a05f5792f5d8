import { NativeError, type NativeErrorCode } from "@multitap/native/errors";
import { abortedError, type ErrorKind, isMultitapError, MultitapError } from "../errors.ts";

/** The kind of each code; a code without a row does not compile. */
export const NATIVE_KINDS: Readonly<Record<NativeErrorCode, ErrorKind>> = {
  // In an installed package the part is there, so that only its way here can have failed.
  NATIVE_NOT_BUILT: "network",
  NATIVE_UNAVAILABLE: "unsupported",
  NATIVE_WRONG_WASM: "invalid",
  NATIVE_INTERNAL: "internal",
  // Others may give memory back, so that the same call can succeed later.
  NATIVE_MEMORY: "unavailable",
  SOURCE_RANGE: "invalid",
  SOURCE_SHORT: "storage",
  CHD_NOT_A_CHD: "unsupported",
  CHD_HEADER_INVALID: "invalid",
  CHD_TOO_LARGE: "too_large",
  CHD_UNSUPPORTED: "unsupported",
  CHD_MAP_INVALID: "invalid",
  CHD_METADATA_INVALID: "invalid",
  CHD_TRACKS_INVALID: "invalid",
  CHD_PARENT_MISSING: "not_found",
  CHD_PARENT_MISMATCH: "conflict",
  CHD_PARENT_DEPTH: "too_large",
  CHD_HUNK_INVALID: "invalid",
  CHD_HUNK_CRC: "invalid",
  CHD_HUNK_REFERENCE: "invalid",
  CHD_RANGE: "invalid",
  CHD_EXTRACT_FORMAT: "unsupported",
  // As calls on a closed client.
  CHD_CLOSED: "aborted",
  DISC_SHEET_INVALID: "invalid",
  DISC_FILE_MISSING: "not_found",
  DISC_FORMAT_UNKNOWN: "unsupported",
  DISC_RANGE: "invalid",
};

/** What the caller sees of whatever was thrown: an abort wins, errors of ours pass, anything unknown is a bug. */
export function toFailure(thrown: unknown, signal: AbortSignal | undefined): MultitapError {
  if (signal?.aborted) return abortedError(signal);
  if (isMultitapError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof NativeError ? thrown.code : "NATIVE_INTERNAL";
  return new MultitapError(NATIVE_KINDS[code], code, { message, cause: thrown });
}

/**
 * Runs work and lets nothing but errors of ours out of it.
 * @throws MultitapError `aborted` with the signal's reason as cause, or what the work met.
 */
export async function guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal?.aborted) throw abortedError(signal);
  try {
    return await work();
  } catch (thrown) {
    throw toFailure(thrown, signal);
  }
}

/**
 * Loads a part of this entry that is not there from the start.
 * @throws MultitapError `network` when it does not come; some browsers remember that until the page is reloaded.
 */
export async function loadPart<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new MultitapError("network", "NETWORK_FAILED", {
      message: "A part of the package could not be loaded",
      cause,
    });
  }
}
