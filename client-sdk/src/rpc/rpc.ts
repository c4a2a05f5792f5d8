import {
  createTRPCUntypedClient,
  httpBatchStreamLink,
  httpLink,
  splitLink,
  type TRPCUntypedClient,
} from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import { createUuid } from "../environment.ts";
import { answerError, isJson, notOurs, parseJson, readText } from "../http/answers.ts";
import { runAuthorizedCall } from "../http/calls.ts";
import type { Exchange } from "../http/exchange.ts";
import { type HttpParts, withAuthorization } from "../http/rest.ts";
import { BATCH_CALLS_MAX, URL_CHARS_MAX } from "../limits.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import { fromTrpcFailure } from "./failures.ts";

/** The tRPC door of a server. */
export interface Rpc {
  /** Calls an operation that changes nothing. */
  query<T>(operation: string, input: unknown, options: CallOptions | undefined): Promise<T>;
  /** Calls an operation that may change something; its idempotency key stays the same over all tries. */
  mutate<T>(operation: string, input: unknown, options: WriteOptions | undefined): Promise<T>;
}

/** What links find in the context of an operation. */
interface LinkContext {
  readonly headers: Record<string, string>;
}

/** Opens the tRPC door; sends nothing by itself. */
export function createRpc(http: HttpParts): Rpc {
  const trpc = createLinks(http);
  const call = async <T>(operation: string, { options, headers, send }: RpcCall): Promise<T> => {
    return await runAuthorizedCall(http, { operation, options }, async (signal, authorization) => {
      try {
        const context: LinkContext = { headers: withAuthorization(headers, authorization) };
        // The one place where the server's word for a type is taken; type tests hold both sides together.
        return (await send({ signal, context: { ...context } })) as T;
      } catch (thrown) {
        throw fromTrpcFailure(thrown);
      }
    });
  };
  return {
    query: (operation, input, options) =>
      call(operation, { options, headers: {}, send: (how) => trpc.query(operation, input, how) }),
    mutate(operation, input, options) {
      const headers = { "idempotency-key": options?.idempotencyKey ?? createUuid() };
      return call(operation, { options, headers, send: (how) => trpc.mutation(operation, input, how) });
    },
  };
}

/** One call on its way to the links. */
interface RpcCall {
  readonly options: CallOptions | undefined;
  readonly headers: Record<string, string>;
  send(how: { signal: AbortSignal; context: Record<string, unknown> }): Promise<unknown>;
}

function createLinks(http: HttpParts): TRPCUntypedClient<AnyRouter> {
  const url = `${http.url}/trpc`;
  const fetch = toLinkFetch(http.exchange);
  const readHeaders = (op: { readonly context: Record<string, unknown> } | undefined) =>
    (op?.context.headers ?? {}) as LinkContext["headers"];
  const single = httpLink({ url, fetch, methodOverride: "POST", headers: ({ op }) => readHeaders(op) });
  const batched = httpBatchStreamLink({
    url,
    fetch,
    maxURLLength: URL_CHARS_MAX,
    maxItems: BATCH_CALLS_MAX,
    // Calls of one batch may hold tokens of different age; the last one asked for the newest.
    headers: ({ opList }) => readHeaders(opList.at(-1)),
  });
  return createTRPCUntypedClient<AnyRouter>({
    links: [
      // A write travels alone because its key belongs to it alone; so does a read too long for a URL.
      splitLink({
        condition: (op) => op.type === "mutation" || isTooLong(url, op),
        true: single,
        false: batched,
      }),
    ],
  });
}

function isTooLong(url: string, op: { readonly path: string; readonly input: unknown }): boolean {
  const input = encodeURIComponent(JSON.stringify({ 0: op.input }));
  return `${url}/${op.path}?batch=1&input=${input}`.length > URL_CHARS_MAX;
}

/** A `fetch` that lets only answers of tRPC through to the links, which cannot tell others apart. */
function toLinkFetch(exchange: Exchange) {
  return async (url: string | URL | Request, init?: unknown): Promise<Response> => {
    const response = await exchange(String(url), init as RequestInit);
    if (response.ok) {
      if (isJson(response)) return response;
      await response.body?.cancel();
      throw notOurs(response);
    }
    const text = await readText(response);
    const failure = findTrpcFailure(parseJson(text));
    if (failure === undefined) throw answerError(response, text);
    return new Response(JSON.stringify(failure), { status: response.status });
  };
}

/** The failure that stands for the whole request, whether or not it was a batch. */
function findTrpcFailure(body: unknown): object | undefined {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  return typeof first === "object" && first !== null && "error" in first ? first : undefined;
}
