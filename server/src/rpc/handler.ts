import type { AnyRouter, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { Context } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import { limitBody } from "./body-limit.ts";
import { BATCH_CALLS_MAX } from "./limits.ts";

/** Where the tRPC door stands. */
export const RPC_PATH = "/trpc";

export interface RpcOptions {
  readonly router: AnyRouter;
  readonly createContext: (request: Request) => Context;
  /** Told of every failure that is a bug or an outage. */
  readonly onFailure: (error: unknown, path: string | undefined) => void;
}

/** Builds the tRPC door as a fetch-like function. */
export function createRpcHandler(options: RpcOptions): (request: Request) => Promise<Response> {
  return (request) =>
    fetchRequestHandler({
      endpoint: RPC_PATH,
      req: limitBody(request),
      router: options.router,
      allowMethodOverride: true,
      maxBatchSize: BATCH_CALLS_MAX,
      createContext: () => options.createContext(request),
      responseMeta: ({ errors }) => ({ headers: refusalHeaders(errors) }),
      onError: ({ error, path }) => {
        if (isWorthTelling(error)) options.onFailure(error.cause ?? error, path);
      },
    });
}

/** Like every 401, ours says how to sign in. */
function refusalHeaders(errors: readonly TRPCError[]): Headers {
  const isRefused = errors.some((error) => error.code === "UNAUTHORIZED");
  return new Headers(isRefused ? { "www-authenticate": "Bearer" } : {});
}

/** Expected failures are the caller's business, and so are faults of the protocol such as unknown procedures. */
export function isWorthTelling(error: TRPCError): boolean {
  if (!isAppError(error.cause)) return error.code === "INTERNAL_SERVER_ERROR";
  return error.cause.kind === "internal" || error.cause.kind === "unavailable";
}
