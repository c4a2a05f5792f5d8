import { join } from "node:path";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { type LoadResult, runChild } from "./load.ts";
import { readChildrenCpuMs, readCpuMs } from "./processes.ts";
import { type Summary, summarize } from "./statistics.ts";
import type { ServerSession } from "./with-server.ts";
import { BUN } from "./workspace.ts";

/** A body that is sent; between its parts comes a number that no other request has. */
export interface PostBody {
  readonly path: string;
  readonly contentType: string;
  readonly parts: readonly string[];
}

/** What the sending process is told. */
export interface PostOrder {
  readonly url: string;
  readonly authorization: string;
  /** Sent in turn. */
  readonly bodies: readonly PostBody[];
  /** The first number. */
  readonly from: number;
  readonly connections: number;
  readonly seconds: number;
}

/** One kind of request that is measured. */
export interface PostCase {
  readonly name: string;
  readonly bodies: readonly PostBody[];
  readonly connections: number;
}

/** What the rounds of one case gave. */
export interface PostFigures {
  readonly perSecond: Summary;
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
  readonly serverCpuMs: Summary;
  readonly databaseCpuMs: Summary;
  /** Bytes of one body, sent and answered. */
  readonly sentBytes: number;
  readonly answeredBytes: number;
  readonly requests: number;
}

export interface PostPlan {
  /** Where orders are written. */
  readonly folder: string;
  readonly seconds: number;
  readonly rounds: number;
}

const GRACE_MS = 60_000;
const WARM_SECONDS = 1;
/** Far above what one round sends. */
const NUMBERS_PER_ROUND = 10_000_000;

let roundCount = 0;

/**
 * Sends one body, warms up, then measures some rounds. CPU is that of the server and of its PostgreSQL.
 * @throws BenchError when anything is refused: an error would be fast, too.
 */
export async function measurePosts(
  cleanup: Cleanup,
  { server, client }: ServerSession,
  { bodies, connections, name, ...plan }: PostCase & PostPlan,
): Promise<PostFigures> {
  const { url, authorization } = client;
  const order = { url, authorization, bodies, connections };
  const [body] = bodies;
  if (body === undefined) throw new BenchError(`${name}: nothing to send`);
  const text = body.parts.join("first");
  const headers = { authorization, "content-type": body.contentType };
  const first = await fetch(url + body.path, { method: "POST", headers, body: text });
  const answer = await first.bytes();
  if (!first.ok) throw new BenchError(`${name}: ${first.status} ${new TextDecoder().decode(answer)}`);
  const run = async (seconds: number) => {
    roundCount += 1;
    const path = join(plan.folder, "order.json");
    await Bun.write(path, JSON.stringify({ ...order, seconds, from: roundCount * NUMBERS_PER_ROUND }));
    return await send(cleanup, name, { path, seconds });
  };
  await run(WARM_SECONDS);
  const rounds: (LoadResult & { readonly serverCpuMs: number; readonly databaseCpuMs: number })[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    const before = { server: readCpuMs(server.pid), database: readChildrenCpuMs(server.pid) };
    const result = await run(plan.seconds);
    rounds.push({
      ...result,
      serverCpuMs: (readCpuMs(server.pid) - before.server) / result.requests,
      databaseCpuMs: (readChildrenCpuMs(server.pid) - before.database) / result.requests,
    });
  }
  return {
    perSecond: summarize(rounds.map(({ requests, seconds }) => requests / seconds)),
    p50Ms: summarize(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: summarize(rounds.map(({ p99Ms }) => p99Ms)),
    serverCpuMs: summarize(rounds.map(({ serverCpuMs }) => serverCpuMs)),
    databaseCpuMs: summarize(rounds.map(({ databaseCpuMs }) => databaseCpuMs)),
    sentBytes: Buffer.byteLength(text),
    answeredBytes: answer.byteLength,
    requests: rounds.reduce((sum, { requests }) => sum + requests, 0),
  };
}

async function send(
  cleanup: Cleanup,
  name: string,
  { path, seconds }: { readonly path: string; readonly seconds: number },
): Promise<LoadResult> {
  const command = [BUN, join(import.meta.dir, "post-child.ts"), path];
  const text = await runChild(cleanup, command, seconds * 1000 + GRACE_MS);
  const [, json] = /^RESULT (.*)$/m.exec(text) ?? [];
  if (json === undefined) throw new BenchError(`the load generator gave no result:\n${text}`);
  const result = JSON.parse(json) as LoadResult & { readonly refusal: string };
  if (result.errors > 0) throw new BenchError(`${name}: ${result.errors} refused, such as ${result.refusal}`);
  return result;
}
