import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Context } from "./context.ts";
import { AppError } from "./errors.ts";

/** What identifies a call to its repeats; apps send UUIDs. */
const KEY = /^[\w.:-]{1,128}$/;
/** How long an answer is kept for a repeat, in milliseconds: a day, as apps may be offline overnight. */
const ANSWER_TTL_MS = 24 * 60 * 60 * 1000;
/** How long a call that died with its process keeps its repeats waiting, in milliseconds. */
const LEASE_MS = 30_000;
/** How often a running call says that it lives, in milliseconds; several times within a lease. */
const LEASE_RENEWAL_MS = 10_000;
/** Pause after which a repeat of a running call asks again, in milliseconds. */
const RUNNING_RETRY_MS = 1_000;
/** Characters of a kept answer. A longer one is not kept, and its repeat runs again. */
const ANSWER_CHARS_MAX = 256 * 1024;

const KeptCall = v.object({
  /** Digest of the call's target and input. */
  call: v.string(),
  /** Absent while it runs; the JSON of the answer, an empty text for none. */
  answer: v.optional(v.string()),
});
type KeptCall = v.InferOutput<typeof KeptCall>;

/** A call that may be sent again, and the work that must happen once. */
export interface RepeatableCall<O> {
  readonly input: unknown;
  readonly run: () => Promise<O>;
}

/**
 * Runs a marked call, or gives the answer it had when it ran before: within a day, in whichever process. A call
 * that failed leaves no trace, so its repeat runs. Only a crash between a commit and the storing of its answer
 * lets a repeat run twice.
 * @returns The answer after a way through JSON.
 * @throws AppError `IDEMPOTENCY_KEY_INVALID`, `IDEMPOTENCY_KEY_REUSED` for another call under the same key,
 *   `IDEMPOTENCY_CALL_RUNNING` while the first one has not ended.
 */
export async function answerOnce<O>(ctx: Context, { input, run }: RepeatableCall<O>): Promise<O> {
  const { idempotency, identity } = ctx;
  // Without an account there is nobody to whom a kept answer could be told.
  if (idempotency === null || idempotency === undefined || identity.kind !== "user") return await run();
  if (!KEY.test(idempotency.key)) {
    throw new AppError("invalid", "IDEMPOTENCY_KEY_INVALID", {
      message: "Idempotency-Key must be 1 to 128 letters, digits, dots, colons, dashes or underscores",
    });
  }
  const { kv } = ctx.ports;
  const key = `idempotency:${identity.userId}:${idempotency.key}`;
  const call = digestOf(idempotency.target, input);
  const isFirst = await kv.set(key, formatCall({ call }), { when: "absent", ttlMs: LEASE_MS });
  if (!isFirst) {
    const kept = parseCall(await kv.get(key));
    // It ended without an answer between the two questions.
    if (kept === null) return await answerOnce(ctx, { input, run });
    return repeatAnswer<O>(kept, call);
  }
  return await runFirst(ctx, { key, call, run });
}

function repeatAnswer<O>(kept: KeptCall, call: string): O {
  if (kept.call !== call) {
    throw new AppError("conflict", "IDEMPOTENCY_KEY_REUSED", {
      message: "This Idempotency-Key was used for another call",
    });
  }
  if (kept.answer === undefined) {
    throw new AppError("unavailable", "IDEMPOTENCY_CALL_RUNNING", {
      message: "The first call with this Idempotency-Key is still running",
      retryAfterMs: RUNNING_RETRY_MS,
    });
  }
  // `runFirst` wrote it from an answer of the same operation.
  return (kept.answer === "" ? undefined : JSON.parse(kept.answer)) as O;
}

interface FirstCall<O> {
  readonly key: string;
  readonly call: string;
  readonly run: () => Promise<O>;
}

async function runFirst<O>(ctx: Context, { key, call, run }: FirstCall<O>): Promise<O> {
  const { kv, log } = ctx.ports;
  const renewal = setInterval(() => {
    kv.expire(key, LEASE_MS).catch((cause: unknown) => log.warn("could not renew a call", { error: cause }));
  }, LEASE_RENEWAL_MS);
  let answer: string | null = null;
  try {
    const output = await run();
    answer = output === undefined ? "" : JSON.stringify(output);
    return output;
  } finally {
    clearInterval(renewal);
    const isKept = answer !== null && answer.length <= ANSWER_CHARS_MAX;
    const ending = isKept
      ? kv.set(key, formatCall({ call, answer: answer ?? "" }), { ttlMs: ANSWER_TTL_MS })
      : kv.remove([key]);
    // The call has happened: that its answer could not be kept is no reason to fail it.
    await ending.catch((cause: unknown) => log.warn("could not keep an answer", { error: cause }));
  }
}

function digestOf(target: string, input: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify([target, input ?? null]))
    .digest("base64url");
}

function formatCall(kept: KeptCall): string {
  return JSON.stringify(kept);
}

function parseCall(text: string | null): KeptCall | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), KeptCall), text);
  return parsed.success ? parsed.output : null;
}
