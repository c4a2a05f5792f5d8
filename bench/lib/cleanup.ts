type Undo = () => void | Promise<void>;

/** What a benchmark has to undo, last first. */
export interface Cleanup {
  /** Registers one step; the returned function runs it early, and then only once. */
  add(undo: Undo): () => Promise<void>;
}

/** Exit code of a program that ended by SIGINT, by custom. */
const INTERRUPTED = 130;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a benchmark and undoes what it registered, also after a failure or Ctrl-C: children stop, folders go.
 * The exit code says nothing about the figures: 0 unless the benchmark itself could not run.
 */
export async function runBench(work: (cleanup: Cleanup) => Promise<void>): Promise<void> {
  const steps: Undo[] = [];
  const undoAll = async (): Promise<void> => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await report(step);
  };
  const add = (undo: Undo) => {
    steps.push(undo);
    return async () => {
      const index = steps.indexOf(undo);
      if (index < 0) return;
      steps.splice(index, 1);
      await undo();
    };
  };
  let isInterrupted = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // A second Ctrl-C while children stop must not leave them behind.
      if (isInterrupted) return;
      isInterrupted = true;
      void undoAll().then(() => process.exit(INTERRUPTED));
    });
  }
  try {
    await work({ add });
  } catch (error) {
    // What fails because its children were stopped is no news.
    if (!isInterrupted) {
      console.error(error);
      process.exitCode = 1;
    }
  }
  await undoAll();
}

/** One step that fails must not keep the others from running. */
async function report(step: Undo): Promise<void> {
  try {
    await step();
  } catch (error) {
    console.error("could not clean up:", error);
  }
}
