import type { Client } from "./client.ts";
import type { Environment } from "./environment.ts";
import { MultitapError } from "./errors.ts";
import type { RequestCall } from "./http/rest.ts";
import type { ClientEvent } from "./options.ts";
import type { Rpc } from "./rpc/rpc.ts";

/** What other entries of this package need of a client and apps do not. */
export interface ClientParts {
  readonly rpc: Rpc;
  /** Sends one authorized request outside of the typed door. */
  request(path: string, call: RequestCall): Promise<Response>;
  readonly environment: Environment;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  /** Tells the app what no call reports. */
  readonly emit: (event: ClientEvent) => void;
}

// Registered, so that an entry of another copy of this package finds them too.
const PARTS = Symbol.for("multitap.client.parts");

/** Puts the parts where `partsOf` finds them; they are no part of the public interface. */
export function attachParts<C extends object>(client: C, parts: ClientParts): C {
  return Object.assign(client, { [PARTS]: parts });
}

/**
 * Finds the parts of a client.
 * @throws MultitapError `invalid` (`CLIENT_FOREIGN`) for an object that `createClient` did not make.
 */
export function partsOf(client: Client): ClientParts {
  const { [PARTS]: parts } = client as { readonly [PARTS]?: ClientParts };
  if (parts !== undefined) return parts;
  throw new MultitapError("invalid", "CLIENT_FOREIGN", {
    message: "The client was not made by createClient",
  });
}
