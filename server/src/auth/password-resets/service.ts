import * as v from "valibot";
import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { countAttempt, type RateLimit } from "../../base/rate-limit.ts";
import { Nothing } from "../../base/schemas.ts";
import { createSlots } from "../../base/slots.ts";
import { findMailbox, findMailboxById, type Mailbox } from "../../users/accounts/service.ts";
import { changePassword, checkChosenPassword } from "../../users/changes/service.ts";
import { userNotFound } from "../../users/service.ts";
import {
  LINK_ATTEMPTS_WINDOW_MS,
  RESET_REQUESTS_PER_ADDRESS_MAX,
  RESETS_PER_ADDRESS_MAX,
} from "../link-tokens/limits.ts";
import { countOpenAttempt, readLinkToken, signLinkToken, toLink } from "../link-tokens/service.ts";
import { AskPasswordResetInput, UsePasswordResetInput } from "./contract.ts";
import {
  RESET_LIFE_MS,
  RESET_LINKS_SENT_MAX,
  RESET_LINKS_WAITING_MAX,
  RESET_REQUEST_INTERVAL_MS,
  RESET_REQUESTS_PER_ACCOUNT_MAX,
  RESET_REQUESTS_WINDOW_MS,
} from "./limits.ts";

/** A reset link that may still be used; its text is the password mark of the account. */
const validKey = (resetId: string) => `reset-jti:${resetId}`;

const REQUESTS: RateLimit = {
  name: "forgot-password",
  attemptsMax: RESET_REQUESTS_PER_ADDRESS_MAX,
  windowMs: LINK_ATTEMPTS_WINDOW_MS,
};
const RESETS: RateLimit = {
  name: "reset-password",
  attemptsMax: RESETS_PER_ADDRESS_MAX,
  windowMs: LINK_ATTEMPTS_WINDOW_MS,
};
/** Both are for one name, whether or not somebody has it. */
const NAME_LIMITS: readonly RateLimit[] = [
  { name: "forgot-password-soon", attemptsMax: 1, windowMs: RESET_REQUEST_INTERVAL_MS },
  {
    name: "forgot-password-often",
    attemptsMax: RESET_REQUESTS_PER_ACCOUNT_MAX,
    windowMs: RESET_REQUESTS_WINDOW_MS,
  },
];

const processState = perPorts(() => ({
  slots: createSlots({
    runningMax: RESET_LINKS_SENT_MAX,
    waitingMax: RESET_LINKS_WAITING_MAX,
    refuse: () => new AppError("unavailable", "AUTH_BUSY", { message: "Too many reset links at once" }),
  }),
}));

/**
 * Asks for a link that resets a password. It goes to the log, and by mail where a mail server is set and the
 * account has an address. The answer and the work until then are the same whether or not there is such an account,
 * and also when it got a link so recently that it gets no other.
 * @throws AppError `ACCOUNT_ATTEMPTS_LIMIT` for an address that asks too often.
 */
export const askPasswordReset = operation(
  { type: "mutation", scope: "public", input: AskPasswordResetInput, output: Nothing, storesNoAnswer: true },
  async (ctx, { username }): Promise<null> => {
    await countOpenAttempt(ctx, REQUESTS, "password reset");
    if (!(await isNameDue(ctx, username))) return null;
    const found = await findMailbox(ctx, username);
    const mailbox = found?.isEnabled === true ? found : null;
    const link = await createLink(ctx, mailbox);
    await noteAudit(ctx, { action: "user.password_reset_asked", subject: toPrintable(username) });
    // After the answer: how long a line or a mail takes would tell that somebody has the name.
    setImmediate(() => {
      if (mailbox !== null) void handOver(ctx, mailbox, link);
    });
    return null;
  },
);

/** A name that was typed may hold anything, and the database refuses some of it. */
function toPrintable(username: string): string {
  return username.toWellFormed().replaceAll(/\p{Cc}/gu, "?");
}

async function isNameDue(ctx: Context, username: string): Promise<boolean> {
  const name = username.trim().toLowerCase().toWellFormed();
  // Hashed, because what was typed may be long, and may be a password in the wrong field.
  const who = new Bun.CryptoHasher("sha256", ctx.facts.secretKey).update(name).digest("hex");
  const verdicts = await Promise.all(NAME_LIMITS.map((limit) => countAttempt(ctx, limit, who)));
  return verdicts.every(({ isAllowed }) => isAllowed);
}

/** Makes a link, for nobody too: one that opens nothing. */
async function createLink(ctx: Context, mailbox: Mailbox | null): Promise<string> {
  const { ports, facts } = ctx;
  const jti = createUuid();
  const owner = mailbox ?? { id: 0, username: "nobody", email: null, passwordMark: "" };
  const claims = { type: "reset", sub: owner.username, user_id: owner.id, email: owner.email, jti } as const;
  const life = { createdAt: ports.clock.now(), lifeMs: RESET_LIFE_MS };
  const token = await signLinkToken(facts.secretKey, claims, life);
  await ports.kv.set(validKey(jti), owner.passwordMark, { ttlMs: RESET_LIFE_MS });
  return toLink(facts.publicUrl, "reset-password", token);
}

async function handOver(ctx: Context, mailbox: Mailbox, link: string): Promise<void> {
  const { log, mail } = ctx.ports;
  const { username, email } = mailbox;
  try {
    await processState(ctx.ports).slots.run(async () => {
      log.info("a link to reset a password", { username, link });
      if (!mail.isSending || email === null) return;
      await mail.send({ to: email, subject: "Reset your password", text: toMailText(username, link) });
    });
  } catch (error) {
    log.error("could not mail a link to reset a password", { username, error });
  }
}

function toMailText(username: string, link: string): string {
  const minutes = RESET_LIFE_MS / 60_000;
  return [
    `Somebody asked for a new password for your account ${username}.`,
    `Open this link within ${minutes} minutes to choose one:`,
    "",
    link,
    "",
    "If it was not you, ignore this message: nothing has changed.",
  ].join("\n");
}

/**
 * Sets a new password with a link that was asked for. It works once, and not after another change of the password.
 * Login sessions and refresh tokens of the account end.
 * @throws AppError `RESET_TOKEN_INVALID`, `USER_PASSWORD_INVALID`, `USER_NOT_FOUND`, `ACCOUNT_ATTEMPTS_LIMIT`.
 */
export const usePasswordReset = operation(
  { type: "mutation", scope: "public", input: UsePasswordResetInput, output: Nothing, storesNoAnswer: true },
  async (ctx, { token, newPassword }): Promise<null> => {
    await countOpenAttempt(ctx, RESETS, "password reset");
    const { resetId, userId } = await readReset(ctx, token);
    checkChosenPassword(newPassword);
    const { kv } = ctx.ports;
    const mark = await kv.get(validKey(resetId));
    if (mark === null) throw usedReset();
    const mailbox = await findMailboxById(ctx, userId);
    if (mailbox === null) throw userNotFound();
    if (!mailbox.isEnabled || mailbox.passwordMark !== mark) throw usedReset();
    // Of several at once exactly one goes on.
    if ((await kv.take(validKey(resetId))) === null) throw usedReset();
    const isChanged = await changePassword(ctx, userId, { password: newPassword, isByOwner: true });
    if (!isChanged) throw userNotFound();
    return null;
  },
);

const ResetClaims = v.object({
  type: v.literal("reset"),
  user_id: v.pipe(v.number(), v.integer()),
  jti: v.string(),
});

async function readReset(
  ctx: Context,
  token: string,
): Promise<{ readonly resetId: string; readonly userId: number }> {
  const reading = await readLinkToken(ctx.facts.secretKey, token, ctx.ports.clock.now());
  if (reading.kind === "invalid") throw invalidReset("Invalid token", reading.cause);
  if (reading.claims.type !== "reset") throw invalidReset("Invalid token purpose");
  const parsed = v.safeParse(ResetClaims, reading.claims);
  if (!parsed.success) throw invalidReset("Invalid token payload");
  if (reading.kind === "expired") throw invalidReset("Token has expired", reading.cause);
  return { resetId: parsed.output.jti, userId: parsed.output.user_id };
}

function usedReset(): AppError<"invalid"> {
  return invalidReset("This token has already been used or is invalid");
}

function invalidReset(message: string, cause?: unknown): AppError<"invalid"> {
  return new AppError("invalid", "RESET_TOKEN_INVALID", { message, cause });
}
