import * as v from "valibot";
import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { hasScope } from "../../base/identity.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import type { RateLimit } from "../../base/rate-limit.ts";
import { FULL_SCOPES } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { findFreshAccount, findUserByName, requireReach } from "../../users/accounts/service.ts";
import type { User } from "../../users/contract.ts";
import { hashPassword } from "../../users/passwords/service.ts";
import { addUser, type CheckedUser, checkNewUser, readRole } from "../../users/service.ts";
import { LINK_ATTEMPTS_WINDOW_MS, REGISTRATIONS_PER_ADDRESS_MAX } from "../link-tokens/limits.ts";
import { countOpenAttempt, readLinkToken, signLinkToken, toLink } from "../link-tokens/service.ts";
import { CreateInviteInput, type Invite, InviteSchema, RegisteredSchema, RegisterInput } from "./contract.ts";
import { INVITE_LIFE_MS_MAX } from "./limits.ts";
import { isReachable } from "./rules.ts";

/** An invite that may still be used. */
const validKey = (inviteId: string) => `invite-jti:${inviteId}`;
const VALID = "valid";

const REGISTRATIONS: RateLimit = {
  name: "register",
  attemptsMax: REGISTRATIONS_PER_ADDRESS_MAX,
  windowMs: LINK_ATTEMPTS_WINDOW_MS,
};

/**
 * Makes an invite for one account of the given role. Needs users.write, also while there is no administrator:
 * a stranger must not keep a key to a server that is set up later.
 * @throws AppError `USER_ROLE_INVALID`, `USER_ADMIN_ONLY`, `INVITE_EXPIRY_INVALID`.
 */
export const createInvite = operation(
  {
    type: "mutation",
    scope: "public",
    input: CreateInviteInput,
    output: InviteSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<Invite> => {
    const inviter = requireInviter(ctx);
    const { role } = readRole(input.role);
    if (role === "admin" && !inviter.isAdmin) {
      throw new AppError("forbidden", "USER_ADMIN_ONLY", {
        message: "Only an administrator can create admin invite links",
      });
    }
    if (role === "admin") requireReach(ctx, FULL_SCOPES);
    const lifeMs = readLifeMs(ctx, input.expiresInSeconds);
    const jti = createUuid();
    const roleName = input.role.trim().toUpperCase();
    const claims = {
      type: "invite",
      sub: inviter.username,
      user_id: inviter.userId,
      role: roleName,
      jti,
    } as const;
    const createdAt = ctx.ports.clock.now();
    const token = await signLinkToken(ctx.facts.secretKey, claims, { createdAt, lifeMs });
    await noteAudit(ctx, {
      action: "user.invited",
      subject: roleName,
      details: { expiresInSeconds: Math.ceil(lifeMs / 1000) },
    });
    await ctx.ports.kv.set(validKey(jti), VALID, { ttlMs: lifeMs });
    const { publicUrl } = ctx.facts;
    return { token, url: isReachable(publicUrl) ? toLink(publicUrl, "register", token) : null };
  },
);

/** 403 also for an anonymous caller, as for making an account: frontends must not log out. */
function requireInviter({ identity }: Context) {
  if (identity.kind === "user" && hasScope(identity, "users.write")) return identity;
  throw new AppError("forbidden", "AUTH_SCOPE_MISSING", {
    message: "Forbidden",
    details: { scope: "users.write" },
  });
}

function readLifeMs(ctx: Context, seconds: number | null): number {
  if (seconds === null) return Math.min(ctx.facts.inviteTokenMs, INVITE_LIFE_MS_MAX);
  const lifeMs = seconds * 1000;
  if (Number.isInteger(seconds) && lifeMs > 0 && lifeMs <= INVITE_LIFE_MS_MAX) return lifeMs;
  const message =
    lifeMs > INVITE_LIFE_MS_MAX
      ? `Invite link expiration must be at most ${INVITE_LIFE_MS_MAX / 1000} seconds`
      : "Invite link expiration must be a positive integer";
  throw new AppError("invalid", "INVITE_EXPIRY_INVALID", { message });
}

/**
 * Makes an account with an invite, whose role alone counts. One invite makes one account, however many try at
 * once: it is taken from the store before the account is made, and put back when the account could not be. A crash
 * in between uses the invite up, and never makes two accounts.
 * @throws AppError `INVITE_TOKEN_INVALID`, `ACCOUNT_ATTEMPTS_LIMIT`, and what a new account throws.
 */
export const register = operation(
  { type: "mutation", scope: "public", input: RegisterInput, output: RegisteredSchema, storesNoAnswer: true },
  async (ctx, input): Promise<User> => {
    await countOpenAttempt(ctx, REGISTRATIONS, "registration");
    const checked = checkNewUser(input);
    const invite = await readInvite(ctx, input.token);
    // Hashing is dear, so not for somebody without an invite.
    if ((await ctx.ports.kv.get(validKey(invite.inviteId))) === null) throw usedInvite();
    const hashedPassword = await hashPassword(input.password);
    if ((await ctx.ports.kv.take(validKey(invite.inviteId))) === null) throw usedInvite();
    try {
      return await addInvited(ctx, invite, { ...checked, hashedPassword });
    } catch (error) {
      await putBack(ctx, invite, { error, username: checked.username });
      throw error;
    }
  },
);

interface ReadInvite {
  readonly inviteId: string;
  readonly role: string;
  readonly expiresAtMs: number;
  readonly inviter: string;
}

const InviteClaims = v.object({
  type: v.literal("invite"),
  sub: v.string(),
  user_id: v.optional(v.number()),
  role: v.string(),
  jti: v.string(),
});

async function readInvite(ctx: Context, token: string): Promise<ReadInvite> {
  const reading = await readLinkToken(ctx.facts.secretKey, token, ctx.ports.clock.now());
  if (reading.kind !== "read") throw invalidInvite("Invalid token", reading.cause);
  if (reading.claims.type !== "invite") throw invalidInvite("Invalid token type.");
  const parsed = v.safeParse(InviteClaims, reading.claims);
  if (!parsed.success) throw invalidInvite("Invalid token");
  const { sub, user_id, role, jti } = parsed.output;
  await requireStandingInviter(ctx, { username: sub, userId: user_id ?? null, role });
  return { inviteId: jti, role, expiresAtMs: reading.expiresAtMs, inviter: sub };
}

/** Whoever invited must still be allowed to: links last up to a year. */
async function requireStandingInviter(
  ctx: Context,
  inviter: { readonly username: string; readonly userId: number | null; readonly role: string },
): Promise<void> {
  // The operator of this machine has no account that could change.
  if (inviter.userId === 0) return;
  const account =
    inviter.userId === null
      ? await findUserByName(ctx, inviter.username)
      : await findFreshAccount(ctx, inviter.userId);
  const isAllowed = account?.isEnabled === true && account.scopes.includes("users.write");
  const needsAdmin = readRole(inviter.role).role === "admin";
  if (!isAllowed || (needsAdmin && !account.isAdmin)) throw usedInvite();
}

async function addInvited(
  ctx: Context,
  invite: ReadInvite,
  fields: CheckedUser & { readonly hashedPassword: string },
): Promise<User> {
  return await inTransaction(ctx, async (inner) => {
    const user = await addUser(inner, { ...fields, choice: readRole(invite.role) });
    await noteAudit(inner, {
      action: "user.registered",
      subject: user.username,
      actor: { id: user.id, username: user.username },
      details: { role: user.role, invitedBy: invite.inviter },
    });
    return user;
  });
}

/** Lets an invite be used again whose account was not made. */
async function putBack(
  ctx: Context,
  { inviteId, expiresAtMs }: ReadInvite,
  failure: { readonly error: unknown; readonly username: string },
): Promise<void> {
  const { kv, clock, log } = ctx.ports;
  try {
    // A connection that broke at the commit does not tell whether the account is there.
    if (!isAppError(failure.error) && (await findUserByName(ctx, failure.username)) !== null) return;
    const ttlMs = expiresAtMs - clock.now().getTime();
    if (ttlMs > 0) await kv.set(validKey(inviteId), VALID, { ttlMs });
  } catch (error) {
    log.warn("an invite is used up although its account could not be made", { inviteId, error });
  }
}

function usedInvite(): AppError<"invalid"> {
  return invalidInvite("Invite token has already been used or is invalid.");
}

function invalidInvite(message: string, cause?: unknown): AppError<"invalid"> {
  return new AppError("invalid", "INVITE_TOKEN_INVALID", { message, cause });
}
