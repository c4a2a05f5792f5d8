import { assert } from "../../base/assert.ts";
import { PROGRESS_INTERVAL_MS, SCRATCH_MAX_BYTES } from "./limits.ts";

/** Creates a lender of one growing buffer, see `TaskContext.scratch`. */
export function createScratch(): (sizeBytes: number) => Uint8Array {
  let buffer = new Uint8Array(0);
  return (sizeBytes) => {
    assert(sizeBytes > 0 && sizeBytes <= SCRATCH_MAX_BYTES, `scratch buffer of ${sizeBytes} bytes`);
    if (buffer.length < sizeBytes) buffer = new Uint8Array(sizeBytes);
    return buffer.subarray(0, sizeBytes);
  };
}

/** Creates a reporter that passes the first report on and then one per interval; null drops all. */
export function createReporter<P>(pass: ((progress: P) => void) | null): (progress: P) => void {
  if (pass === null) return () => undefined;
  let nextAtMs = 0;
  return (progress) => {
    const nowMs = performance.now();
    if (nowMs < nextAtMs) return;
    nextAtMs = nowMs + PROGRESS_INTERVAL_MS;
    pass(progress);
  };
}
