/** One whole look at a running server: its routes, its inputs, the replay, and calls that the replay lacks. */
import type { OurAnswer } from "./compare-answers.ts";
import { EXTRA_CALLS, type ExtraCall } from "./extra-calls.ts";
import { compareInputs } from "./parameters.ts";
import { fillPath, formOf } from "./path-template.ts";
import {
  checkAnswer,
  findSchema,
  isEmptyList,
  type PairResult,
  replay,
  type ServedRoute,
  toSchemaFinding,
} from "./replay.ts";
import { createSchemaChecker } from "./schema.ts";
import { SEED_ROUTES } from "./seed-routes.data.ts";
import { isServed } from "./served-routes.ts";
import type { CallServer } from "./server.ts";
import { createSession } from "./session.ts";
import { STEPS } from "./steps.ts";
import { translateRequest } from "./translate-request.ts";
import { type Finding, isObject, type Json, type JsonObject, type Pair, type Route, show } from "./types.ts";

export interface RunInput {
  readonly call: CallServer;
  readonly routes: readonly Route[];
  readonly document: JsonObject;
  readonly pairs: readonly Pair[];
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly routes: readonly ServedRoute[];
  readonly pairs: readonly PairResult[];
  /** Of pairs, inputs, extra calls and lists that were never seen with anything in them. */
  readonly findings: readonly Finding[];
  /** What could not be made ready for the replay. */
  readonly notes: readonly string[];
  /** Served routes with JSON answers that no call reached with success. */
  readonly unseen: readonly string[];
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** Looks at everything; failures of ours are findings, not errors. */
export async function runConformance(input: RunInput): Promise<RunResult> {
  const { call, document, pairs, signal } = input;
  const ourDocument = (await call({ method: "GET", path: "/openapi.json" })).json;
  if (!isObject(ourDocument)) throw new RangeError("our server has no /openapi.json");
  const routes: ServedRoute[] = [];
  for (const route of uniteRoutes(input.routes, SEED_ROUTES)) {
    routes.push({ ...route, isServed: await isServed(call, ourDocument, route) });
  }
  const served = routes.filter((route) => route.isServed);
  const session = createSession(call);
  const results = await replay({ session, pairs, steps: STEPS, routes, document, signal });

  const seen = collectAnswers(results);
  const checker = createSchemaChecker(document);
  const extra: Finding[] = [];
  for (const one of listExtraCalls(served, document, seen)) {
    signal.throwIfAborted();
    const answer = await callExtra(session, one);
    const where = nameOf(one);
    if (one.isExpected && answer.status !== (one.status ?? 200)) {
      const theirs = String(one.status ?? 200);
      extra.push({ where, what: "status", at: "", theirs, ours: `${answer.status} ${show(answer.json)}` });
    }
    if (answer.status >= 300) continue;
    seen.set(where, [...(seen.get(where) ?? []), answer]);
    extra.push(
      ...checkAnswer(checker, document, { route: one, answer }).map((fault) => toSchemaFinding(where, fault)),
    );
  }
  const documents = { theirs: document, ours: ourDocument };
  return {
    routes,
    pairs: results,
    findings: [
      ...results.flatMap(({ findings }) => findings),
      ...served.flatMap((route) => compareInputs(documents, route)),
      ...extra,
      ...findEmptyLists(seen),
    ],
    notes: session.notes,
    unseen: served
      .filter((route) => !seen.has(nameOf(route)) && findSchema(document, route) !== null)
      .map(nameOf),
  };
}

function uniteRoutes(...lists: readonly (readonly Route[])[]): readonly Route[] {
  const all = lists.flat().map((route) => [`${route.method} ${formOf(route.path)}`, route] as const);
  // The first name of a route counts.
  return [...new Map(all.toReversed()).values()].toReversed();
}

/** Successful answers by route. */
function collectAnswers(results: readonly PairResult[]): Map<string, readonly OurAnswer[]> {
  const seen = new Map<string, readonly OurAnswer[]>();
  for (const { route, answer } of results) {
    if (route === null || answer === null || answer.status >= 300) continue;
    seen.set(nameOf(route), [...(seen.get(nameOf(route)) ?? []), answer]);
  }
  return seen;
}

/** The calls of the table, then every other reading route that has not answered with success yet and needs nothing. */
function listExtraCalls(
  served: readonly ServedRoute[],
  document: JsonObject,
  seen: ReadonlyMap<string, unknown>,
): readonly (ExtraCall & { readonly isExpected: boolean })[] {
  const fromTable = EXTRA_CALLS.filter((one) => served.some((route) => nameOf(route) === nameOf(one)));
  const named = new Set(fromTable.map(nameOf));
  const others = served.filter(
    (route) =>
      route.method === "GET" &&
      !route.path.includes("{") &&
      !seen.has(nameOf(route)) &&
      !named.has(nameOf(route)) &&
      findSchema(document, route) !== null,
  );
  return [
    ...fromTable.map((one) => ({ ...one, isExpected: true })),
    ...others.map((one) => ({ ...one, isExpected: false })),
  ];
}

async function callExtra(session: ReturnType<typeof createSession>, one: ExtraCall): Promise<OurAnswer> {
  const body: Json | undefined = one.json;
  const record = {
    method: one.method,
    path: fillPath(one.path, one.values ?? {}),
    headers: {
      Authorization: "Bearer {admin token}",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? null : { json: body },
  };
  const { correspondence, tokens } = session;
  return session.call(translateRequest(record, { correspondence, tokens, template: one.path }));
}

/** Lists that only ever answered nothing: they might as well not be there. */
function findEmptyLists(seen: ReadonlyMap<string, readonly OurAnswer[]>): readonly Finding[] {
  return [...seen].flatMap(([where, answers]): readonly Finding[] => {
    const states = answers.map(isEmptyList).filter((state) => state !== null);
    if (states.length === 0 || states.includes(false)) return [];
    return [{ where, what: "empty", at: "", theirs: "a list", ours: "only ever empty" }];
  });
}
