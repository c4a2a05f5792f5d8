import { randomUUID } from "node:crypto";
import { assert } from "../../base/assert.ts";
import { checkName, checkTtl } from "./check.ts";
import { KV_LOCK_POLL_MS_MAX, KV_LOCK_POLL_MS_MIN, KV_LOCK_WAIT_MS_MAX } from "./limits.ts";
import type { KvLock, KvLockOptions } from "./port.ts";

/** The three steps a driver must be able to do atomically. */
export interface LockSteps {
  /** Writes `owner` when the key is absent; answers whether it did. */
  acquire(key: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Prolongs the key when it still holds `owner`; answers whether it did. */
  extend(key: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Deletes the key when it still holds `owner`. */
  release(key: string, owner: string): Promise<void>;
}

/**
 * Takes a lock with a driver's steps, polling until `waitMs` is over.
 * @returns Null when the lock stayed with others.
 */
export async function takeLock(
  steps: LockSteps,
  key: string,
  { ttlMs, waitMs = 0 }: KvLockOptions,
): Promise<KvLock | null> {
  checkName(key, "key");
  checkTtl(ttlMs);
  assert(waitMs >= 0 && waitMs <= KV_LOCK_WAIT_MS_MAX, `kv lock waitMs out of range: ${waitMs}`);
  const owner = randomUUID();
  // A monotonic clock: setting the machine's time must not lengthen the wait.
  const deadline = performance.now() + waitMs;
  let pauseMs = KV_LOCK_POLL_MS_MIN;
  while (!(await steps.acquire(key, owner, ttlMs))) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return null;
    // Half of the pause is random, so that many waiters do not come in step.
    await Bun.sleep(Math.min(leftMs, pauseMs * (0.5 + Math.random() / 2)));
    pauseMs = Math.min(pauseMs * 2, KV_LOCK_POLL_MS_MAX);
  }
  return {
    async extend(extendTtlMs) {
      checkTtl(extendTtlMs);
      return steps.extend(key, owner, extendTtlMs);
    },
    release: () => steps.release(key, owner),
  };
}
