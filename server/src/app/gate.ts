import type { ShownTicket } from "../auth/content-tickets/service.ts";
import { toCookieRules } from "../auth/cookies/rules.ts";
import {
  CSRF_COOKIE,
  formatCsrfCookie,
  formatNoSessionCookie,
  formatSessionCookie,
  parseCookies,
  readSessionId,
} from "../auth/cookies/wire.ts";
import { hasCredentialScheme } from "../auth/credentials/rules.ts";
import {
  type CsrfReader,
  createCsrfReader,
  createCsrfToken,
  isCsrfPairValid,
  needsCsrfToken,
} from "../auth/csrf/rules.ts";
import { type Identified, identify, type Scene, toCsrfUserId } from "../auth/service.ts";
import { CSRF_REFUSAL } from "../auth/wire.ts";
import type { Ports } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import { ANONYMOUS } from "../base/identity.ts";
import { toErrorResponse } from "../http/error-response.ts";
import type { Entry, Gate } from "../http/gate.ts";

export interface GateOptions {
  readonly ports: Ports;
  readonly facts: Facts;
  /** Tells the network address of a request's caller, seen through trusted proxies; null when unknown. */
  readonly clientAddressOf: (request: Request) => string | null;
}

/** Its operation proves the password itself; doing it here too would count every failure twice. */
const LOGIN_PATH = /^\/api\/login\/?$/;
/** Its answer says what becomes of the session's cookie. */
const LOGOUT_PATH = /^\/api\/logout\/?$/;
/** Its answer may sign the browser in: cookies of the caller until now would replace those of the new session. */
const PROVIDER_RETURN_PATH = /^\/api\/oauth\/openid\/?$/;

/** A ticket opens what changes nothing. */
const READ_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** What the gate reads of a request. */
interface Arrival {
  readonly path: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly sessionId: string | null;
  readonly contentTicket: ShownTicket | null;
  readonly hasCredentialHeader: boolean;
  readonly csrfCookie: string | null;
  readonly csrfHeader: string | null;
}

/** Builds what stands before every door: who calls, the CSRF check, and the cookies that follow from both. */
export function createGate({ ports, facts, clientAddressOf }: GateOptions): Gate {
  const readCsrf = createCsrfReader(facts.secretKey);
  return {
    async enter(request) {
      const scene: Scene = { ports, db: ports.database, facts, clientAddress: clientAddressOf(request) };
      try {
        return await admit(scene, readArrival(request), readCsrf);
      } catch (error) {
        // A store that is down, or too many passwords to check: said to the caller, whatever they came for.
        if (!isAppError(error)) throw error;
        ports.log.error("could not find out who calls", { error });
        const refusal = toErrorResponse(error, { pathNames: [], hasBody: false });
        return { identity: ANONYMOUS, setCookies: [], refusal };
      }
    },
  };
}

async function admit(scene: Scene, arrival: Arrival, readCsrf: CsrfReader): Promise<Entry> {
  const { facts } = scene;
  const isLogin = arrival.hasCredentialHeader && LOGIN_PATH.test(arrival.path);
  const identified: Identified = isLogin
    ? { identity: ANONYMOUS, session: "none" }
    : await identify(scene, arrival);
  const csrf = arrival.hasCredentialHeader ? null : checkCsrf(readCsrf, { arrival, identified, facts });
  const sessionCookies = LOGOUT_PATH.test(arrival.path) ? [] : formatSession(arrival, identified, facts);
  const setCookies = [...sessionCookies, ...(csrf?.setCookies ?? [])];
  return {
    identity: identified.identity,
    setCookies: PROVIDER_RETURN_PATH.test(arrival.path) ? [] : setCookies,
    refusal: csrf?.refusal ?? null,
    recheck: async () => (await identify(scene, { ...arrival, isRecheck: true })).identity,
  };
}

function readArrival(request: Request): Arrival {
  const { headers } = request;
  const cookies = parseCookies(headers.get("cookie"));
  const authorization = headers.get("authorization");
  const { pathname, searchParams } = new URL(request.url);
  const ticket = READ_METHODS.has(request.method) ? searchParams.get("ticket") : null;
  return {
    path: pathname,
    method: request.method,
    authorization,
    sessionId: readSessionId(cookies),
    contentTicket: ticket === null ? null : { text: ticket, path: pathname, query: searchParams },
    hasCredentialHeader: hasCredentialScheme(authorization),
    csrfCookie: cookies.get(CSRF_COOKIE) ?? null,
    csrfHeader: headers.get("x-csrftoken"),
  };
}

interface CsrfCheck {
  readonly arrival: Arrival;
  readonly identified: Identified;
  readonly facts: Facts;
}

function checkCsrf(readCsrf: CsrfReader, { arrival, identified, facts }: CsrfCheck): Omit<Entry, "identity"> {
  const callerId = toCsrfUserId(identified.identity);
  const cookie = readCsrf(arrival.csrfCookie);
  const isChecked = facts.isCsrfOn && needsCsrfToken(arrival);
  const header = isChecked ? readCsrf(arrival.csrfHeader) : null;
  const isRefused = isChecked && !isCsrfPairValid({ cookie, header, callerId });
  const isStale = cookie === null || cookie.userId !== callerId;
  return {
    setCookies: isStale
      ? [formatCsrfCookie(createCsrfToken(facts.secretKey, callerId), facts.isSecureCookie)]
      : [],
    refusal: isRefused ? refuseCsrf() : null,
  };
}

function refuseCsrf(): Response {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new Response(CSRF_REFUSAL, { status: 403, headers });
}

function formatSession(arrival: Arrival, identified: Identified, facts: Facts): readonly string[] {
  const rules = toCookieRules(facts);
  if (identified.session === "ended") return [formatNoSessionCookie(rules)];
  if (identified.session !== "renewed" || arrival.sessionId === null) return [];
  const maxAgeSeconds = Math.floor(facts.sessionMaxAgeMs / 1000);
  return [formatSessionCookie(arrival.sessionId, { maxAgeSeconds, ...rules })];
}
