import { describe, expect, test } from "bun:test";
import type { OurAnswer } from "./compare-answers.ts";
import { replay, type ServedRoute } from "./replay.ts";
import { createSession } from "./session.ts";
import type { Step } from "./steps.ts";
import { answerJson, createFakeServer, recordJson, recordPair, recordRequest } from "./testing.ts";
import type { JsonObject, Pair } from "./types.ts";

const roms = { type: "array", items: { type: "object", required: ["id", "name"] } };
const document: JsonObject = {
  paths: {
    "/api/roms": { get: { responses: { "200": { content: { "application/json": { schema: roms } } } } } },
  },
};
const routes: readonly ServedRoute[] = [
  { method: "GET", path: "/api/roms", isServed: true },
  { method: "GET", path: "/api/roms/{id}", isServed: true },
  { method: "GET", path: "/api/music", isServed: false },
];

interface Play {
  readonly answers: Readonly<Record<string, OurAnswer>>;
  readonly pairs: readonly Pair[];
  readonly steps?: readonly Step[];
}

async function play({ answers, pairs, steps = [] }: Play) {
  const server = createFakeServer(answers);
  const session = createSession(server.call);
  const signal = new AbortController().signal;
  const results = await replay({ session, pairs, steps, routes, document, signal });
  return { results, calls: server.calls };
}

describe("replay", () => {
  test("asks for our own ids once it knows them", async () => {
    const { results, calls } = await play({
      answers: {
        "GET /api/roms": answerJson([{ id: 70, name: "a" }]),
        "GET /api/roms/70": answerJson({ id: 70, name: "a" }),
      },
      pairs: [
        recordPair(1, recordRequest("/api/roms"), recordJson([{ id: 25, name: "a" }])),
        recordPair(2, recordRequest("/api/roms/25"), recordJson({ id: 25, name: "a" })),
      ],
    });
    expect(calls.map(({ path }) => path)).toEqual(["/api/roms", "/api/roms/70"]);
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
  });

  test("holds answers against the schema too, where the recording keeps to it itself", async () => {
    const answers = { "GET /api/roms": answerJson([{ name: "a" }]) };
    const [kept] = (
      await play({
        answers,
        pairs: [recordPair(1, recordRequest("/api/roms"), recordJson([]))],
      })
    ).results;
    expect(kept?.findings).toContainEqual({
      where: "g/1",
      what: "field",
      at: "[].id",
      theirs: "schema: a field",
      ours: "absent",
    });
    const [broken] = (
      await play({
        answers,
        pairs: [recordPair(1, recordRequest("/api/roms"), recordJson([{ name: "a" }]))],
      })
    ).results;
    expect(broken?.findings).toEqual([]);
  });

  test("leaves out routes that are not served, and asks for paths that no route has", async () => {
    const { results, calls } = await play({
      answers: {},
      pairs: [
        recordPair(1, recordRequest("/api/music"), recordJson([])),
        recordPair(2, recordRequest("/api/nothing"), recordJson({ detail: "Not Found" }, 404)),
      ],
    });
    expect(calls.map(({ path }) => path)).toEqual(["/api/nothing"]);
    expect(results.map(({ answer, findings }) => [answer?.status ?? null, findings.length])).toEqual([
      [null, 0],
      [404, 0],
    ]);
  });

  test("takes each step before the first pair that needs it", async () => {
    const order: string[] = [];
    const step = (before: number): Step => ({
      before,
      run: async ({ answers }) => void order.push(`step ${before} after ${answers.size}`),
    });
    const pair = (seq: number) => recordPair(seq, recordRequest("/api/nothing"), recordJson({}, 404));
    await play({
      answers: {},
      pairs: [pair(1), pair(5), pair(9)],
      steps: [step(1), step(4), step(5), step(9)],
    });
    expect(order).toEqual(["step 1 after 0", "step 4 after 1", "step 5 after 1", "step 9 after 2"]);
  });
});
