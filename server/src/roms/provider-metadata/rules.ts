import type { ScanSource } from "../../base/library-config-readings.ts";
import { deriveSortKey } from "../../base/sort-key.ts";
import type { EnrichMode, RomAnswer } from "../../metadata/contract.ts";

/** A rom as it is before an answer is stored. */
export interface StoredRom {
  readonly id: number;
  readonly platformId: number;
  readonly fsName: string;
  readonly fsNameNoTags: string;
  readonly name: string | null;
  readonly nameSortKey: string;
  readonly summary: string | null;
  readonly regions: readonly string[];
  readonly languages: readonly string[];
  readonly urlCover: string;
  readonly urlManual: string;
  readonly urlScreenshots: readonly string[];
  readonly pathCoverSmall: string;
  readonly pathCoverLarge: string;
  readonly pathManual: string | null;
  readonly pathVideo: string | null;
  readonly pathScreenshots: readonly string[];
  /** Short names of the providers that know it. */
  readonly knownBy: readonly string[];
}

/** The columns of a rom that an answer may change. */
export type RomColumns = Pick<
  StoredRom,
  | "name"
  | "nameSortKey"
  | "summary"
  | "regions"
  | "languages"
  | "urlCover"
  | "urlManual"
  | "urlScreenshots"
  | "pathCoverSmall"
  | "pathCoverLarge"
  | "pathManual"
  | "pathVideo"
  | "pathScreenshots"
>;

/** How far an answer counts. */
export interface Weight {
  readonly provider: ScanSource;
  readonly mode: EnrichMode;
  /** Providers, the one that counts most first. */
  readonly priority: readonly ScanSource[];
}

/**
 * Tells whether an answer may take the place of what is there: only where nobody who counts more knows the rom, and
 * not where a scan was asked to fill gaps.
 */
export function mayReplace(
  { knownBy }: Pick<StoredRom, "knownBy">,
  { provider, mode, priority }: Weight,
): boolean {
  if (mode === "known" || mode === "unmatched") return false;
  const own = rankOf(priority, provider);
  return knownBy.every((other) => other === provider || rankOf(priority, other) > own);
}

/** Whoever the operator did not list counts least. */
function rankOf(priority: readonly string[], provider: string): number {
  const rank = priority.indexOf(provider);
  return rank < 0 ? priority.length : rank;
}

/** The texts of a rom after an answer. A name that only repeats the file's is none. */
export function mergeTexts(
  rom: StoredRom,
  answer: RomAnswer,
  isReplacing: boolean,
): Pick<RomColumns, "name" | "nameSortKey" | "summary" | "regions" | "languages"> {
  const isUnnamed = rom.name === null || ["", rom.fsName, rom.fsNameNoTags].includes(rom.name);
  const isRenamed = answer.name !== "" && (isReplacing || isUnnamed);
  const name = isRenamed ? answer.name : rom.name;
  const sorted = answer.sortName || answer.name;
  const choose = <T extends { readonly length: number } | null>(own: T, said: T): T =>
    said !== null && said.length > 0 && (isReplacing || own === null || own.length === 0) ? said : own;
  return {
    name,
    nameSortKey: isRenamed && sorted !== "" ? deriveSortKey(sorted) : rom.nameSortKey,
    summary: choose<string | null>(rom.summary, answer.summary),
    // A provider knows better than the name of a file, as far as it may say anything.
    regions: isReplacing || rom.regions.length === 0 ? orOwn(answer.regions, rom.regions) : rom.regions,
    languages:
      isReplacing || rom.languages.length === 0 ? orOwn(answer.languages, rom.languages) : rom.languages,
  };
}

function orOwn(said: readonly string[], own: readonly string[]): readonly string[] {
  return said.length > 0 ? said : own;
}
