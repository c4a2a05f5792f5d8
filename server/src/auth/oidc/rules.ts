import { AppError } from "../../base/errors.ts";
import type { OidcFacts } from "../../base/facts.ts";
import { OIDC_NEXT_CHARS_MAX, OIDC_ROLES_MAX, OIDC_USERNAME_CHARS_MAX } from "../limits.ts";

/** What the provider says of a person. */
export type Claims = Readonly<Record<string, unknown>>;

/** What the roles claim decides; `keep`: nothing, because it is unset or absent. */
export type RoleDecision = "admin" | "editor" | "viewer" | "none" | "keep";

/**
 * Finds a claim by its name, or by a path such as `realm_access.roles`. A name with dots that exists as such wins:
 * some providers name claims by addresses.
 * @returns Undefined when there is none; null counts as none.
 */
export function findClaim(claims: Claims, path: string): unknown {
  const whole = ownValue(claims, path);
  if (whole !== undefined) return whole;
  let value: unknown = claims;
  for (const name of path.split(".")) value = ownValue(value, name);
  return value;
}

function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}

/** Finds a claim that is a text with something in it. */
export function findTextClaim(claims: Claims, path: string): string | null {
  const value = findClaim(claims, path);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Decides what the roles claim makes of an account: the first of admin, editor and viewer that it names. */
export function decideRole(oidc: Pick<OidcFacts, "rolesClaim" | "roleNames">, claims: Claims): RoleDecision {
  const value = oidc.rolesClaim === "" ? undefined : findClaim(claims, oidc.rolesClaim);
  if (value === undefined) return "keep";
  const held = readRoles(value);
  const { admin, editor, viewer } = oidc.roleNames;
  if (admin !== "" && held.has(admin)) return "admin";
  if (editor !== "" && held.has(editor)) return "editor";
  return viewer === "*" || (viewer !== "" && held.has(viewer)) ? "viewer" : "none";
}

/** A list of roles, or one text: the role itself, which may hold spaces, or several with spaces between. */
function readRoles(value: unknown): ReadonlySet<string> {
  if (typeof value === "string") return new Set([value, ...value.split(/\s+/).slice(0, OIDC_ROLES_MAX)]);
  if (!Array.isArray(value)) return new Set();
  return new Set(value.slice(0, OIDC_ROLES_MAX).filter((role) => typeof role === "string"));
}

/** What is known of an address: `unknown` when the provider says nothing and never promised to. */
export type EmailProof = "verified" | "unverified" | "unknown";

/** Judges whether the provider vouches for the e-mail address. */
export function judgeEmail(claims: Claims, claimsSupported: readonly string[]): EmailProof {
  // Some providers send the boolean as a text.
  const flag = claims.email_verified;
  if (flag === true || flag === "true") return "verified";
  const isPromised = claimsSupported.includes("email_verified");
  return flag === false || flag === "false" || isPromised ? "unverified" : "unknown";
}

/** Tells whether something that signing in needs may be found at the userinfo endpoint only. */
export function needsUserInfo(oidc: OidcFacts, claims: Claims): boolean {
  const names = ["email", "email_verified", oidc.usernameAttribute, oidc.rolesClaim];
  return names.some((name) => name !== "" && findClaim(claims, name) === undefined);
}

/** Joins what the ID token says, which counts more, with what the userinfo endpoint says. */
export function joinClaims(idToken: Claims, userInfo: Claims): Claims {
  const joined: Record<string, unknown> = { ...userInfo, ...idToken };
  // An address is vouched for by who names it, and not when the other source means another one.
  const isOtherEmail = idToken.email !== undefined && userInfo.email !== idToken.email;
  if (isOtherEmail && idToken.email_verified === undefined) delete joined.email_verified;
  return joined;
}

/**
 * Makes the scope to ask for. The roles claim is asked for by its name, as the compatible server does; a path is no
 * scope, and some providers refuse a scope they do not know, so that one is only sent when they list it.
 */
export function formatScope(rolesClaim: string, scopesSupported: readonly string[]): string {
  const isAsked = !rolesClaim.includes(".") || scopesSupported.includes(rolesClaim);
  return ["openid", "profile", "email", isAsked ? rolesClaim : ""].join(" ").trim();
}

/** The route that providers send browsers back to. */
const RETURN_PATH = /\/api\/oauth\/openid\/?$/;

/** Finds what stands before the paths of our pages, as browsers see them: "" at the root of a host. */
export function findPagePrefix(redirectUri: string): string {
  const path = URL.parse(redirectUri)?.pathname ?? "";
  return RETURN_PATH.test(path) ? path.replace(RETURN_PATH, "") : "";
}

/** Gives the path of ours to show after signing in; null for anything that could lead elsewhere. */
export function parseNext(text: string | null): string | null {
  if (text === null || text.length > OIDC_NEXT_CHARS_MAX) return null;
  // Browsers read a backslash as a slash, and two slashes as the beginning of a host.
  return /^\/(?![/\\])[!-[\]-~]*$/.test(text) ? text : null;
}

/** Makes a user name out of what the provider calls a person, for accounts made on first sight. */
export function toUsername(text: string): string {
  const [local = ""] = text.split("@");
  const plain = local
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, OIDC_USERNAME_CHARS_MAX);
  if (plain === "") return "user";
  return plain.length < SHORTEST_NAME_CHARS ? `${plain}-user` : plain;
}

/** Characters that a user name has at least. */
const SHORTEST_NAME_CHARS = 3;

/** A person who wants to sign in, as far as the claims tell. */
export interface SigningPerson {
  readonly email: string;
  readonly emailProof: EmailProof;
  /** What the provider calls the person; not yet a user name of ours. */
  readonly name: string;
  /** Null leaves the role of an account as it is. */
  readonly role: "admin" | "editor" | "viewer" | null;
}

/**
 * Reads what signing in needs of the claims; the sentences are those that existing frontends show.
 * @throws AppError `OIDC_CLAIM_MISSING`, `OIDC_EMAIL_UNVERIFIED` or `OIDC_ROLE_MISSING`.
 */
export function readPerson(
  oidc: OidcFacts,
  { claims, claimsSupported }: { readonly claims: Claims; readonly claimsSupported: readonly string[] },
): SigningPerson {
  const email = findTextClaim(claims, "email");
  if (email === null) throw claimMissing("email", "Email is missing from token.");
  const emailProof = judgeEmail(claims, claimsSupported);
  if (emailProof === "unverified") {
    throw new AppError("invalid", "OIDC_EMAIL_UNVERIFIED", { message: "Email is not verified." });
  }
  const attribute = oidc.usernameAttribute;
  const name = findTextClaim(claims, attribute);
  if (name === null) throw claimMissing(attribute, `'${attribute}' attribute is missing from token.`);
  const role = decideRole(oidc, claims);
  if (role !== "none") return { email, emailProof, name, role: role === "keep" ? null : role };
  throw new AppError("forbidden", "OIDC_ROLE_MISSING", {
    message: "User has not been granted any roles for this application.",
  });
}

function claimMissing(claim: string, message: string): AppError {
  return new AppError("invalid", "OIDC_CLAIM_MISSING", { message, details: { claim } });
}
