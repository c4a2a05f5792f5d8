import type { Facts } from "../../base/facts.ts";

/** How cookies go over the wire. */
export interface CookieRules {
  /** Over HTTPS only. */
  readonly isSecure: boolean;
  /**
   * `lax` where browsers come back from the page of an identity provider: with `strict` they would bring no cookie
   * along and seem to be signed out.
   */
  readonly sameSite: "strict" | "lax";
}

/** Gives the rules for the cookies that sign a browser in. */
export function toCookieRules(facts: Pick<Facts, "isSecureCookie" | "oidc">): CookieRules {
  return { isSecure: facts.isSecureCookie, sameSite: facts.oidc === null ? "strict" : "lax" };
}
