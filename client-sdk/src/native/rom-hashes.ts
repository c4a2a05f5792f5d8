import type { BytesInput } from "../transfers/types.ts";
import { digestAll } from "./digest-all.ts";
import { toSources } from "./inputs.ts";
import { findConsole, hashForRa, type RaAnswer } from "./ra-hash.ts";
import type { Hashes, HashTarget, NativeOptions, RomHashName } from "./types.ts";

const ALL_NAMES: readonly RomHashName[] = ["crc32", "md5", "sha1", "ra"];

/** Progress over several parts of a call, each with its own count. */
export interface PartProgress {
  /** Tells how far the present part is. */
  readonly report: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  /** The present part is over; what it did counts for the whole. */
  endPart(): void;
}

/** Adds up the parts of a call, so that the caller sees a number that only grows. */
export function createPartProgress(onProgress: NativeOptions["onProgress"]): PartProgress {
  let before = 0;
  let present = 0;
  return {
    report({ doneBytes, totalBytes }) {
      present = doneBytes;
      onProgress?.({ doneBytes: before + doneBytes, totalBytes: before + totalBytes });
    },
    endPart() {
      before += present;
      present = 0;
    },
  };
}

/** Digests and hash of a game; what is thrown is not yet of our class. */
export async function hashRomFiles<H extends RomHashName>(
  input: BytesInput | readonly BytesInput[],
  target: HashTarget,
  options: NativeOptions & { readonly names?: readonly H[] | undefined },
): Promise<Hashes<H> & { readonly raConsoleId: number | null }> {
  const { signal } = options;
  const names: ReadonlySet<RomHashName> = new Set(options.names ?? ALL_NAMES);
  const plain = (["crc32", "md5", "sha1"] as const).filter((name) => names.has(name));
  const progress = createPartProgress(options.onProgress);
  const digests =
    plain.length === 0
      ? {}
      : await digestAll(toSources(input), plain, { signal, onProgress: progress.report });
  progress.endPart();
  const answer: RaAnswer = names.has("ra")
    ? await hashForRa(input, target, { ...options, progress })
    : { raHash: null, raConsoleId: findConsole(target) };
  const ra = names.has("ra") ? { ra: answer.raHash } : {};
  const hashes: Partial<Hashes<RomHashName>> = { ...digests, ...ra };
  // The entries are exactly the chosen names, which spreading cannot express.
  return { ...(hashes as Hashes<H>), raConsoleId: answer.raConsoleId };
}
