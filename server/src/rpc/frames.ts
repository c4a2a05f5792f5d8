import {
  type AnyRouter,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  isTrackedEnvelope,
} from "@trpc/server";
import type { Context } from "../base/context.ts";
import { isWorthTelling, type RpcOptions } from "./handler.ts";
import { toTrpcError } from "./procedures.ts";

/** One step of a subscription, in the words of its server-sent events. */
export type SubscriptionFrame =
  | { readonly type: "connected" | "return" }
  | { readonly type: "message"; readonly id: string | null; readonly data: unknown }
  /** The last one: why the subscription was refused, or why it ended. */
  | { readonly type: "serialized-error"; readonly status: number; readonly data: FailureShape };

/** What the error formatter makes of a failure, as far as a transport reads it. */
interface FailureShape {
  readonly data: { readonly httpStatus: number; readonly code: string };
}

/** One subscription that a listener asks for. */
export interface SubscriptionCall {
  readonly path: string;
  readonly input: unknown;
  /** Aborted when the listener is gone. */
  readonly signal: AbortSignal;
  /** Finds out who asks; may throw. */
  readonly readContext: () => Promise<Context>;
}

/** Serves subscriptions to transports that have frames of their own. */
export type OpenSubscription = (call: SubscriptionCall) => AsyncGenerator<SubscriptionFrame, void>;

/** Makes the same procedures that the fetch adapter serves readable as frames. */
export function createSubscriptions({
  router,
  onFailure,
}: Pick<RpcOptions, "router" | "onFailure">): OpenSubscription {
  return async function* open({ path, input, signal, readContext }) {
    let ctx: Context | undefined;
    try {
      ctx = await readContext();
      const items = await callProcedure(router, ctx, { path, input, signal });
      yield { type: "connected" };
      for await (const item of items) {
        const [id, data] = isTrackedEnvelope(item) ? item : [null, item];
        yield { type: "message", id, data };
      }
      yield { type: "return" };
    } catch (thrown) {
      yield describeFailure(router, toFailure(thrown), { path, input, ctx, onFailure });
    }
  };
}

async function callProcedure(
  router: AnyRouter,
  ctx: Context,
  { path, input, signal }: Omit<SubscriptionCall, "readContext">,
): Promise<AsyncIterable<unknown>> {
  const getRawInput = async () => input;
  const call = { router, path, ctx, getRawInput, signal, type: "subscription", batchIndex: 0 } as const;
  return (await callTRPCProcedure(call)) as AsyncIterable<unknown>;
}

/** A failure outside of any procedure has not been translated yet. */
function toFailure(thrown: unknown) {
  const error = getTRPCErrorFromUnknown(thrown);
  return error === thrown ? error : toTrpcError(thrown);
}

interface FailedCall extends Pick<SubscriptionCall, "path" | "input">, Pick<RpcOptions, "onFailure"> {
  readonly ctx: Context | undefined;
}

function describeFailure(
  router: AnyRouter,
  error: ReturnType<typeof toTrpcError>,
  { path, input, ctx, onFailure }: FailedCall,
): SubscriptionFrame {
  if (isWorthTelling(error)) onFailure(error.cause ?? error, path);
  const { _config: config } = router._def;
  const data = getTRPCErrorShape({ config, error, type: "subscription", path, input, ctx }) as FailureShape;
  return { type: "serialized-error", status: data.data.httpStatus, data };
}
