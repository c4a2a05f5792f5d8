import { createTRPCUntypedClient, httpSubscriptionLink, type TRPCUntypedClient } from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import type { Authorization } from "../auth/proof.ts";
import type { MultitapError } from "../errors.ts";
import { createEventSourceClass } from "../events/event-source.ts";
import { type HttpParts, withAuthorization } from "../http/rest.ts";
import { fromTrpcFailure } from "./failures.ts";

/** What a listener of a subscription hears. */
export interface SubscriptionObserver {
  onOpen(): void;
  onMessage(message: unknown): void;
  /** The last thing that is heard; null when the server ended it in order. */
  onEnd(error: MultitapError | null): void;
}

/** One subscription. */
export interface Subscribing {
  readonly operation: string;
  readonly input: unknown;
  readonly authorization: Authorization;
  readonly observer: SubscriptionObserver;
}

/** Opens one subscription on a connection of its own; returns how to end it. */
export function subscribe(
  http: HttpParts,
  { operation, input, authorization, observer }: Subscribing,
): () => void {
  const trpc = createTRPCUntypedClient<AnyRouter>({
    links: [
      httpSubscriptionLink({
        url: `${http.url}/trpc`,
        EventSource: createEventSourceClass(http),
        eventSourceOptions: { headers: withAuthorization(undefined, authorization) },
      }),
    ],
  });
  return listen(trpc, { operation, input, observer });
}

function listen(
  trpc: TRPCUntypedClient<AnyRouter>,
  { operation, input, observer }: Omit<Subscribing, "authorization">,
): () => void {
  let hasEnded = false;
  const end = (thrown: unknown) => {
    if (hasEnded) return;
    hasEnded = true;
    subscription.unsubscribe();
    observer.onEnd(thrown === null ? null : fromTrpcFailure(thrown));
  };
  const subscription = trpc.subscription(operation, input, {
    onStarted: () => hasEnded || observer.onOpen(),
    onData: (message: unknown) => hasEnded || observer.onMessage(message),
    // tRPC would connect again here; whoever opened this decides when and with which credentials.
    onConnectionStateChange: ({ error }) => error && end(error),
    onError: end,
    onComplete: () => end(null),
  });
  return () => {
    hasEnded = true;
    subscription.unsubscribe();
  };
}
