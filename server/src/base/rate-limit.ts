import type { Context } from "./context.ts";

/** How often something may be tried. */
export interface RateLimit {
  /** What is counted, such as `pair-exchange`. */
  readonly name: string;
  readonly attemptsMax: number;
  readonly windowMs: number;
  /** Every attempt begins the window anew, so that hammering prolongs the wait. */
  readonly isSliding?: boolean | undefined;
}

/** Whether one more attempt may go on. */
export interface AttemptVerdict {
  readonly isAllowed: boolean;
  /** When the next attempt can succeed. */
  readonly retryAfterMs: number;
}

/**
 * Counts one attempt of a caller, in all processes together.
 * @param who Whom the limit is for, such as a network address; it is part of a key, so no longer than 512 bytes.
 */
export async function countAttempt(
  ctx: Pick<Context, "ports">,
  limit: RateLimit,
  who: string,
): Promise<AttemptVerdict> {
  const { value, ttlMs } = await ctx.ports.kv.increment(`limit:${limit.name}:${who}`, {
    ttlMs: limit.windowMs,
    sliding: limit.isSliding ?? false,
  });
  return { isAllowed: value <= limit.attemptsMax, retryAfterMs: ttlMs };
}

/** Takes back an attempt that turned out not to count, such as a right answer among guesses. */
export async function takeBackAttempt(
  ctx: Pick<Context, "ports">,
  limit: RateLimit,
  who: string,
): Promise<void> {
  await ctx.ports.kv.increment(`limit:${limit.name}:${who}`, { ttlMs: limit.windowMs, by: -1 });
}

/**
 * Names the caller of an open operation for {@link countAttempt} by the network it calls from; everything inside the
 * server counts as one.
 */
export function networkOf({ clientAddress }: Pick<Context, "clientAddress">): string {
  return clientAddress === null ? "local" : toNetwork(clientAddress);
}

/**
 * Names the network that an address stands for when attempts are counted: IPv4 itself, of IPv6 the first 64 bits,
 * since one household or server has all the addresses behind them.
 */
export function toNetwork(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const split = (part: string) => (part === "" ? [] : part.split(":"));
  const before = split(head);
  const after = split(tail ?? "");
  const gap = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  const groups = [...before, ...(tail === undefined ? [] : gap), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
