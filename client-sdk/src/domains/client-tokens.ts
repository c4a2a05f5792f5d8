import type { ClientToken, NewClientToken } from "@multitap/server/contract/auth";
import type { OwnedClientToken } from "@multitap/server/contract/auth/client-tokens";
import type { PairingCode, PairingStatus } from "@multitap/server/contract/auth/pairing";
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

/** Tokens for apps. */
export interface ClientTokens {
  /**
   * Gives the caller's tokens, newest first, without their secrets.
   * @example
   * const names = (await client.clientTokens.list()).map((token) => token.name);
   */
  list(options?: CallOptions): Promise<readonly ClientToken[]>;
  /**
   * Makes a token. Its secret, `rawToken`, is shown this once.
   * @throws MultitapError `forbidden` for a scope that the caller lacks; `invalid` (`CLIENT_TOKEN_LIMIT`) when the
   * account has too many.
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
  /**
   * Gives a token another secret, shown this once; the old one stops working. Scopes and end stay.
   * @throws MultitapError `not_found`; `forbidden` for a caller who came with a token of fewer scopes.
   * @example
   * const { rawToken } = await client.clientTokens.regenerate(12);
   */
  regenerate(tokenId: number, options?: WriteOptions): Promise<NewClientToken>;
  /**
   * Makes a short code that an app can swap for a token, once: `auth.signInWithPairingCode`. The swap gives the
   * token another secret, so every earlier copy of it stops working.
   * @throws MultitapError `not_found`; `forbidden` for a caller who came with a token of fewer scopes.
   * @example
   * const { code, expiresInSeconds } = await client.clientTokens.createPairingCode(12);
   */
  createPairingCode(tokenId: number, options?: WriteOptions): Promise<PairingCode>;
  /**
   * Tells whether a pairing code still waits for its app; needs no sign-in.
   * @throws MultitapError `rate_limited` after too many wrong codes.
   * @example
   * const { isPending } = await client.clientTokens.pairingStatus(code);
   */
  pairingStatus(code: string, options?: CallOptions): Promise<PairingStatus>;
  /**
   * Gives the tokens of all users with their owners, newest first; for administrators.
   * @example
   * for (const token of await client.clientTokens.listAll()) show(`${token.username}: ${token.name}`);
   */
  listAll(options?: CallOptions): Promise<readonly OwnedClientToken[]>;
  /**
   * Removes a token, whoever owns it; for administrators.
   * @throws MultitapError `not_found`.
   * @example
   * await client.clientTokens.removeAny(12);
   */
  removeAny(tokenId: number, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createClientTokens(rpc: Rpc): ClientTokens {
  return {
    list: (options) => rpc.query("clientTokens.list", {}, options),
    create: (input, options) => rpc.mutate("clientTokens.create", input, options),
    async remove(tokenId, options) {
      await rpc.mutate("clientTokens.remove", { tokenId }, options);
    },
    regenerate: (tokenId, options) => rpc.mutate("clientTokens.regenerate", { tokenId }, options),
    createPairingCode: (tokenId, options) =>
      rpc.mutate("clientTokens.createPairingCode", { tokenId }, options),
    pairingStatus: (code, options) => rpc.query("clientTokens.pairingStatus", { code }, options),
    listAll: (options) => rpc.query("clientTokens.listAll", {}, options),
    async removeAny(tokenId, options) {
      await rpc.mutate("clientTokens.removeAny", { tokenId }, options);
    },
  };
}
