/** The load generator where wrk is not installed: N connections, each with one request at a time. */
import type { LoadPlan, LoadResult } from "./load.ts";
import { percentile } from "./statistics.ts";

/** Answers whose time is kept: at 8 bytes each 32 MB; later ones are only counted. */
const TIMES_MAX = 4_000_000;

async function drive(plan: LoadPlan): Promise<LoadResult> {
  const { authorization, cookie } = plan;
  const headers = {
    "accept-encoding": "gzip",
    ...(authorization === null ? {} : { authorization }),
    ...(cookie === undefined ? {} : { cookie }),
  };
  const times = new Float64Array(TIMES_MAX);
  let turn = 0;
  let requests = 0;
  let errors = 0;
  const startedAtMs = performance.now();
  const endAtMs = startedAtMs + plan.seconds * 1000;
  const work = async (): Promise<void> => {
    for (let sentAtMs = performance.now(); sentAtMs < endAtMs; sentAtMs = performance.now()) {
      const path = plan.paths[turn++ % plan.paths.length] ?? "/";
      const isRight = await send(plan.origin + path, headers);
      if (!isRight) errors += 1;
      if (requests < TIMES_MAX) times[requests] = performance.now() - sentAtMs;
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: plan.connections }, work));
  const sorted = times.subarray(0, Math.min(requests, TIMES_MAX)).sort();
  return {
    requests,
    seconds: (performance.now() - startedAtMs) / 1000,
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    p99Ms: percentile(sorted, 0.99),
    errors,
  };
}

async function send(url: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const response = await fetch(url, { headers, decompress: false });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // Counted by the caller.
  }
}

const plan = JSON.parse(process.argv[2] ?? "{}") as LoadPlan;
console.log(`RESULT ${JSON.stringify(await drive(plan))}`);
