import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { BUN } from "./workspace.ts";

/** What a load generator is told. */
export interface LoadPlan {
  /** Where the server is, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  /** Null sends no Authorization header. */
  readonly authorization: string | null;
  /** Sends no Cookie header when left out. */
  readonly cookie?: string | undefined;
  readonly connections: number;
  readonly seconds: number;
}

/** What a load generator found. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Failed connections, time-outs, and answers that were not 2xx or 3xx. */
  readonly errors: number;
}

/** Drives load from a process of its own, so that it does not take the server's or the bench's thread. */
export interface LoadGenerator {
  readonly name: string;
  run(plan: LoadPlan): Promise<LoadResult>;
}

/** Grace beyond the planned time, after which the generator is ended. */
const GRACE_MS = 20_000;

/** Goes through the paths in turn and ends with one line of JSON; wrk's times are microseconds. */
const WRK_SCRIPT = `
local requests, turn = {}, 0
init = function(paths)
  for i = 1, #paths do requests[i] = wrk.format("GET", paths[i]) end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests":%d,"seconds":%f,"p50Ms":%f,"p95Ms":%f,"p99Ms":%f,"errors":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Chooses wrk where it is installed, else our own generator. */
export async function chooseLoadGenerator(
  cleanup: Cleanup,
  folder: string,
  wanted: "auto" | "wrk" | "own",
): Promise<LoadGenerator> {
  const wrk = wanted === "own" ? null : Bun.which("wrk");
  if (wrk === null) {
    if (wanted === "wrk") throw new BenchError("wrk is not installed");
    const script = join(import.meta.dir, "load-child.ts");
    return { name: "own (Bun fetch)", run: (plan) => runOwn(cleanup, script, plan) };
  }
  const script = join(folder, "report.lua");
  if (!existsSync(script)) await Bun.write(script, WRK_SCRIPT);
  return { name: "wrk, 1 thread", run: (plan) => runWrk(cleanup, [wrk, "-s", script], plan) };
}

async function runWrk(cleanup: Cleanup, wrk: readonly string[], plan: LoadPlan): Promise<LoadResult> {
  const { authorization, cookie } = plan;
  // As browsers and the libraries of apps do.
  const header = ["-H", "Accept-Encoding: gzip"];
  if (authorization !== null) header.push("-H", `Authorization: ${authorization}`);
  if (cookie !== undefined) header.push("-H", `Cookie: ${cookie}`);
  const size = ["-t", "1", "-c", String(plan.connections), "-d", `${plan.seconds}s`, "--timeout", "10s"];
  return await runGenerator(
    cleanup,
    [...wrk, ...size, ...header, plan.origin, "--", ...plan.paths],
    plan.seconds,
  );
}

async function runOwn(cleanup: Cleanup, script: string, plan: LoadPlan): Promise<LoadResult> {
  return await runGenerator(cleanup, [BUN, script, JSON.stringify(plan)], plan.seconds);
}

async function runGenerator(
  cleanup: Cleanup,
  command: readonly string[],
  seconds: number,
): Promise<LoadResult> {
  const text = await runChild(cleanup, command, seconds * 1000 + GRACE_MS);
  const found = /^RESULT (.*)$/m.exec(text)?.[1];
  if (found === undefined) throw new BenchError(`the load generator gave no result:\n${text}`);
  return JSON.parse(found) as LoadResult;
}

/**
 * Runs a program of the benchmark's own to its end and gives what it printed.
 * @throws BenchError when it fails or takes longer than `timeoutMs`; it is ended then.
 */
export async function runChild(
  cleanup: Cleanup,
  command: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const forget = cleanup.add(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const [output, errors] = await Promise.all([readText(child.stdout), readText(child.stderr), child.exited]);
  await forget();
  if (child.exitCode === 0) return output;
  throw new BenchError(`${command[0]} ended with ${child.exitCode ?? child.signalCode}: ${errors}${output}`);
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}
