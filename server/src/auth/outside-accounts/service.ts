import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import type { OidcFacts } from "../../base/facts.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { Account } from "../../users/accounts/service.ts";
import {
  createOutsideAccount,
  findAccountByEmail,
  findAccountByIdentity,
  forgetAccount,
  linkIdentity,
  setOutsideRole,
} from "../../users/identities/service.ts";
import type { ProvenPerson } from "../identity-provider/service.ts";
import { readPerson, type SigningPerson, toUsername } from "../oidc/rules.ts";

/** Somebody the provider vouches for, with what their claims mean here. */
interface Candidate {
  readonly oidc: OidcFacts;
  readonly identity: { readonly issuer: string; readonly subject: string };
  readonly person: SigningPerson;
}

/**
 * Gives the account of a person the provider vouches for, with the role that the provider names: the one linked to
 * this identity, else the one with the e-mail address if the provider vouches for that, else a new one.
 * @throws AppError `OIDC_CLAIM_MISSING`, `OIDC_EMAIL_UNVERIFIED`, `OIDC_ROLE_MISSING`, `OIDC_REGISTRATION_OFF`,
 *   `OIDC_EMAIL_TAKEN`, `USER_EMAIL_INVALID` or `AUTH_ACCOUNT_DISABLED`.
 */
export async function admitPerson(ctx: Context, oidc: OidcFacts, proven: ProvenPerson): Promise<Account> {
  const { issuer, subject } = proven;
  const candidate = { oidc, identity: { issuer, subject }, person: readPerson(oidc, proven) };
  const account = await inTransaction(ctx, (inner) => admitCandidate(inner, candidate));
  // Its role may have changed just now; what this process remembers is older.
  await forgetAccount(ctx, account.id);
  return account;
}

async function admitCandidate(ctx: Context, candidate: Candidate): Promise<Account> {
  const { identity, person } = candidate;
  const linked = await findAccountByIdentity(ctx, identity);
  const known = linked ?? (await findAccountByEmail(ctx, person.email));
  if (known === null) return await registerPerson(ctx, candidate);
  if (linked === null) requireVerified(person);
  requireEnabled(known);
  if (linked === null) await link(ctx, known, candidate);
  return await followRole(ctx, known, candidate);
}

function requireVerified(person: SigningPerson): void {
  if (person.emailProof === "verified") return;
  throw new AppError("conflict", "OIDC_EMAIL_TAKEN", {
    message: "An account with this email exists, but the provider does not say that the email is verified.",
  });
}

function requireEnabled(account: Account): void {
  if (account.isEnabled) return;
  throw new AppError("unauthenticated", "AUTH_ACCOUNT_DISABLED", { message: "Disabled user" });
}

async function registerPerson(ctx: Context, candidate: Candidate): Promise<Account> {
  const { oidc, identity, person } = candidate;
  if (!oidc.isRegistrationAllowed) {
    const message = "User registration is disabled. Please contact an administrator to create an account.";
    throw new AppError("forbidden", "OIDC_REGISTRATION_OFF", { message });
  }
  const { email, name, role } = person;
  const account = await createOutsideAccount(ctx, { username: toUsername(name), email, role });
  if (account === null) {
    const message = "An account with this email was made just now. Please sign in again.";
    throw new AppError("conflict", "OIDC_EMAIL_TAKEN", { message });
  }
  await linkIdentity(ctx, account.id, identity);
  const details = { method: "oidc", role: account.isAdmin ? "admin" : "user" };
  await noteAudit(ctx, { action: "user.created", subject: account.username, actor: account, details });
  return account;
}

async function link(ctx: Context, account: Account, { identity }: Candidate): Promise<void> {
  await linkIdentity(ctx, account.id, identity);
  const details = { issuer: identity.issuer };
  await noteAudit(ctx, { action: "oidc.linked", subject: account.username, actor: account, details });
}

async function followRole(ctx: Context, account: Account, { person }: Candidate): Promise<Account> {
  if (person.role === null) return account;
  const { account: changed, isChanged } = await setOutsideRole(ctx, account.id, person.role);
  if (changed === null || !isChanged) return account;
  const details = { method: "oidc", role: person.role };
  await noteAudit(ctx, { action: "user.updated", subject: account.username, actor: account, details });
  return changed;
}
