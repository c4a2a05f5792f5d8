/** How long work may hold the thread before it lets others run, in milliseconds: half a frame at 60 Hz. */
const SLICE_MS = 8;

/** Lets other work run between two steps of long work. */
export interface Pacer {
  /** Rejects with the signal's reason after an abort; waits for a turn of the event loop when the slice is over. */
  step(): Promise<void> | void;
}

interface Loop {
  readonly setImmediate?: (callback: () => void) => unknown;
}

/** Gives the event loop a turn without the delays that browsers put on nested timers. */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as Loop;
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Creates a pacer for one piece of long work. */
export function createPacer(signal: AbortSignal | undefined): Pacer {
  let sliceEndsAtMs = performance.now() + SLICE_MS;
  return {
    step() {
      signal?.throwIfAborted();
      if (performance.now() < sliceEndsAtMs) return;
      return turn().then(() => {
        sliceEndsAtMs = performance.now() + SLICE_MS;
        signal?.throwIfAborted();
      });
    },
  };
}
