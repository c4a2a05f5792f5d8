import { type ErrorKind, MultitapError } from "../errors.ts";
import { BUDGET_PAUSE_MS, ELSEWHERE_CHANCE_MS, ELSEWHERE_MS, REJOIN_MAX_MS } from "./limits.ts";

/** What a closed connection means for the room. */
export interface Closing {
  /** Whether the same HELLO may come again. */
  readonly canRetry: boolean;
  /** Least pause before it does, and the most that chance adds to it. */
  readonly pauseMs: number;
  readonly chanceMs: number;
  /** Whether this client broke the protocol, which it would do again for ever. */
  readonly isOwnFault: boolean;
  readonly error: MultitapError;
}

type Row = readonly [
  kind: ErrorKind,
  reason: string,
  canRetry?: boolean,
  pauseMs?: number,
  chanceMs?: number,
];

/** The table of the protocol; what is not in it is a cut when its code is below 4000, and final otherwise. */
const CODES: Readonly<Record<number, Row>> = {
  1000: ["not_found", "NETPLAY_LEFT"],
  1001: ["unavailable", "NETPLAY_STOPPING"],
  1011: ["internal", "NETPLAY_FAILED", true],
  4400: ["protocol", "NETPLAY_MESSAGE_INVALID", true],
  4401: ["not_found", "NETPLAY_TICKET_INVALID"],
  4403: ["forbidden", "NETPLAY_REMOVED"],
  4404: ["not_found", "NETPLAY_ROOM_NOT_FOUND"],
  4408: ["timeout", "NETPLAY_SILENT", true],
  4409: ["conflict", "NETPLAY_REPLACED"],
  4410: ["not_found", "NETPLAY_ROOM_CLOSED"],
  4413: ["too_large", "NETPLAY_MESSAGE_TOO_LARGE", true],
  4421: ["unavailable", "NETPLAY_ROOM_ELSEWHERE", true, ELSEWHERE_MS, ELSEWHERE_CHANCE_MS],
  4423: ["conflict", "NETPLAY_ROOM_FULL"],
  4426: ["incompatible", "NETPLAY_VERSION_UNSUPPORTED"],
  4428: ["unavailable", "NETPLAY_TOO_SLOW", true],
  4429: ["rate_limited", "NETPLAY_BUDGET_SPENT", true, BUDGET_PAUSE_MS],
  4503: ["unavailable", "NETPLAY_ROOMS_FULL"],
};

const CUT: Row = ["network", "NETWORK_FAILED", true];
const UNKNOWN: Row = ["protocol", "ANSWER_NOT_OURS"];

/** Judges how a connection ended; without a code it was cut. */
export function judgeClose(code: number, reason: string): Closing {
  // Proxies close in order as well, with codes of the protocol's own and other words.
  const isCut = code < 4000 && CODES[code]?.[1] !== reason;
  const [kind, word, canRetry = false, pauseMs = 0, chanceMs = REJOIN_MAX_MS] = isCut
    ? CUT
    : (CODES[code] ?? UNKNOWN);
  const told = /^NETPLAY_[A-Z_]+$/.test(reason) ? reason : word;
  const message = `The connection to the room was closed: ${told} (${code})`;
  const isOwnFault = code === 4400 || code === 4413;
  return { canRetry, pauseMs, chanceMs, isOwnFault, error: new MultitapError(kind, told, { message }) };
}
