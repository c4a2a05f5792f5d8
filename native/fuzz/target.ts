/** What one run of an input came to. */
export interface Outcome {
  /** What went wrong: a trap, an error that is none of ours, a write beside the output. Null: as it should be. */
  readonly problem: string | null;
  /** What it reached: numbers that mean nothing but that they are the same for the same thing. */
  readonly features: readonly number[];
}

/** Something that takes bytes of which nothing is known. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs above this are cut, in bytes. */
  readonly inputBytesMax: number;
  /** Valid inputs to start from, made of the vectors. */
  listSeeds(): Promise<readonly Uint8Array[]>;
  run(input: Uint8Array): Promise<Outcome>;
}

/** Features of outcomes begin here, those of counters below. */
const OUTCOME_FEATURES = 1 << 20;

/** Gives a feature for a text, numbers and quotations in it left out, and sizes by their order of magnitude. */
export function featureOf(text: string, ...sizes: readonly number[]): number {
  const shape = `${text.replace(/"(?:[^"\\]|\\.)*"|\d+/g, "0")}:${sizes.map((size) => Math.ceil(Math.log2(size + 1))).join()}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < shape.length; at += 1) hash = Math.imul(hash ^ shape.charCodeAt(at), 0x01000193);
  return OUTCOME_FEATURES + (hash >>> 8);
}
