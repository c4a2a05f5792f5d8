import type { CurrentUser } from "@multitap/server/contract/users";
import type { CallOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** The accounts of the server. */
export interface Users {
  /**
   * Reads the account that this client speaks for.
   * @example
   * const { username, scopes } = await client.users.me();
   */
  me(options?: CallOptions): Promise<CurrentUser>;
}

/** Builds the calls of this domain. */
export function createUsers(rpc: Rpc): Users {
  return { me: (options) => rpc.query("users.me", {}, options) };
}
