import { timingSafeEqual } from "node:crypto";
import { CSRF_CHARS_MAX, CSRF_TOKEN_BYTES, CSRF_TOKENS_REMEMBERED_MAX } from "../limits.ts";

/** What a CSRF token says; existing apps treat its text as opaque. */
export interface CsrfToken {
  readonly token: string;
  /** The account it was made for; null for an anonymous browser, -1 for a visitor of a kiosk. */
  readonly userId: number | null;
}

/** What decides whether a request must carry the token. */
export interface CsrfRequest {
  readonly method: string;
  readonly path: string;
  /** True with a Basic or Bearer header: no other site can make a browser send one. */
  readonly hasCredentialHeader: boolean;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Paths whose callers prove themselves by what they send, and that apps call without cookies. */
const EXEMPT_PATHS: readonly RegExp[] = [
  /^\/api\/token/,
  /^\/api\/client-tokens\/exchange/,
  /^\/api\/client-tokens\/pair\/[^/]+\/status/,
  /^\/api\/auth\/device\/init\/?$/,
  /^\/api\/auth\/device\/token\/?$/,
  // The same operations behind the typed door; a batch that holds anything else has another path.
  /^\/trpc\/(?:clientTokens\.exchange|deviceFlow\.(?:start|poll))$/,
  // These look at what they are sent and never at who calls, so a forged request would gain nothing.
  /^\/trpc\/users\.(?:register|askPasswordReset|resetPassword)$/,
  // RetroArch announces its room without any cookie, and whoever may is known by the network address.
  /^\/api\/relay\/add\/?$/,
  /^\/ws/,
  /^\/netplay/,
];

/** Tells whether a request must carry the token. */
export function needsCsrfToken(request: CsrfRequest): boolean {
  if (request.hasCredentialHeader || SAFE_METHODS.has(request.method)) return false;
  return !EXEMPT_PATHS.some((path) => path.test(request.path));
}

/** Makes a token for an account, or for nobody in particular. */
export function createCsrfToken(secretKey: string, userId: number | null): string {
  const random = crypto.getRandomValues(new Uint8Array(CSRF_TOKEN_BYTES));
  const payload = JSON.stringify({ token: Buffer.from(random).toString("base64url"), user_id: userId });
  const encoded = Buffer.from(payload).toString("base64url");
  return `${encoded}.${sign(secretKey, encoded).toString("base64url")}`;
}

/** Reads a token; null when it is not of our making. */
export function readCsrfToken(secretKey: string, text: string | null): CsrfToken | null {
  if (text === null || text.length > CSRF_CHARS_MAX) return null;
  const dot = text.indexOf(".");
  if (dot <= 0) return null;
  const encoded = text.slice(0, dot);
  if (!isEqual(Buffer.from(text.slice(dot + 1), "base64url"), sign(secretKey, encoded))) return null;
  // The signature is ours, so the payload is what `createCsrfToken` wrote.
  const payload = JSON.parse(Buffer.from(encoded, "base64url").toString()) as {
    token: string;
    user_id: number | null;
  };
  return { token: payload.token, userId: payload.user_id };
}

/** Reads the tokens that browsers send with every request. */
export type CsrfReader = (text: string | null) => CsrfToken | null;

/**
 * Makes a reader that remembers tokens of our making, so that a signature is checked once. Others are not
 * remembered: anybody can make any number of them.
 */
export function createCsrfReader(secretKey: string): CsrfReader {
  const remembered = new Map<string, CsrfToken>();
  return (text) => {
    if (text === null) return null;
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const token = readCsrfToken(secretKey, text);
    if (token === null) return null;
    for (const oldest of remembered.keys()) {
      if (remembered.size < CSRF_TOKENS_REMEMBERED_MAX) break;
      remembered.delete(oldest);
    }
    remembered.set(text, token);
    return token;
  };
}

/** The two copies of the token in a request, and whom the request speaks for. */
export interface CsrfPair {
  readonly cookie: CsrfToken | null;
  readonly header: CsrfToken | null;
  /** Null for an anonymous caller, who may use the token of a session that has ended. */
  readonly callerId: number | null;
}

/** Tells whether cookie and header hold the same token, made for the caller. */
export function isCsrfPairValid({ cookie, header, callerId }: CsrfPair): boolean {
  if (cookie === null || header === null) return false;
  if (!isEqual(Buffer.from(cookie.token), Buffer.from(header.token))) return false;
  if (cookie.userId !== header.userId) return false;
  return callerId === null || cookie.userId === callerId;
}

function sign(secretKey: string, encoded: string): Buffer {
  const key = new Bun.CryptoHasher("sha256").update(`csrftokensigner${secretKey}`).digest();
  return new Bun.CryptoHasher("sha256", key).update(encoded).digest();
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
