/**
 * Which of our ids, tokens and codes stands for which of the recording's. It is learned from answers: what stands
 * at the same place of both answers to the same request means the same.
 */
import type { IdKind } from "./kinds.ts";

/** Shorter texts are words, not tokens; replacing those inside of other texts would garble them. */
const TEXT_CHARACTERS_MIN = 8;
/** More than any recording holds; a run that learns more has gone wrong and stops learning. */
const ENTRIES_MAX = 100_000;

/** No table grows so far. */
const NOBODY = 99_999_999;

/** Makes an empty correspondence. */
export function createCorrespondence() {
  const ids = new Map<string, number>();
  /** Ids of ours that stand for one of theirs. */
  const taken = new Set<string>();
  const texts = new Map<string, string>();
  const keyOf = (kind: string, id: number) => `${kind} ${id}`;

  /** A text of ours for one of the recording; null when it is not known as a whole. */
  function findText(theirs: string): string | null {
    const known = texts.get(theirs);
    if (known !== undefined) return known;
    // Codes that people type come in lower case and with a dash.
    const plain = texts.get(theirs.replace("-", "").toUpperCase());
    if (plain === undefined) return null;
    const cased = theirs === theirs.toUpperCase() ? plain : plain.toLowerCase();
    const dash = theirs.indexOf("-");
    return dash < 0 ? cased : `${cased.slice(0, dash)}-${cased.slice(dash)}`;
  }

  return {
    /** Takes two ids as the same thing. Ids that are the same for everybody (0, -1) are never learned. */
    learnId(kind: IdKind, theirs: number, ours: number): void {
      if (kind === null || theirs <= 0 || ids.size >= ENTRIES_MAX) return;
      ids.set(keyOf(kind, theirs), ours);
      taken.add(keyOf(kind, ours));
    },
    /** Our id for one of the recording; null when none is known. */
    findId: (kind: IdKind, theirs: number): number | null =>
      kind === null || theirs <= 0 ? theirs : (ids.get(keyOf(kind, theirs)) ?? null),
    /**
     * The id to ask our server with. One that was never learned stays itself, as an id of nothing should; unless
     * something else has it here, then it becomes an id of nothing.
     */
    toOurs(kind: IdKind, theirs: number): number {
      if (kind === null || theirs <= 0) return theirs;
      const known = ids.get(keyOf(kind, theirs));
      return known ?? (taken.has(keyOf(kind, theirs)) ? NOBODY : theirs);
    },
    /** Takes two texts (tokens, codes, UUIDs) as the same thing. */
    learnText(theirs: string, ours: string): void {
      if (theirs.length < TEXT_CHARACTERS_MIN || texts.size >= ENTRIES_MAX) return;
      texts.set(theirs, ours);
    },
    findText,
    /** A text with every learned text in it replaced by ours. */
    translate(theirs: string): string {
      const whole = findText(theirs);
      if (whole !== null) return whole;
      // The longest first: a token may contain another text.
      const known = [...texts.keys()].filter((text) => theirs.includes(text));
      known.sort((a, b) => b.length - a.length);
      return known.reduce((text, key) => text.replaceAll(key, texts.get(key) ?? key), theirs);
    },
  };
}

export type Correspondence = ReturnType<typeof createCorrespondence>;
