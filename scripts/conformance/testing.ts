/** Small answers, pairs and servers for the tests of this folder. */
import type { OurAnswer } from "./compare-answers.ts";
import type { Call, CallServer } from "./server.ts";
import type { AnswerRecord, Json, Pair, RequestRecord } from "./types.ts";

const JSON_HEADERS: OurAnswer["headers"] = [["content-type", "application/json"]];

/** An answer of ours with a JSON body. */
export function answerJson(json: Json, status = 200, headers = JSON_HEADERS): OurAnswer {
  return { status, headers, json, bytes: new TextEncoder().encode(JSON.stringify(json)) };
}

/** A recorded answer with a JSON body. */
export function recordJson(json: Json, status = 200, headers = JSON_HEADERS): AnswerRecord {
  return { status, headers, json };
}

/** A recorded request; GET without a body unless told. */
export function recordRequest(path: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return { method: "GET", path, headers: {}, body: null, ...more };
}

/** A recorded pair of the group "g". */
export function recordPair(seq: number, request: RequestRecord, response: AnswerRecord): Pair {
  return { id: `g/${seq}`, group: "g", seq, name: `pair ${seq}`, request, response };
}

/** A server that answers by `METHOD path`; everything else is unknown to it. `calls` lists what it was asked. */
export function createFakeServer(answers: Readonly<Record<string, OurAnswer>>): {
  readonly call: CallServer;
  readonly calls: readonly Call[];
} {
  const calls: Call[] = [];
  const call: CallServer = async (one) => {
    calls.push(one);
    return answers[`${one.method} ${one.path}`] ?? answerJson({ detail: "Not Found" }, 404);
  };
  return { call, calls };
}
