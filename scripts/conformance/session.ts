/** What a replay knows while it runs: who is who, which tokens it holds, and what came back so far. */
import type { OurAnswer } from "./compare-answers.ts";
import { type Correspondence, createCorrespondence } from "./correspondence.ts";
import type { CallServer } from "./server.ts";
import { isObject, type Json, show } from "./types.ts";

export interface Session {
  readonly call: CallServer;
  readonly correspondence: Correspondence;
  /** By the names in braces of recorded headers. */
  readonly tokens: Map<string, string>;
  /** Our answers by the recording's numbers. */
  readonly answers: Map<number, OurAnswer>;
  /** What could not be made ready, in words. */
  readonly notes: string[];
}

/** Makes the session of one server. */
export function createSession(call: CallServer): Session {
  return { call, correspondence: createCorrespondence(), tokens: new Map(), answers: new Map(), notes: [] };
}

export interface Ask {
  readonly token?: string | undefined;
  readonly json?: Json | undefined;
  readonly form?: Readonly<Record<string, string>> | undefined;
  readonly multipart?: FormData | undefined;
}

/** Asks for something that must work; null, and a note, when it does not. */
export async function ask(session: Session, request: string, options: Ask = {}): Promise<Json | null> {
  const [method = "GET", path = "/"] = request.split(" ");
  const { token, json, form, multipart = null } = options;
  const secret = token === undefined ? undefined : session.tokens.get(token);
  const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const hasBody = json !== undefined || form !== undefined;
  const headers = {
    ...(hasBody ? { "content-type": type } : {}),
    ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
  };
  const text = form === undefined ? JSON.stringify(json) : new URLSearchParams(form).toString();
  const answer = await session.call({ method, path, headers, body: hasBody ? text : multipart });
  if (answer.status < 300) return answer.json ?? null;
  session.notes.push(`${request} answered ${answer.status} ${show(answer.json)}`);
  return null;
}

/** A field of an answer that is a text or a number; null when it is not there. */
export function pick(answer: Json | null | undefined, ...names: readonly string[]): string | number | null {
  let value: Json | undefined = answer ?? null;
  for (const name of names) value = isObject(value) ? value[name] : undefined;
  return typeof value === "string" || typeof value === "number" ? value : null;
}
