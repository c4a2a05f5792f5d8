import type { Kind } from "@multitap/server/contract/base/errors";
import type { EventMap as ServerEventMap, Topic as ServerTopic } from "@multitap/server/contract/base/events";
import type { Scope as ServerScope } from "@multitap/server/contract/base/scopes";
import type { EventMap, Scope, ServerErrorKind, Topic } from "./index.ts";

/** Compiles only when both types fit each other: what the client publishes is what the server sends. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<ServerErrorKind, Kind>,
  true satisfies Same<Topic, ServerTopic>,
  true satisfies Same<EventMap, ServerEventMap>,
  true satisfies Same<Scope, ServerScope>,
];
