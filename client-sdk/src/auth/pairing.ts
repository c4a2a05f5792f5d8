import type { NewClientToken } from "@multitap/server/contract/auth";
import type { Exchange } from "../http/exchange.ts";
import { callOpen } from "./open-call.ts";
import type { Credentials } from "./types.ts";

/**
 * Trades a pairing code for credentials.
 * @throws MultitapError `not_found`, `forbidden`, `rate_limited`, or whatever kept the server from answering.
 */
export async function grantByPairingCode(
  endpoint: { readonly url: string; readonly exchange: Exchange },
  { code, repeatKey }: { readonly code: string; readonly repeatKey: string },
  signal: AbortSignal,
): Promise<Credentials> {
  const call = { operation: "clientTokens.exchange", input: { code }, repeatKey };
  const { rawToken, scopes, expiresAt, deviceId } = await callOpen<NewClientToken>(endpoint, call, signal);
  return { accessToken: rawToken, refreshToken: null, expiresAt, scopes, deviceId };
}
