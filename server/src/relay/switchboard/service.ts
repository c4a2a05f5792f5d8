import { takeBytes } from "../admission/rules.ts";
import type { RelayLimits } from "../limits.ts";
import type { Effect, Session } from "../sessions/rules.ts";
import { createRelayState, findUse, type RelayEvent, type RelayRules, stepRelay } from "./rules.ts";

/** All connections and sessions of this process, without their sockets. */
export interface Switchboard {
  /** Handles one event and gives what is to be done, in order. */
  handle(event: RelayEvent, nowMs: number): readonly Effect[];
  /** Counts bytes that a connection brought; false when its address sends too much. */
  takeBytes(connection: number, bytes: number, nowMs: number): boolean;
  findSession(sessionId: string): Session | null;
  /** How many there are. */
  count(): { readonly sessions: number; readonly connections: number };
}

/** What a switchboard is made of. */
export interface SwitchboardOptions {
  readonly limits: RelayLimits;
  /** Hosts are told nothing from which an address could be found without it. */
  readonly secretKey: string;
}

/** Bytes of an IPv6 address. */
const ADDRESS_BYTES = 16;
/** First byte of addresses that belong to nobody (RFC 4193). */
const LOCAL_PREFIX = 0xfd;

/** Makes the switchboard of a process, with nobody on it. */
export function createSwitchboard({ limits, secretKey }: SwitchboardOptions): Switchboard {
  const state = createRelayState();
  const rules: RelayRules = {
    limits,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    disguise: (network) => disguiseNetwork(secretKey, network),
  };
  return {
    handle: (event, nowMs) => stepRelay(state, event, { rules, nowMs }),
    takeBytes(connection, bytes, nowMs) {
      const use = findUse(state, connection);
      return use === null || takeBytes(use, bytes, { limits, nowMs });
    },
    findSession: (sessionId) => state.sessions.get(sessionId) ?? null,
    count: () => ({ sessions: state.sessions.size, connections: state.connections.size }),
  };
}

/** The same 16 bytes for the same network, so that a host can ban whom it was told of without knowing where that is. */
function disguiseNetwork(secretKey: string, network: string): Uint8Array {
  const digest = new Bun.CryptoHasher("sha256", secretKey).update(`relay address ${network}`).digest();
  const address = new Uint8Array(digest).slice(0, ADDRESS_BYTES);
  address[0] = LOCAL_PREFIX;
  return address;
}
