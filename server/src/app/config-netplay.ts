import type { NetplayFacts, TurnFacts } from "../base/facts.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, flagOf, intOf, listOf, textOf } from "./read-environment.ts";

/**
 * Reads how netplay in browsers is set up.
 * @param isShared Other processes may use the same database.
 * @throws StartError `E_CONFIG` for TURN servers without a secret, or what is no address of one.
 */
export function readNetplay(environment: Environment, isShared: boolean): NetplayFacts {
  const whole = (name: Parameters<typeof intOf>[1]) => intOf(environment, name) ?? 1;
  return {
    isSignInRequired: flagOf(environment, "MULTITAP_NETPLAY_REQUIRE_AUTH"),
    isShared,
    pingIntervalMs: whole("MULTITAP_NETPLAY_PING_INTERVAL") * 1_000,
    pingTimeoutMs: whole("MULTITAP_NETPLAY_PING_TIMEOUT") * 1_000,
    socketMessagesPerSecond: whole("MULTITAP_NETPLAY_SOCKET_MESSAGES"),
    socketBytesPerSecond: whole("MULTITAP_NETPLAY_SOCKET_BYTES"),
    roomMessagesPerSecond: whole("MULTITAP_NETPLAY_ROOM_MESSAGES"),
    roomBytesPerSecond: whole("MULTITAP_NETPLAY_ROOM_BYTES"),
    turn: readTurn(environment),
  };
}

function readTurn(environment: Environment): TurnFacts | null {
  const urls = listOf(environment, "MULTITAP_TURN_URLS");
  const secret = textOf(environment, "MULTITAP_TURN_SECRET");
  const unknown = urls.filter((url) => !/^(?:turns?|stuns?):[^\s,]+$/.test(url));
  if (unknown.length > 0) {
    throw new StartError(
      "E_CONFIG",
      `MULTITAP_TURN_URLS is ${JSON.stringify(unknown.join(","))}. Accepted: turn:, turns:, stun: or stuns: and a host.`,
    );
  }
  if (urls.length === 0 && secret === null) return null;
  if (urls.length === 0 || secret === null) {
    throw new StartError("E_CONFIG", "MULTITAP_TURN_URLS and MULTITAP_TURN_SECRET are needed together.");
  }
  return { urls, secret, ttlMs: (intOf(environment, "MULTITAP_TURN_TTL_SECONDS") ?? 0) * 1_000 };
}
