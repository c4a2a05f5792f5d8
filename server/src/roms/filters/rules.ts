import * as v from "valibot";
import { REGIONS } from "../../base/regions.data.ts";
import { SEARCH_WORDS_MAX } from "../limits.ts";
import { SoughtText, VIRTUAL_TYPES, type VirtualKey } from "./contract.ts";

/** One alternative of a search text. */
export interface SearchAlternative {
  /** All must occur in the name or the file name. */
  readonly words: readonly string[];
  /** Lower-case hex when the whole alternative looks like a CRC-32, MD5 or SHA-1. */
  readonly hash: string | null;
}

/** Splits a search text: `|` separates alternatives, white space separates words that must all occur. */
export function parseSearch(text: string): readonly SearchAlternative[] {
  let wordsLeft = SEARCH_WORDS_MAX;
  const alternatives: SearchAlternative[] = [];
  for (const piece of text.split("|")) {
    const words = piece
      .split(/\s+/)
      .filter((word) => word !== "")
      .slice(0, wordsLeft);
    wordsLeft -= words.length;
    if (words.length > 0) alternatives.push({ words, hash: toHash(piece.trim()) });
  }
  return alternatives;
}

function toHash(text: string): string | null {
  return /^([0-9a-f]{8}|[0-9a-f]{32}|[0-9a-f]{40})$/i.test(text) ? text.toLowerCase() : null;
}

const Key = v.object({ type: v.picklist(VIRTUAL_TYPES), name: SoughtText });

/** Reads the id of an automatic collection, with padding or without; null for anything else. */
export function parseVirtualId(id: string): VirtualKey | null {
  const parsed = v.safeParse(Key, parseJson(Buffer.from(id, "base64url").toString()));
  return parsed.success ? parsed.output : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A region as roms carry it, and where it stands in the operator's order; the first is 0. */
export interface RegionRank {
  readonly name: string;
  readonly rank: number;
}

/** Ranks the regions that an operator prefers; `priority` holds codes of providers or names, in lower case. */
export function rankRegions(priority: readonly string[]): readonly RegionRank[] {
  return REGIONS.flatMap(({ name, providerCode }) => {
    const rank = priority.findIndex((wish) => wish === providerCode || wish === name.toLowerCase());
    return rank < 0 ? [] : [{ name, rank }];
  });
}
