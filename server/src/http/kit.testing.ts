/** The REST door over routes that a test makes up, without an application behind it. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import type { Context } from "../base/context.ts";
import { ANONYMOUS, type Identity } from "../base/identity.ts";
import { type Operation, operation } from "../base/operation.ts";
import type { Scope } from "../base/scopes.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { mountRoutes } from "./mount.ts";
import { createFormReceiver } from "./receive.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { RestRoute } from "./route.ts";
import { createZipSender } from "./zip/sender.ts";

/** What a call brings along beside the request itself. */
export interface KitCall extends RequestInit {
  readonly identity?: Identity | undefined;
  /** Another address than `http://localhost`. */
  readonly origin?: string | undefined;
}

/** Where larger files of forms wait, removed with their request. */
export const RECEIVED_FOLDER = join(tmpdir(), `multitap-received-${process.pid}`);

/** A mounted table of routes. */
export interface Kit {
  call(path: string, call?: KitCall): Promise<Response>;
  /** What was reported as a bug or an outage. */
  readonly failures: readonly unknown[];
}

/** What a table is mounted with beside its routes. */
export interface KitOptions {
  readonly cache?: ResponseCache | undefined;
  readonly describeSight?: (() => Promise<string>) | undefined;
}

/** Mounts routes. */
export function openKit(routes: readonly RestRoute[], { cache, describeSight }: KitOptions = {}): Kit {
  const failures: unknown[] = [];
  const identities = new WeakMap<Request, Identity>();
  const mounted = mountRoutes({
    routes,
    cache: cache ?? null,
    sendZip: createZipSender({ files: createDiskFiles(), cache: null }),
    createReceiver: () => createFormReceiver({ files: createDiskFiles(), folder: RECEIVED_FOLDER }),
    describeSight,
    // The made-up operations use nothing else of a context.
    createContext: ({ identity }) =>
      ({ identity, facts: {}, noteWrite: () => undefined }) as unknown as Context,
    callFacts: (request) => ({
      identity: identities.get(request) ?? ANONYMOUS,
      requestId: "test",
      signal: request.signal,
      clientAddress: null,
    }),
    onFailure: (error) => void failures.push(error),
  });
  return {
    failures,
    async call(path, { identity, origin = "http://localhost", ...init } = {}) {
      const request = new Request(`${origin}${path}`, init);
      if (identity !== undefined) identities.set(request, identity);
      return await mounted(request);
    },
  };
}

/** An operation for everyone that answers with its own input. */
export function echo<In, I>(input: v.GenericSchema<In, I>): Operation<I, unknown, In> {
  return operation(
    { type: "query", scope: "public", input, output: v.unknown() },
    async (_ctx, given) => given,
  );
}

/** An operation that takes anything and throws. */
export function failing(thrown: unknown, scope: Scope | "public" = "public"): Operation<unknown, unknown> {
  const definition = { type: "query", scope, input: v.unknown(), output: v.unknown() } as const;
  return operation(definition, async () => {
    throw thrown;
  });
}

/** A signed-in caller with these scopes and no others. */
export function callerWith(...scopes: readonly Scope[]): Identity {
  return {
    kind: "user",
    userId: 7,
    username: "ana",
    isAdmin: false,
    scopes: new Set(scopes),
    proof: "access_token",
    deviceId: null,
    sessionId: null,
  };
}
