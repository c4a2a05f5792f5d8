import type { ClientToken, NewClientToken } from "@multitap/server/contract/auth";
import type { Scope } from "../auth/types.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What a new token is for. */
export interface CreateClientToken {
  readonly name: string;
  /** At least one, each of which the caller holds. */
  readonly scopes: readonly Scope[];
  /** `never` unless said. */
  readonly expiresIn?: "30d" | "90d" | "1y" | "never" | null | undefined;
}

/** The caller's tokens for apps. */
export interface ClientTokens {
  /**
   * Gives the caller's tokens, newest first, without their secrets.
   * @example
   * const names = (await client.clientTokens.list()).map((token) => token.name);
   */
  list(options?: CallOptions): Promise<readonly ClientToken[]>;
  /**
   * Makes a token. Its secret, `rawToken`, is shown this once.
   * @throws MultitapError `forbidden` for a scope that the caller lacks.
   * @example
   * const { rawToken } = await client.clientTokens.create({ name: "Deck", scopes: ["roms.read"] });
   */
  create(input: CreateClientToken, options?: WriteOptions): Promise<NewClientToken>;
  /**
   * Removes a token; whatever uses it is signed out.
   * @throws MultitapError `not_found`.
   * @example
   * await client.clientTokens.remove(12);
   */
  remove(tokenId: number, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createClientTokens(rpc: Rpc): ClientTokens {
  return {
    list: (options) => rpc.query("clientTokens.list", {}, options),
    create: (input, options) => rpc.mutate("clientTokens.create", input, options),
    async remove(tokenId, options) {
      await rpc.mutate("clientTokens.remove", { tokenId }, options);
    },
  };
}
