import type { SignedIn, SignedOut } from "../contract.ts";
import { BROWSER_ID_DAYS, COOKIE_CHARS_MAX, OIDC_ATTEMPT_TTL_MS } from "../limits.ts";
import type { CookieRules } from "./rules.ts";

/** Names that browsers and existing apps know. */
export const SESSION_COOKIE = "romm_session";
export const CSRF_COOKIE = "romm_csrftoken";
/** Recognises a browser at its next login, so that it stays one device. */
export const BROWSER_COOKIE = "multitap_browser";
/** Tells that a browser which comes back from an identity provider is the one that went there. */
export const SIGN_IN_COOKIE = "multitap_sign_in";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SECONDS_PER_DAY = 86_400;
const NO_COOKIES: ReadonlyMap<string, string> = new Map();

/** Reads a Cookie header; of two cookies of one name the first counts, which is the more specific one. */
export function parseCookies(header: string | null): ReadonlyMap<string, string> {
  if (header === null || header.length > COOKIE_CHARS_MAX) return NO_COOKIES;
  const cookies = new Map<string, string>();
  for (const item of header.split(";")) {
    const equals = item.indexOf("=");
    if (equals < 0) continue;
    const name = item.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, item.slice(equals + 1).trim());
  }
  return cookies;
}

/** Gives the session id that a browser brought along; null when there is none or it cannot be one of ours. */
export function readSessionId(cookies: ReadonlyMap<string, string>): string | null {
  return readUuid(cookies, SESSION_COOKIE);
}

/** Gives the browser id of an earlier login; null when there is none or it cannot be one of ours. */
export function readBrowserId(cookies: ReadonlyMap<string, string>): string | null {
  return readUuid(cookies, BROWSER_COOKIE);
}

/** Gives the key of a sign-in that the browser began; null when there is none or it cannot be one of ours. */
export function readSignInKey(cookies: ReadonlyMap<string, string>): string | null {
  return readUuid(cookies, SIGN_IN_COOKIE);
}

function readUuid(cookies: ReadonlyMap<string, string>, name: string): string | null {
  const text = cookies.get(name);
  return text !== undefined && UUID.test(text) ? text : null;
}

/** Formats the cookie that signs a browser in, with its full life ahead. */
export function formatSessionCookie(
  sessionId: string,
  options: CookieRules & { readonly maxAgeSeconds: number },
): string {
  const life = `path=/; Max-Age=${options.maxAgeSeconds}`;
  return `${SESSION_COOKIE}=${sessionId}; ${life}; ${hidden(options)}`;
}

/** Formats the cookie that makes a browser forget its session. */
export function formatNoSessionCookie(rules: CookieRules): string {
  return `${SESSION_COOKIE}=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; ${hidden(rules)}`;
}

/** Formats the cookie that scripts read and send back as a header. */
export function formatCsrfCookie(token: string, isSecure: boolean): string {
  return `${CSRF_COOKIE}=${token}; Path=/; SameSite=lax${isSecure ? "; Secure" : ""}`;
}

function formatBrowserCookie(browserId: string, rules: CookieRules): string {
  const life = `path=/; Max-Age=${BROWSER_ID_DAYS * SECONDS_PER_DAY}`;
  return `${BROWSER_COOKIE}=${browserId}; ${life}; ${hidden(rules)}`;
}

/** Formats the cookie of a browser that goes to the identity provider. */
export function formatSignInCookie(browserKey: string, isSecure: boolean): string {
  const life = `path=/; Max-Age=${OIDC_ATTEMPT_TTL_MS / 1000}`;
  return `${SIGN_IN_COOKIE}=${browserKey}; ${life}; ${hidden({ isSecure, sameSite: "lax" })}`;
}

/** No script of the page sees it. */
function hidden({ isSecure, sameSite }: CookieRules): string {
  return `httponly; samesite=${sameSite}${isSecure ? "; secure" : ""}`;
}

/** The cookies of a browser that signed in. */
export function toSignedInCookies(signedIn: SignedIn): readonly string[] {
  const { sessionId, csrfToken, browserId, isSecure } = signedIn;
  return [
    formatSessionCookie(sessionId, signedIn),
    formatCsrfCookie(csrfToken, isSecure),
    formatBrowserCookie(browserId, signedIn),
  ];
}

/** The cookies of a browser that signed out. */
export function toSignedOutCookies(signedOut: SignedOut): readonly string[] {
  return [formatNoSessionCookie(signedOut), formatCsrfCookie(signedOut.csrfToken, signedOut.isSecure)];
}
