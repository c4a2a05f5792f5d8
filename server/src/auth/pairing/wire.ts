import type { PairingCode } from "./contract.ts";

/** A pairing code in the compatible shape. */
export function toPairingCodeWire({ code, expiresInSeconds }: PairingCode) {
  return { code, expires_in: expiresInSeconds };
}

/** Takes the code out of a JSON body; apps may send more, which is ignored. */
export function fromExchangeWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return { code: (body as Record<string, unknown>).code };
}
