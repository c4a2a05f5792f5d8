import { CONNECT_WINDOW_MS, type RelayLimits } from "../limits.ts";

/** What one address has and has used; kept in place, since every byte that is relayed counts. */
export interface AddressUse {
  connections: number;
  sessions: number;
  /** Connections since the window began. */
  connects: number;
  windowAtMs: number;
  /** Bytes that may still come at once. */
  bytesLeft: number;
  filledAtMs: number;
}

/** An address that was not here before. */
export function createUse(limits: RelayLimits, nowMs: number): AddressUse {
  return {
    connections: 0,
    sessions: 0,
    connects: 0,
    windowAtMs: nowMs,
    bytesLeft: limits.bytesBurst,
    filledAtMs: nowMs,
  };
}

/** Counts a new connection; false when the address has too many, or too many of late. */
export function takeConnection(use: AddressUse, limits: RelayLimits, nowMs: number): boolean {
  if (nowMs - use.windowAtMs >= CONNECT_WINDOW_MS) {
    use.windowAtMs = nowMs;
    use.connects = 0;
  }
  use.connects += 1;
  if (use.connects > limits.connectsPerAddressMax) return false;
  if (use.connections >= limits.connectionsPerAddressMax) return false;
  use.connections += 1;
  return true;
}

/** Counts bytes that came in; false when the address sends too much. */
export function takeBytes(
  use: AddressUse,
  bytes: number,
  { limits, nowMs }: { readonly limits: RelayLimits; readonly nowMs: number },
): boolean {
  const passedMs = nowMs - use.filledAtMs;
  if (passedMs > 0) {
    use.bytesLeft = Math.min(limits.bytesBurst, use.bytesLeft + (passedMs * limits.bytesPerSecond) / 1_000);
    use.filledAtMs = nowMs;
  }
  use.bytesLeft -= bytes;
  return use.bytesLeft >= 0;
}

/** Tells whether nothing would be lost by forgetting an address. */
export function isForgettable(use: AddressUse, nowMs: number): boolean {
  return use.connections === 0 && use.sessions === 0 && nowMs - use.windowAtMs >= CONNECT_WINDOW_MS;
}
