import { answerError, notOurs, parseJson, readText } from "../http/answers.ts";
import type { Exchange } from "../http/exchange.ts";
import { fromFailureData } from "../rpc/failures.ts";

/** A call of an operation that anybody may call. */
export interface OpenCall {
  /** Such as `deviceFlow.start`. */
  readonly operation: string;
  readonly input: unknown;
  /** The same for repeats of a call whose answer was lost: the server then answers again. */
  readonly repeatKey?: string | undefined;
}

/**
 * Calls an operation without authorization.
 * @returns The server's answer; type tests hold `T` against its contract.
 * @throws MultitapError
 */
export async function callOpen<T>(
  { url, exchange }: { readonly url: string; readonly exchange: Exchange },
  { operation, input, repeatKey }: OpenCall,
  signal: AbortSignal,
): Promise<T> {
  const headers = {
    "content-type": "application/json",
    ...(repeatKey !== undefined && { "idempotency-key": repeatKey }),
  };
  const body = JSON.stringify(input);
  const response = await exchange(`${url}/trpc/${operation}`, { method: "POST", headers, body, signal });
  const text = await readText(response);
  const answer = parseJson(text) as RpcAnswer | null | undefined;
  const failure = answer?.error?.data;
  if (failure !== undefined) throw fromFailureData(answer?.error?.message ?? "", failure);
  if (!response.ok) throw answerError(response, text);
  if (answer?.result === undefined) throw notOurs(response);
  return answer.result.data as T;
}

interface RpcAnswer {
  readonly result?: { readonly data: unknown };
  readonly error?: { readonly message?: string; readonly data?: object };
}
