/** Sends made bodies over N connections, each with one request at a time; what it sends lies in a file. */
import type { LoadResult } from "./load.ts";
import type { PostOrder } from "./measure-posts.ts";
import { percentile } from "./statistics.ts";

/** Characters of a refusal that are worth showing. */
const REFUSAL_CHARS = 300;

async function drive({ url, authorization, bodies, from, connections, seconds }: PostOrder) {
  const times: number[] = [];
  let errors = 0;
  let refusal = "";
  let number = from;
  const startedAtMs = performance.now();
  const endAtMs = startedAtMs + seconds * 1000;
  const work = async (): Promise<void> => {
    for (let sentAtMs = performance.now(); sentAtMs < endAtMs; sentAtMs = performance.now()) {
      const own = number++;
      const each = bodies[own % bodies.length];
      if (each === undefined) return;
      const text = each.parts.join(String(own));
      const headers = { authorization, "content-type": each.contentType };
      const response = await fetch(url + each.path, { method: "POST", headers, body: text });
      const answer = await response.text();
      if (!response.ok) {
        errors += 1;
        refusal = `${response.status} ${answer.slice(0, REFUSAL_CHARS)}`;
      }
      times.push(performance.now() - sentAtMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  times.sort((a, b) => a - b);
  const result: LoadResult & { readonly refusal: string } = {
    requests: times.length,
    seconds: (performance.now() - startedAtMs) / 1000,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
    errors,
    refusal,
  };
  return result;
}

const order = JSON.parse(await Bun.file(process.argv[2] ?? "").text()) as PostOrder;
console.log(`RESULT ${JSON.stringify(await drive(order))}`);
