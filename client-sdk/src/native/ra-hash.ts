import { type ByteSource, readExactly } from "@multitap/native/byte-source";
import { createPortableHasher } from "@multitap/native/portable-hash";
import { findRaConsole } from "@multitap/native/ra-platforms";
import { detectConsoles, hashRetroAchievements, type Md5, type RaInput } from "@multitap/native/rahash";
import type { BytesInput } from "../transfers/types.ts";
import { findChdOf } from "./chd-contents.ts";
import { loadPart } from "./failures.ts";
import { toSources } from "./inputs.ts";
import type { PartProgress } from "./rom-hashes.ts";
import type { HashTarget, NativeOptions } from "./types.ts";
import { toDecodeWorkers } from "./workers.ts";

/** What RetroAchievements' rules give; the console is the one whose rules were used. */
export interface RaAnswer {
  readonly raHash: string | null;
  readonly raConsoleId: number | null;
}

const CHD_MARK = "MComprHD";

/** Tells whether a source holds a CHD, whatever its name is. */
export async function isChd(source: ByteSource, signal: AbortSignal | undefined): Promise<boolean> {
  if (source.sizeBytes < CHD_MARK.length) return false;
  const bytes = await readExactly(source, { start: 0, end: CHD_MARK.length }, signal);
  return String.fromCharCode(...bytes) === CHD_MARK;
}

/** What reads discs in CHDs: loaded for these only. */
const loadDiscs = () => loadPart(import("@multitap/native/disc-chd"));

/** Gives what the rules look at. A CHD without the name of one (bytes, a plain blob) gets it: names decide there. */
async function toRaInput(
  input: BytesInput | readonly BytesInput[],
  signal: AbortSignal | undefined,
): Promise<RaInput> {
  const sources = toSources(input);
  const [only, ...others] = sources;
  if (only === undefined || others.length > 0) return sources;
  const [given] = Array.isArray(input) ? input : [input];
  const chd = given === undefined ? null : findChdOf(given);
  if (chd !== null) return (await loadDiscs()).chdDisc(chd, signal);
  if (!(await isChd(only, signal))) return only;
  const hasName = only.name.toLowerCase().endsWith(".chd");
  return hasName ? only : { ...only, name: `${only.name}.chd` };
}

/** Gives MD5s one after the other on one hasher, as the rules use them. */
async function loadMd5(): Promise<() => Md5> {
  const hasher = await createPortableHasher(["md5"]);
  return () => {
    // Starts over, should the one before not have been finished.
    hasher.digest();
    return { update: (bytes) => hasher.update(bytes), digestHex: () => hasher.digest().md5 };
  };
}

/** Gives the console that a target names; null where its platform has none, and for "detect". */
export function findConsole(target: HashTarget): number | null {
  if (target === "detect") return null;
  return "platform" in target ? findRaConsole(target.platform) : target.raConsoleId;
}

/** Hashes by the rules of one console, or of the first that fits; what is thrown is not yet of our class. */
export async function hashForRa(
  input: BytesInput | readonly BytesInput[],
  target: HashTarget,
  options: NativeOptions & { readonly progress: PartProgress },
): Promise<RaAnswer> {
  const { signal, progress } = options;
  const workers = toDecodeWorkers(options.workers);
  const named = findConsole(target);
  if (named === null && target !== "detect") return { raHash: null, raConsoleId: null };
  const raInput = await toRaInput(input, signal);
  const consoles = named === null ? await detectConsoles(raInput, { signal }) : [named];
  const createMd5 = await loadMd5();
  for (const raConsoleId of consoles) {
    const { raHash } = await hashRetroAchievements(raInput, raConsoleId, {
      createMd5,
      signal,
      onProgress: progress.report,
      openChd: async (source, openSignal) =>
        (await loadDiscs()).openChdDisc(source, { signal: openSignal, workers }),
    });
    progress.endPart();
    if (raHash !== null) return { raHash, raConsoleId };
  }
  return { raHash: null, raConsoleId: named };
}
