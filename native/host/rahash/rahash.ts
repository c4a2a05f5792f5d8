import { NativeError, type NativeErrorCode } from "../errors.ts";
import { createContext } from "./context.ts";
import { RaRefusal } from "./refusal.ts";
import { raRules } from "./rules/index.ts";
import { openTarget } from "./target.ts";
import type { RaHashOptions, RaHashResult, RaInput, RaMissReason } from "./types.ts";

export { detectConsoles } from "./detect.ts";
export { filesOfSources, findRaEntry } from "./files.ts";
export { findSkippedBytes } from "./rules/skipped-bytes.ts";
export type * from "./types.ts";

/**
 * Gives the hash by which RetroAchievements knows a game. Of several files the one to start at is picked, `.m3u`
 * playlists are followed, and of a ZIP the largest member counts. Bytes are read in parts of at most 1 MiB and not
 * kept. An input without a hash is an answer, with the reason; it never rejects because of what the input holds.
 * @param consoleId RetroAchievements' own id of the console.
 * @throws NativeError when a source gives other bytes than promised, or a disc was closed. What a source or
 *   `find` rejects with comes through as it is, and so does the signal's reason.
 */
export async function hashRetroAchievements(
  input: RaInput,
  consoleId: number,
  options: RaHashOptions,
): Promise<RaHashResult> {
  options.signal?.throwIfAborted();
  const rule = raRules.get(consoleId);
  if (rule === undefined)
    return toMiss("no_rule", new RaRefusal("no_rule", `console ${consoleId} has no hash`));
  const context = createContext(options);
  try {
    await rule(await openTarget(context, input, consoleId), context);
    return { raHash: context.takeDigest() };
  } catch (error) {
    const reason = findReason(error);
    if (reason === null) throw error;
    return toMiss(reason, error);
  } finally {
    await context.close();
  }
}

function toMiss(reason: RaMissReason, error: unknown): RaHashResult {
  const isOwn = error instanceof RaRefusal;
  const message = error instanceof Error ? error.message : String(error);
  return { raHash: null, reason, message, cause: isOwn ? error.cause : error };
}

/** What an opened disc refuses because of its content; other codes are the caller's or the machine's trouble. */
const DISC_REASONS: { readonly [C in NativeErrorCode]?: RaMissReason } = {
  CHD_NOT_A_CHD: "unrecognized",
  CHD_HEADER_INVALID: "damaged",
  CHD_TOO_LARGE: "over_limit",
  CHD_UNSUPPORTED: "unsupported",
  CHD_MAP_INVALID: "damaged",
  CHD_METADATA_INVALID: "damaged",
  CHD_TRACKS_INVALID: "damaged",
  CHD_PARENT_MISSING: "file_missing",
  CHD_PARENT_MISMATCH: "file_missing",
  CHD_PARENT_DEPTH: "over_limit",
  CHD_HUNK_INVALID: "damaged",
  CHD_HUNK_CRC: "damaged",
  CHD_HUNK_REFERENCE: "damaged",
  DISC_SHEET_INVALID: "damaged",
  DISC_FILE_MISSING: "file_missing",
  DISC_FORMAT_UNKNOWN: "unrecognized",
};

/** Tells why the input has no hash; null where the error is not about the input. */
function findReason(error: unknown): RaMissReason | null {
  if (error instanceof RaRefusal) return error.reason;
  return error instanceof NativeError ? (DISC_REASONS[error.code] ?? null) : null;
}
