/** The tRPC door over a router that a test makes up, without an application behind it. */
import type { AnyRouter } from "@trpc/server";
import type { Context } from "../base/context.ts";
import { ANONYMOUS, type Identity } from "../base/identity.ts";
import { createRpcHandler } from "./handler.ts";

/** What a call brings along beside the request itself. */
export interface RpcKitCall extends RequestInit {
  readonly identity?: Identity | undefined;
}

/** A mounted router. */
export interface RpcKit {
  /** Calls a path below the door, such as `things.get?input=…`. */
  call(path: string, call?: RpcKitCall): Promise<Response>;
  /** What was reported as a bug or an outage. */
  readonly failures: readonly unknown[];
}

/** Mounts a router. */
export function openRpcKit(router: AnyRouter): RpcKit {
  const failures: unknown[] = [];
  const identities = new WeakMap<Request, Identity>();
  const handle = createRpcHandler({
    router,
    // The made-up operations use nothing else of a context.
    createContext: (request) =>
      ({
        identity: identities.get(request) ?? ANONYMOUS,
        requestId: "test",
        facts: {},
        noteWrite: () => undefined,
      }) as unknown as Context,
    onFailure: (error) => void failures.push(error),
  });
  return {
    failures,
    async call(path, { identity, ...init } = {}) {
      const request = new Request(`http://localhost/trpc/${path}`, init);
      if (identity !== undefined) identities.set(request, identity);
      return await handle(request);
    },
  };
}

/** The query string of one input. */
export const inputOf = (input: unknown) => `input=${encodeURIComponent(JSON.stringify(input))}`;
