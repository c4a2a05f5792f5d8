/** The published entries as data: what the build makes, what `exports` says, and what each may weigh. */

const KIB = 1024;

/** What an app loads of an entry, min+gzip. */
export interface EntryWeight {
  /** What the design allows. */
  readonly budgetBytes: number;
  /** What decision 0015 records; more than this fails the build. At most the budget unless the miss is recorded. */
  readonly recordedBytes: number;
}

/** One published entry. */
export interface Entry {
  /** As in `exports`. */
  readonly name: string;
  /** Below `client-sdk/src`. */
  readonly source: string;
  /** Below `dist`, without an extension. */
  readonly output: string;
  /** Null for a file that runs beside the app, in a thread of its own. */
  readonly weight: EntryWeight | null;
}

/** Entries in the order of `exports`. */
export const ENTRIES: readonly Entry[] = [
  entry(".", "index", { budget: 20, recorded: 31 }),
  entry("./browser", "entries/browser", { budget: 3, recorded: 5 }),
  entry("./native", "entries/native", { budget: 7, recorded: 7 }),
  { name: "./native/worker", source: "entries/native-worker.ts", output: "native/worker", weight: null },
  entry("./netplay", "entries/netplay", { budget: 9, recorded: 9 }),
  entry("./node", "entries/node", { budget: 6, recorded: 11.5 }),
  entry("./sync", "entries/sync", { budget: 9, recorded: 9 }),
];

/** The worker's other face: in Node the way to its creator is not global. */
export const NODE_WORKER: Entry = {
  name: "./native/worker",
  source: "entries/native-worker-node.ts",
  output: "native/worker-node",
  weight: null,
};

/** Files that are handed out as they are; below `dist`, named alike in `exports`. */
export const WASM_FILES = ["native/disc.wasm", "native/hash.wasm"] as const;

function entry(
  name: string,
  source: string,
  { budget, recorded }: { budget: number; recorded: number },
): Entry {
  const output = source.replace(/^entries\//, "");
  const weight = { budgetBytes: budget * KIB, recordedBytes: recorded * KIB };
  return { name, source: `${source}.ts`, output, weight };
}
