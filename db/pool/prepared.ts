/** Which statements the pool prepares: those that come again and again. */

/** Sightings after which a statement counts as one that comes again. */
const SEEN_MIN = 5;
/** Statements that each connection keeps prepared at most; the server holds some ten kilobytes for each. */
const PREPARED_MAX = 128;
/** Longer ones are lists of values or reports, whose plans are large. */
const TEXT_CHARS_MAX = 4_000;
/** Texts that are counted at once; whoever has not come back by then starts anew. */
const COUNTED_MAX = 1_000;

/** What a pool knows of the texts of its statements. */
export interface StatementBook {
  /** Counts a statement that is about to run; tells whether it is worth keeping prepared. */
  isFrequent(text: string): boolean;
}

/**
 * Makes an empty book. The driver prepares nothing that comes as text, so every statement with parameters goes to the
 * server twice, first to learn their types; a prepared one goes once, and is not parsed again.
 */
export function createStatementBook(): StatementBook {
  const counts = new Map<string, number>();
  const frequent = new Set<string>();
  return {
    isFrequent(text) {
      if (frequent.has(text)) return true;
      if (frequent.size >= PREPARED_MAX || text.length > TEXT_CHARS_MAX) return false;
      const count = (counts.get(text) ?? 0) + 1;
      if (count < SEEN_MIN) {
        if (counts.size >= COUNTED_MAX) counts.clear();
        counts.set(text, count);
        return false;
      }
      counts.delete(text);
      frequent.add(text);
      return true;
    },
  };
}
