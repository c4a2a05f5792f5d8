import type { Kv } from "../ports/kv/port.ts";

/** Held while files of users are removed for good; a backup holds it so that nothing goes meanwhile. */
export const DELETION_LOCK = "assets:deletion";
/** How long a holder that was killed keeps others waiting, in milliseconds. */
export const DELETION_LEASE_MS = 60_000;
/** How often a holder says that it lives, in milliseconds; several times within a lease. */
const RENEWAL_MS = 15_000;

/** The right to remove files of users, or to rely on none being removed. */
export interface DeletionHold {
  /** Aborted when the hold was lost: what relied on it has to stop. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface DeletionHoldOptions {
  /** How long to wait for another holder. */
  readonly waitMs: number;
  readonly leaseMs?: number | undefined;
  readonly renewalMs?: number | undefined;
}

/**
 * Takes the hold and keeps it until it is released. A process that dies loses it within a lease.
 * @returns Null when somebody else has it for all of `waitMs`.
 */
export async function holdDeletions(
  kv: Pick<Kv, "lock">,
  { waitMs, leaseMs = DELETION_LEASE_MS, renewalMs = RENEWAL_MS }: DeletionHoldOptions,
): Promise<DeletionHold | null> {
  const lock = await kv.lock(DELETION_LOCK, { ttlMs: leaseMs, waitMs });
  if (lock === null) return null;
  const lost = new AbortController();
  let heldUntilMs = performance.now() + leaseMs;
  const renew = async () => {
    const askedAtMs = performance.now();
    try {
      if (await lock.extend(leaseMs)) heldUntilMs = askedAtMs + leaseMs;
      else lost.abort();
    } catch {
      // The store may be away for a moment; only a lease that ran out meanwhile is lost.
      if (performance.now() >= heldUntilMs) lost.abort();
    }
  };
  const timer = setInterval(() => void renew(), renewalMs);
  timer.unref();
  return {
    signal: lost.signal,
    async release() {
      clearInterval(timer);
      await lock.release();
    },
  };
}

/** Whether somebody relies on files of users staying where they are, or removes some. */
export async function areDeletionsHeld(kv: Pick<Kv, "get">): Promise<boolean> {
  return (await kv.get(DELETION_LOCK)) !== null;
}
