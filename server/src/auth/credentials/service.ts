import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache } from "../../base/expiring-cache.ts";
import { ANONYMOUS } from "../../base/identity.ts";
import { perPorts } from "../../base/per-ports.ts";
import { networkOf } from "../../base/rate-limit.ts";
import { createSlots } from "../../base/slots.ts";
import {
  type Account,
  findAccount,
  findAccountByPassword,
  findFreshAccount,
  findUserByName,
} from "../../users/accounts/service.ts";
import {
  FAILURE_WINDOW_MS,
  FAILURES_PER_ACCOUNT_MAX,
  FAILURES_PER_ADDRESS_MAX,
  FAILURES_PER_PAIR_MAX,
  PASSWORD_BUSY_RETRY_MS,
  PASSWORD_CHECKS_MAX,
  PASSWORD_CHECKS_WAITING_MAX,
  PASSWORD_TTL_MS,
  PROOFS_CACHED_MAX,
} from "../limits.ts";

type Scene = Pick<Context, "ports" | "db" | "facts" | "clientAddress">;

/** What somebody typed. */
export interface PasswordCredentials {
  readonly username: string;
  readonly password: string;
}

/** An account that a password proved, in the state it had then. */
interface PasswordProof {
  readonly userId: number;
  /** The account's name then; after a rename it opens nothing. */
  readonly username: string;
  readonly passwordMark: string;
}

const processState = perPorts((ports) => ({
  proofs: createExpiringCache<string, PasswordProof | null>({
    ttlMs: PASSWORD_TTL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
  slots: createSlots({
    runningMax: PASSWORD_CHECKS_MAX,
    waitingMax: PASSWORD_CHECKS_WAITING_MAX,
    refuse: () =>
      new AppError("unavailable", "AUTH_BUSY", {
        message: "Too many logins at once. Try again later.",
        retryAfterMs: PASSWORD_BUSY_RETRY_MS,
      }),
  }),
}));

/**
 * Finds the account that a name and a password prove, enabled or not. A password that was right is not checked
 * again for `PASSWORD_TTL_MS` where it came from, unless the account has another one by now; calls with the same credentials at the
 * same time share one check.
 * @returns Null when the two do not belong together.
 * @throws AppError `AUTH_FAILURES_LIMIT` after too many failures, `AUTH_BUSY` when too many checks wait.
 */
export async function provePassword(ctx: Scene, credentials: PasswordCredentials): Promise<Account | null> {
  const { proofs } = processState(ctx.ports);
  const key = toProofKey(ctx, credentials);
  const proof = await proofs.load(key, () => checkPassword(ctx, credentials));
  if (proof !== null) {
    const account = await findProvedAccount(ctx, proof);
    if (account !== null) return account;
  }
  proofs.drop(key);
  if (proof === null) return null;
  // The password was changed since it was proved.
  const again = await checkPassword(ctx, credentials);
  return again === null ? null : await findProvedAccount(ctx, again);
}

async function findProvedAccount(ctx: Scene, proof: PasswordProof): Promise<Account | null> {
  const account = await findAccount(ctx, proof.userId);
  if (account !== null && isSameAccount(account, proof)) return account;
  // Memory may be older than the proof.
  const fresh = await findFreshAccount(ctx, proof.userId);
  return fresh !== null && isSameAccount(fresh, proof) ? fresh : null;
}

function isSameAccount(account: Account, proof: PasswordProof): boolean {
  return account.passwordMark === proof.passwordMark && account.username === proof.username;
}

/**
 * The key holds nothing that helps whoever reads this process's memory without the secret. A proof counts where it
 * was given: elsewhere, somebody who may not guess any more could still find out which guess is right.
 */
function toProofKey(ctx: Scene, { username, password }: PasswordCredentials): string {
  const hasher = new Bun.CryptoHasher("sha256", ctx.facts.secretKey);
  const parts = [networkOf(ctx), username.toLowerCase(), password];
  return hasher.update(JSON.stringify(parts)).digest("base64url");
}

async function checkPassword(ctx: Scene, credentials: PasswordCredentials): Promise<PasswordProof | null> {
  return await processState(ctx.ports).slots.run(async () => {
    // Inside the slot, so that a burst of guesses cannot pass before the first of them is counted.
    await refuseAfterFailures(ctx, credentials.username);
    const account = await findAccountByPassword(ctx, credentials);
    if (account !== null) {
      const { id: userId, username, passwordMark } = account;
      return { userId, username, passwordMark };
    }
    await countFailure(ctx, credentials.username);
    await noteFailure(ctx, credentials.username);
    return null;
  });
}

interface FailureCounter {
  readonly key: string;
  readonly max: number;
}

function listCounters(ctx: Scene, username: string): readonly FailureCounter[] {
  const address = networkOf(ctx);
  // Hashed, because what was typed may be long, and may be a password in the wrong field.
  const account = new Bun.CryptoHasher("sha256", ctx.facts.secretKey)
    .update(username.toLowerCase())
    .digest("hex");
  return [
    { key: `login-failures:pair:${address}:${account}`, max: FAILURES_PER_PAIR_MAX },
    { key: `login-failures:address:${address}`, max: FAILURES_PER_ADDRESS_MAX },
    { key: `login-failures:account:${account}`, max: FAILURES_PER_ACCOUNT_MAX },
  ];
}

async function refuseAfterFailures(ctx: Scene, username: string): Promise<void> {
  const counters = listCounters(ctx, username);
  const counts = await Promise.all(counters.map(({ key }) => ctx.ports.kv.get(key)));
  if (counters.every(({ max }, index) => Number(counts[index] ?? "0") < max)) return;
  throw new AppError("rate_limited", "AUTH_FAILURES_LIMIT", {
    message: "Too many failed login attempts. Try again later.",
    retryAfterMs: FAILURE_WINDOW_MS,
  });
}

async function countFailure(ctx: Scene, username: string): Promise<void> {
  const hits = listCounters(ctx, username).map(({ key }) =>
    ctx.ports.kv.increment(key, { ttlMs: FAILURE_WINDOW_MS }),
  );
  await Promise.all(hits);
}

/** The same work whether or not there is such an account; a name without one may be a password in the wrong field. */
async function noteFailure(ctx: Scene, username: string): Promise<void> {
  const account = await findUserByName(ctx, username);
  await noteAudit(
    { ...ctx, identity: ANONYMOUS },
    { action: "login.failed", subject: account?.username ?? "(no such account)" },
  );
}
