import { type Finding, refuse } from "./findings.ts";
import type { Edge } from "./import-rules.ts";

/** The shortest way from `start` back to `start`, as edges, or null. */
function findWayBack(start: string, outgoing: ReadonlyMap<string, readonly Edge[]>): readonly Edge[] | null {
  const cameBy = new Map<string, Edge>();
  const queue: string[] = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const edge of outgoing.get(at) ?? []) {
      if (cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, edge);
      if (edge.to === start) return traceBack(start, cameBy);
      queue.push(edge.to);
    }
  }
  return null;
}

function traceBack(start: string, cameBy: ReadonlyMap<string, Edge>): readonly Edge[] {
  const way: Edge[] = [];
  let at = start;
  do {
    const edge = cameBy.get(at);
    if (edge === undefined) break;
    way.unshift(edge);
    at = edge.from;
  } while (at !== start);
  return way;
}

/** Finds run-time import cycles: one finding for each group of files that is caught in one. */
export function findCycles(edges: readonly Edge[]): Finding[] {
  const outgoing = Map.groupBy(edges, (edge) => edge.from);
  const reported = new Set<string>();
  const findings: Finding[] = [];
  for (const start of [...outgoing.keys()].sort()) {
    if (reported.has(start)) continue;
    const way = findWayBack(start, outgoing);
    const first = way?.[0];
    if (way === null || first === undefined) continue;
    for (const edge of way) reported.add(edge.from);
    const path = [start, ...way.map((edge) => edge.to)].join(" > ");
    findings.push(refuse({ file: start, line: first.line }, "cycle", `import cycle: ${path}`));
  }
  return findings;
}
