import * as v from "valibot";
import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { countAttempt, networkOf } from "../../base/rate-limit.ts";
import { findFreshAccount } from "../../users/accounts/service.ts";
import { type ClientTokenRow, findTokenRow } from "../client-tokens/queries.ts";
import { requireReach, tokenNotFound } from "../client-tokens/service.ts";
import { parseCode } from "../codes/rules.ts";
import {
  countGuess,
  findRepeatKey,
  type GuessLimit,
  overallLimit,
  reserveCode,
  takeBackGuess,
} from "../codes/service.ts";
import { ClientTokenIdInput, type NewClientToken, NewClientTokenSchema } from "../contract.ts";
import {
  EXCHANGES_PER_ADDRESS_MAX,
  PAIRING_CODE_TTL_MS,
  PAIRING_CODES_PER_USER_MAX,
  PAIRING_WINDOW_MS,
  WRONG_CODES_PER_CALLER_MAX,
} from "../limits.ts";
import { isExpired, renewSecret } from "../token-secrets/service.ts";
import {
  type PairingCode,
  PairingCodeInput,
  PairingCodeSchema,
  type PairingStatus,
  PairingStatusSchema,
} from "./contract.ts";

/** What a code stands for. */
const Target = v.object({ tokenId: v.number(), userId: v.number() });
type Target = v.InferOutput<typeof Target>;
/** A used code, and the key of the call that used it. */
const UsedCode = v.object({ ...Target.entries, repeatKey: v.string() });

const codeKey = (code: string) => `pair:${code}`;
const usedKey = (code: string) => `pair-used:${code}`;

const CODES = {
  name: "pair-codes",
  attemptsMax: PAIRING_CODES_PER_USER_MAX,
  windowMs: PAIRING_WINDOW_MS,
};
/** Asking about a code tells as much as using it, so both share the limit of everybody. */
const overall = overallLimit("pair-guesses");
const message = "Too many exchange attempts. Try again later.";
const EXCHANGES: GuessLimit = {
  perCaller: {
    name: "pair-exchange",
    attemptsMax: EXCHANGES_PER_ADDRESS_MAX,
    windowMs: PAIRING_WINDOW_MS,
    isSliding: true,
  },
  overall,
  message,
};
const QUESTIONS: GuessLimit = {
  perCaller: { name: "pair-status", attemptsMax: WRONG_CODES_PER_CALLER_MAX, windowMs: PAIRING_WINDOW_MS },
  overall,
  message,
};

/**
 * Makes a short code that an app can swap for one of the caller's client tokens, once and within
 * `PAIRING_CODE_TTL_MS`. The swap gives the token another secret: every earlier copy of it stops working.
 */
export const createPairingCode = operation(
  {
    type: "mutation",
    scope: "me.write",
    input: ClientTokenIdInput,
    output: PairingCodeSchema,
    storesNoAnswer: true,
  },
  async (ctx, { tokenId }): Promise<PairingCode> => {
    const userId = requireAccountId(ctx);
    const row = await findTokenRow(ctx.db, userId, tokenId);
    if (row === null) throw tokenNotFound();
    requireReach(ctx, row);
    const { isAllowed, retryAfterMs } = await countAttempt(ctx, CODES, String(userId));
    if (!isAllowed) {
      const refusal = "Too many pairing codes. Try again later.";
      throw new AppError("rate_limited", "PAIRING_ATTEMPTS_LIMIT", { message: refusal, retryAfterMs });
    }
    const entry = { text: JSON.stringify({ tokenId, userId }), ttlMs: PAIRING_CODE_TTL_MS };
    const code = await reserveCode(ctx, codeKey, entry);
    return { code, expiresInSeconds: PAIRING_CODE_TTL_MS / 1000 };
  },
);

/** Tells whether a pairing code still waits for its app; anybody who knows the code may ask. */
export const getPairingStatus = operation(
  { type: "query", scope: "public", input: PairingCodeInput, output: PairingStatusSchema },
  async (ctx, input): Promise<PairingStatus> => {
    const code = parseCode(input.code);
    if (code === null) return { isPending: false };
    const who = networkOf(ctx);
    await countGuess(ctx, QUESTIONS, who);
    if ((await ctx.ports.kv.get(codeKey(code))) === null) return { isPending: false };
    await takeBackGuess(ctx, QUESTIONS, who);
    return { isPending: true };
  },
);

/**
 * Swaps a pairing code for its client token with a new secret; of any number of callers one succeeds. A caller
 * who sends the call again under the same idempotency key, because the answer was lost, gets another secret.
 */
export const exchangePairingCode = operation(
  {
    type: "mutation",
    scope: "public",
    input: PairingCodeInput,
    output: NewClientTokenSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<NewClientToken> => {
    await countGuess(ctx, EXCHANGES, networkOf(ctx));
    const code = parseCode(input.code);
    const target = code === null ? null : ((await useCode(ctx, code)) ?? (await findRepeated(ctx, code)));
    if (target === null) {
      throw new AppError("not_found", "PAIRING_CODE_INVALID", { message: "Invalid or expired pairing code" });
    }
    const owner = await findFreshAccount(ctx, target.userId);
    if (owner !== null && !owner.isEnabled) {
      throw new AppError("forbidden", "PAIRING_OWNER_DISABLED", { message: "Token owner is disabled" });
    }
    const token = owner === null ? null : await renewSecret(ctx, toRenewal(ctx, target, owner));
    if (token !== null) return token;
    throw new AppError("not_found", "PAIRING_TOKEN_GONE", { message: "Token no longer exists" });
  },
);

function toRenewal(
  ctx: Context,
  target: Target,
  owner: { readonly id: number; readonly username: string },
): Parameters<typeof renewSecret>[1] {
  return {
    ...target,
    accepts: (row: ClientTokenRow) => !isExpired(row, ctx.ports.clock.now()),
    note: (tx, { id, name, deviceId }) => {
      const details = { tokenId: id, deviceId };
      return noteAudit(tx, { action: "device.paired", subject: name, actor: owner, details });
    },
  };
}

/** Of callers at the same time one gets what the code stands for. */
async function useCode(ctx: Context, code: string): Promise<Target | null> {
  const { kv } = ctx.ports;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Target), await kv.take(codeKey(code)));
  if (!parsed.success) return null;
  const repeatKey = findRepeatKey(ctx);
  if (repeatKey !== null) {
    const used = JSON.stringify({ ...parsed.output, repeatKey });
    await kv.set(usedKey(code), used, { ttlMs: PAIRING_CODE_TTL_MS });
  }
  return parsed.output;
}

async function findRepeated(ctx: Context, code: string): Promise<Target | null> {
  const repeatKey = findRepeatKey(ctx);
  const text = repeatKey === null ? null : await ctx.ports.kv.get(usedKey(code));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), UsedCode), text);
  return parsed.success && parsed.output.repeatKey === repeatKey ? parsed.output : null;
}
