import type { SignedIn, SignedOut } from "../contract.ts";
import { BROWSER_ID_DAYS, COOKIE_CHARS_MAX } from "../limits.ts";

/** Names that browsers and existing apps know. */
export const SESSION_COOKIE = "romm_session";
export const CSRF_COOKIE = "romm_csrftoken";
/** Recognises a browser at its next login, so that it stays one device. */
export const BROWSER_COOKIE = "multitap_browser";

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

function readUuid(cookies: ReadonlyMap<string, string>, name: string): string | null {
  const text = cookies.get(name);
  return text !== undefined && UUID.test(text) ? text : null;
}

/** Formats the cookie that signs a browser in, with its full life ahead. */
export function formatSessionCookie(
  sessionId: string,
  options: { readonly maxAgeSeconds: number; readonly isSecure: boolean },
): string {
  const life = `path=/; Max-Age=${options.maxAgeSeconds}`;
  return `${SESSION_COOKIE}=${sessionId}; ${life}; httponly; samesite=strict${secure(options.isSecure)}`;
}

/** Formats the cookie that makes a browser forget its session. */
export function formatNoSessionCookie(isSecure: boolean): string {
  const life = "path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT";
  return `${SESSION_COOKIE}=null; ${life}; httponly; samesite=strict${secure(isSecure)}`;
}

/** Formats the cookie that scripts read and send back as a header. */
export function formatCsrfCookie(token: string, isSecure: boolean): string {
  return `${CSRF_COOKIE}=${token}; Path=/; SameSite=lax${isSecure ? "; Secure" : ""}`;
}

function formatBrowserCookie(browserId: string, isSecure: boolean): string {
  const life = `path=/; Max-Age=${BROWSER_ID_DAYS * SECONDS_PER_DAY}`;
  return `${BROWSER_COOKIE}=${browserId}; ${life}; httponly; samesite=strict${secure(isSecure)}`;
}

function secure(isSecure: boolean): string {
  return isSecure ? "; secure" : "";
}

/** The cookies of a browser that signed in. */
export function toSignedInCookies(signedIn: SignedIn): readonly string[] {
  const { sessionId, csrfToken, browserId, isSecure } = signedIn;
  return [
    formatSessionCookie(sessionId, signedIn),
    formatCsrfCookie(csrfToken, isSecure),
    formatBrowserCookie(browserId, isSecure),
  ];
}

/** The cookies of a browser that signed out. */
export function toSignedOutCookies({ csrfToken, isSecure }: SignedOut): readonly string[] {
  return [formatNoSessionCookie(isSecure), formatCsrfCookie(csrfToken, isSecure)];
}
