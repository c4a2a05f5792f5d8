import * as v from "valibot";
import { Id, list } from "../base/schemas.ts";

/** Characters of a search text. */
const TERM_CHARS_MAX = 400;

const Term = v.pipe(v.string(), v.maxLength(TERM_CHARS_MAX));

export const SearchRomsInput = v.strictObject({
  romId: Id,
  /** The rom's own name unless said. */
  term: v.optional(Term),
  by: v.optional(v.picklist(["name", "id"]), "name"),
});

export const SearchCoversInput = v.strictObject({ term: v.optional(Term, "") });

/** What a provider knows that could be a rom. */
export interface RomCandidate {
  readonly platformId: number;
  readonly name: string;
}

/** Pictures that a provider has under a name. */
export interface CoverCandidate {
  readonly name: string;
  readonly urls: readonly string[];
}

export const RomCandidatesSchema = list(v.object({ platformId: Id, name: v.string() }));
export const CoverCandidatesSchema = list(v.object({ name: v.string(), urls: list(v.string()) }));
