import type { Scan } from "../../server/src/scan/contract.ts";
import type { ApiClient } from "./api-client.ts";
import { BenchError } from "./bench-error.ts";

/** Between two looks; the end is taken from the scan's own clock, so this adds nothing to the figure. */
const POLL_MS = 50;
const SCAN_MAX_MS = 10 * 60_000;

/** One scan from request to end. */
export interface ScanRun {
  readonly scan: Scan;
  /** From just before the request to the scan's own `finishedAt`, which has whole milliseconds. */
  readonly wallMs: number;
}

/** Scans the whole library and waits for the end. */
export async function runScan(client: ApiClient, type: Scan["type"]): Promise<ScanRun> {
  const requestedAtMs = Date.now();
  const started = (await client.mutate("scan.start", { type })) as Scan;
  const deadlineMs = requestedAtMs + SCAN_MAX_MS;
  while (Date.now() < deadlineMs) {
    await Bun.sleep(POLL_MS);
    const scan = (await client.query("scan.get", { scanId: started.id })) as Scan;
    if (scan.finishedAt === null) continue;
    if (scan.status === "done") return { scan, wallMs: Date.parse(scan.finishedAt) - requestedAtMs };
    throw new BenchError(`the scan ended as ${scan.status}: ${scan.errorMessage}`);
  }
  throw new BenchError(`the scan did not end within ${SCAN_MAX_MS} ms`);
}
