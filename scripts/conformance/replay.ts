/** Sends the recorded requests to our server in their order and compares what comes back. */
import { compareAnswers, type OurAnswer } from "./compare-answers.ts";
import type { Deviation } from "./compare-values.ts";
import { kindOfPath } from "./kinds.ts";
import { findRoute } from "./path-template.ts";
import { createSchemaChecker, type SchemaChecker, type SchemaFault } from "./schema.ts";
import { describeRoute } from "./served-routes.ts";
import type { Session } from "./session.ts";
import type { Step } from "./steps.ts";
import { translateRequest } from "./translate-request.ts";
import {
  type Finding,
  isList,
  isObject,
  type Json,
  type JsonObject,
  type Pair,
  type Route,
} from "./types.ts";

export interface ReplayOptions {
  readonly session: Session;
  readonly pairs: readonly Pair[];
  readonly steps: readonly Step[];
  /** Routes of the reference, with `isServed` by us. */
  readonly routes: readonly ServedRoute[];
  readonly document: JsonObject;
  readonly signal: AbortSignal;
}

export interface ServedRoute extends Route {
  readonly isServed: boolean;
}

/** What became of one pair. */
export interface PairResult {
  readonly pair: Pair;
  /** Null for requests to paths that no route has. */
  readonly route: ServedRoute | null;
  /** Null when the route is not served. */
  readonly answer: OurAnswer | null;
  readonly findings: readonly Finding[];
}

/** Replays every pair whose route we serve, with the steps between them. */
export async function replay(options: ReplayOptions): Promise<readonly PairResult[]> {
  const { session, pairs, steps, routes, document, signal } = options;
  const checker = createSchemaChecker(document);
  const uploaded = new Set(pairs.flatMap(listUploads));
  const results: PairResult[] = [];
  const waiting = [...steps];
  for (const pair of pairs) {
    signal.throwIfAborted();
    while (waiting[0] !== undefined && waiting[0].before <= pair.seq) await waiting.shift()?.run(session);
    const route = findRoute(routes, pair.request.method, pair.request.path);
    if (route?.isServed === false) {
      results.push({ pair, route, answer: null, findings: [] });
      continue;
    }
    const { answer, deviations } = await send(session, { pair, route, uploaded });
    const faults =
      route === null ? [] : checkAnswer(checker, document, { route, answer, recorded: pair.response.json });
    results.push({ pair, route, answer, findings: toFindings(pair.id, deviations, faults) });
  }
  return results;
}

async function send(
  session: Session,
  { pair, route, uploaded }: { pair: Pair; route: Route | null; uploaded: ReadonlySet<string> },
): Promise<{ readonly answer: OurAnswer; readonly deviations: readonly Deviation[] }> {
  const { correspondence, tokens } = session;
  const request = translateRequest(pair.request, { correspondence, tokens, template: route?.path ?? null });
  const answer = await session.call(request);
  session.answers.set(pair.seq, answer);
  const kind = kindOfPath(route?.path ?? "");
  const deviations = compareAnswers(pair.response, answer, {
    correspondence,
    kind,
    exchanged: request.exchanged,
    uploaded,
  });
  return { answer, deviations };
}

/** SHA-256 of every file that the recording uploads. */
function listUploads({ request }: Pair): readonly string[] {
  const parts = request.body?.multipart ?? [];
  return parts.flatMap(({ base64 }) =>
    base64 === undefined
      ? []
      : [new Bun.CryptoHasher("sha256").update(Buffer.from(base64, "base64")).digest("hex")],
  );
}

/** A lacking field that the schema and the recording show counts once. */
function toFindings(
  where: string,
  deviations: readonly Deviation[],
  faults: readonly SchemaFault[],
): readonly Finding[] {
  const lacking = new Set(deviations.filter(({ what }) => what === "field").map(({ at }) => at));
  return [
    ...deviations.map((deviation) => ({ where, ...deviation })),
    ...faults.filter(({ at }) => !lacking.has(at)).map((fault) => toSchemaFinding(where, fault)),
  ];
}

/** A fault against the reference's document as a finding. */
export function toSchemaFinding(where: string, { at, expected, found }: SchemaFault): Finding {
  return { where, what: "field", at, theirs: `schema: ${expected}`, ours: found };
}

export interface CheckOptions {
  readonly route: Route;
  readonly answer: OurAnswer;
  /** The recorded answer: where it breaks its own document, ours may as well. */
  readonly recorded?: Json | undefined;
}

/** Holds the JSON of an answer against the reference's schema for a success. */
export function checkAnswer(
  checker: SchemaChecker,
  document: JsonObject,
  { route, answer, recorded }: CheckOptions,
): readonly SchemaFault[] {
  if (answer.status >= 300 || answer.json === undefined) return [];
  const schema = findSchema(document, route);
  if (schema === null) return [];
  const excused = new Set(
    recorded === undefined
      ? []
      : checker.check(schema, recorded).map(({ at, expected }) => `${at} ${expected}`),
  );
  return checker.check(schema, answer.json).filter(({ at, expected }) => !excused.has(`${at} ${expected}`));
}

/** The schema of a route's success; null when its answer is not described. */
export function findSchema(document: JsonObject, route: Route): Json | null {
  const responses = describeRoute(document, route)?.responses;
  if (!isObject(responses)) return null;
  const success = responses["200"] ?? responses["201"];
  const content = isObject(success) ? success.content : undefined;
  const media = isObject(content) ? content["application/json"] : undefined;
  return isObject(media) ? (media.schema ?? null) : null;
}

/** Whether an answer is a list, or a page of one, and holds nothing; null when it is no list. */
export function isEmptyList(answer: OurAnswer): boolean | null {
  const { json } = answer;
  if (isList(json)) return json.length === 0;
  if (isObject(json) && isList(json.items)) return json.items.length === 0;
  return null;
}
