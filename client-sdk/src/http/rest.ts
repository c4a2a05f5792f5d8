import type { Authorization } from "../auth/proof.ts";
import { toAnswerError } from "./answers.ts";
import { type Authorizer, type Call, type CallDefaults, runAuthorizedCall } from "./calls.ts";
import type { Exchange } from "./exchange.ts";

/** Everything that a call over HTTP needs of its client. */
export interface HttpParts extends CallDefaults {
  readonly url: string;
  readonly exchange: Exchange;
  readonly authorizer: Authorizer;
}

/** The request's own headers with the authorization added. */
export function withAuthorization(
  headers: RequestInit["headers"],
  { header }: Authorization,
): Record<string, string> {
  const all = new Headers(headers);
  if (header !== null) all.set("authorization", header);
  return Object.fromEntries(all);
}

/** A call, and the request that it sends. */
export interface RequestCall extends Call {
  readonly init: RequestInit;
  /** A status that is an answer here although it is not a success. */
  readonly accepts?: number | undefined;
}

/**
 * Sends one authorized request outside of tRPC; time limit and retries end with the answer's headers.
 * @param path Begins with a slash, below the server's URL.
 * @throws MultitapError also for every answer that is neither a success nor accepted.
 */
export async function request(
  http: HttpParts,
  path: string,
  { init, accepts, ...call }: RequestCall,
): Promise<Response> {
  return await runAuthorizedCall(http, call, async (signal, authorization) => {
    const headers = withAuthorization(init.headers, authorization);
    const response = await http.exchange(`${http.url}${path}`, { ...init, headers, signal });
    if (!response.ok && response.status !== accepts) throw await toAnswerError(response);
    return response;
  });
}
