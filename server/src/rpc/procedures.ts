import { initTRPC, TRPCError } from "@trpc/server";
import type { Context } from "../base/context.ts";
import { isAppError, toAppError } from "../base/errors.ts";
import { type AnyOperation, callOperation, type Operation, requireAccess } from "../base/operation.ts";
import { TRPC_CODE } from "./error-map.ts";

/** How often a silent event stream says that it lives; below every proxy's idle limit. */
const PING_MS = 15_000;

/** What a procedure says about itself, for checks over the whole router. */
export interface ProcedureMeta {
  /** Who may call it. */
  readonly access: Pick<AnyOperation, "scope" | "orScope" | "isOpen">;
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    allowOutsideOfServer: true,
    sse: { ping: { enabled: true, intervalMs: PING_MS } },
    errorFormatter: ({ shape, error, ctx }) => {
      const expected = isAppError(error.cause) ? error.cause : fromProtocolError(error);
      return {
        ...shape,
        message: expected.message,
        data: {
          code: expected.code,
          kind: expected.kind,
          details: expected.details,
          retryAfterMs: expected.retryAfterMs,
          requestId: ctx?.requestId ?? null,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path ?? null,
        },
      };
    },
  });

/** Makes a router of procedures or routers. */
export const router = t.router;

/**
 * A procedure that asks for access before anything of the input is read; the base of all others, and of
 * subscriptions.
 */
export function guarded(access: ProcedureMeta["access"]) {
  return t.procedure.meta({ access }).use(async ({ ctx, next }) => {
    try {
      requireAccess(ctx, access);
    } catch (thrown) {
      throw toTrpcError(thrown);
    }
    return await next();
  });
}

type Raw<In> = (raw: unknown) => In;
// The operation checks its own input, after its scope; this parser only carries the type to the client.
const unchecked =
  <In>(): Raw<In> =>
  (raw) =>
    raw as In;

/** Serves an operation that changes nothing. */
export function query<I, O, In>(op: Operation<I, O, In>) {
  return guarded(op)
    .input(unchecked<In>())
    .query(({ ctx, input }): Promise<O> => callFromProcedure(op, ctx, input));
}

/** Serves an operation that may change things. */
export function mutation<I, O, In>(op: Operation<I, O, In>) {
  return guarded(op)
    .input(unchecked<In>())
    .mutation(({ ctx, input }): Promise<O> => callFromProcedure(op, ctx, input));
}

async function callFromProcedure<I, O, In>(
  op: Operation<I, O, In>,
  ctx: Context,
  input: unknown,
): Promise<O> {
  try {
    return await callOperation(op, ctx, () => input);
  } catch (thrown) {
    throw toTrpcError(thrown);
  }
}

/** Wraps a failure so that the formatter finds the expected error inside. */
export function toTrpcError(thrown: unknown): TRPCError {
  const error = toAppError(thrown);
  return new TRPCError({ code: TRPC_CODE[error.kind], message: error.message, cause: error });
}

/** Failures of the protocol itself: unknown procedure, damaged request. */
function fromProtocolError(error: TRPCError) {
  switch (error.code) {
    case "NOT_FOUND":
      return {
        kind: "not_found",
        code: "PROCEDURE_NOT_FOUND",
        message: error.message,
        details: null,
        retryAfterMs: null,
      };
    case "PARSE_ERROR":
    case "BAD_REQUEST":
    case "METHOD_NOT_SUPPORTED":
    case "UNSUPPORTED_MEDIA_TYPE":
      return {
        kind: "invalid",
        code: "INPUT_INVALID",
        message: error.message,
        details: null,
        retryAfterMs: null,
      };
    default:
      return toAppError(error);
  }
}
