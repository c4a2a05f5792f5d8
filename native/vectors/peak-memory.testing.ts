import { readFileSync, writeFileSync } from "node:fs";

/** Tells how far memory went up at most. */
export interface PeakMemory {
  /** Begins anew: what is held now is where growth starts. */
  start(): void;
  /** Growth at its highest since then, in bytes, whatever was freed again. */
  readGrowthBytes(): number;
}

const REFERENCES = "/proc/self/clear_refs";
/** Written there, it sets the process's highest mark back to what it holds. */
const RESET_MARK = "5";

function readStatusBytes(name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Gives what this process's memory did, by the kernel's own mark; null, with the reason printed, where there is none. */
export function createPeakMemory(): PeakMemory | null {
  let heldBytes = 0;
  const start = () => {
    writeFileSync(REFERENCES, RESET_MARK);
    heldBytes = readStatusBytes("VmRSS");
  };
  try {
    start();
  } catch (error) {
    console.warn(`skipped: measuring memory needs ${REFERENCES} of Linux (${String(error)})`);
    return null;
  }
  return { start, readGrowthBytes: () => Math.max(0, readStatusBytes("VmHWM") - heldBytes) };
}
