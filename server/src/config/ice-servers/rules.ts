import { createHmac } from "node:crypto";
import type { TurnFacts } from "../../base/facts.ts";
import type { IceServer } from "../../base/library-config-readings.ts";

/**
 * Makes credentials for the operator's TURN server that run out by themselves, so that no lasting password is given out.
 * @param name Told to the TURN server, for its log.
 * @source coturn, `use-auth-secret` and `static-auth-secret`: the user name is `<unix time of expiry>:<any name>`, the
 *   password base64 of HMAC-SHA1 of it under the secret.
 */
export function mintTurnServers(turn: TurnFacts, name: string, nowMs: number): readonly IceServer[] {
  const username = `${Math.floor((nowMs + turn.ttlMs) / 1_000)}:${name}`;
  const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
  return turn.urls.map((urls) => (urls.startsWith("stun") ? { urls } : { urls, username, credential }));
}
