import type { RelayBan, RelaySession } from "@multitap/server/contract/relay";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** Games that RetroArch hosts on the server's relay. There is no event for them: ask again every few seconds. */
export interface Relay {
  /**
   * Gives what is hosted now, those that opened last first, each with what RetroArch needs to join.
   * @param filter.romId Sessions of every rom unless said.
   * @example
   * for (const { title, joinLine } of await client.relay.list()) show(title ?? "?", joinLine);
   */
  list(
    filter?: { readonly romId?: number | undefined },
    options?: CallOptions,
  ): Promise<readonly RelaySession[]>;
  /**
   * Makes a session the caller's own, from the network address of its host and within half an hour.
   * @throws MultitapError `RELAY_SESSION_NOT_FOUND`, `RELAY_CLAIM_REFUSED`, `RELAY_CLAIMED`.
   * @example
   * const mine = await client.relay.claim(session.id);
   */
  claim(sessionId: string, options?: WriteOptions): Promise<RelaySession>;
  /**
   * Removes a player from a session that the caller has claimed; the player may come back.
   * @throws MultitapError `RELAY_SESSION_NOT_FOUND`, `RELAY_NOT_YOURS`, `RELAY_PLAYER_NOT_FOUND`.
   * @example
   * await client.relay.kick({ sessionId: session.id, playerId: 1 });
   */
  kick(
    input: { readonly sessionId: string; readonly playerId: number },
    options?: WriteOptions,
  ): Promise<void>;
  /**
   * Keeps a player out of a session, or an address out of the whole relay, for a day unless said; the latter is for
   * those who manage accounts.
   * @throws MultitapError as `kick`; `AUTH_SCOPE_MISSING`, `RELAY_BANS_FULL`.
   * @example
   * await client.relay.ban({ sessionId: session.id, playerId: 1, from: "session" });
   */
  ban(
    input:
      | {
          readonly sessionId: string;
          readonly playerId: number;
          readonly from: "session" | "relay";
          readonly durationMs?: number | undefined;
        }
      | { readonly address: string; readonly durationMs?: number | undefined },
    options?: WriteOptions,
  ): Promise<void>;
  /**
   * Gives the networks that may not use the relay now.
   * @example
   * const [first] = await client.relay.bans();
   */
  bans(options?: CallOptions): Promise<readonly RelayBan[]>;
  /**
   * Lets a network use the relay again.
   * @throws MultitapError `RELAY_BAN_NOT_FOUND`.
   * @example
   * await client.relay.liftBan("203.0.113.7");
   */
  liftBan(network: string, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createRelay(rpc: Rpc): Relay {
  return {
    list: (filter = {}, options) => rpc.query("relay.list", filter, options),
    claim: (sessionId, options) => rpc.mutate("relay.claim", { sessionId }, options),
    async kick(input, options) {
      await rpc.mutate("relay.kick", input, options);
    },
    async ban(input, options) {
      await rpc.mutate("relay.ban", input, options);
    },
    bans: (options) => rpc.query("relay.bans", {}, options),
    async liftBan(network, options) {
      await rpc.mutate("relay.liftBan", { network }, options);
    },
  };
}
