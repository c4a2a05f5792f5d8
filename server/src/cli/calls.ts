import * as v from "valibot";
import { CliError, ServerRefusal } from "./errors.ts";
import type { OpenedServer } from "./open-server.ts";

const Success = v.object({ result: v.object({ data: v.unknown() }) });
const Refusal = v.object({ error: v.object({ message: v.string(), data: v.object({ code: v.string() }) }) });

export interface MutationCall<T> {
  /** The procedure, such as `users.create`. */
  readonly operation: string;
  readonly input: unknown;
  readonly output: v.GenericSchema<unknown, T>;
}

/** Where a call goes, and what ends it early. */
export type CallTarget = Pick<OpenedServer, "client" | "signal">;

/**
 * Calls an operation that the client package has no function for, because only the command line uses it.
 * Nothing is retried.
 * @throws ServerRefusal with the server's code, MultitapError when no answer came.
 */
export async function callServer<T>(
  target: CallTarget,
  { operation, input, output }: MutationCall<T>,
): Promise<T> {
  const headers = { "content-type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(input) };
  return readAnswer(await send(target, `/trpc/${operation}`, sent), { operation, output });
}

/** Asks for what an operation tells, in the same way. */
export async function queryServer<T>(
  target: CallTarget,
  { operation, input, output }: MutationCall<T>,
): Promise<T> {
  const path = `/trpc/${operation}?input=${encodeURIComponent(JSON.stringify(input))}`;
  return readAnswer(await send(target, path, { method: "GET" }), { operation, output });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function readAnswer<T>(
  { status, text }: Answer,
  { operation, output }: Pick<MutationCall<T>, "operation" | "output">,
): T {
  const answer = v.safeParse(v.pipe(v.string(), v.parseJson()), text);
  const refusal = v.safeParse(Refusal, answer.output);
  if (refusal.success) throw new ServerRefusal(refusal.output.error.data.code, refusal.output.error.message);
  const success = v.safeParse(Success, answer.output);
  const data = success.success ? v.safeParse(output, success.output.result.data) : null;
  if (data?.success === true) return data.output;
  throw new CliError(
    "CLI_ANSWER_UNREADABLE",
    `the server's answer to ${operation} (${status}) is unreadable`,
  );
}

async function send({ client, signal }: CallTarget, path: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await client.fetch(path, { ...init, signal });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    // What we ended ourselves failed for the reason we ended it.
    throw signal.aborted ? signal.reason : error;
  }
}
