import type { RequestReader } from "../http/reader.ts";
import { post, type RestRoute } from "../http/route.ts";
import { clientTokenRoutes } from "./client-tokens/rest.ts";
import {
  CSRF_COOKIE,
  parseCookies,
  readBrowserId,
  readSessionId,
  toSignedInCookies,
  toSignedOutCookies,
} from "./cookies/wire.ts";
import { deviceFlowRoutes } from "./device-flow/rest.ts";
import { oidcRoutes } from "./oidc/rest.ts";
import { pairingRoutes } from "./pairing/rest.ts";
import { login, logout } from "./service.ts";
import { grantToken } from "./tokens/service.ts";
import { fromTokenForm, toSignedOutWire, toTokenPairWire } from "./wire.ts";

/** The compatible API answers a grant that is not complete with 400. */
const BAD_REQUEST = { status: 400 };

/** Routes about proving who one is. */
export const authRoutes: readonly RestRoute[] = [
  post("/api/login", login, {
    summary: "Session login with HTTP Basic; sets the romm_session cookie",
    read: readLogin,
    write: (signedIn) => answerWith(toSignedInCookies(signedIn)),
    errors: { AUTH_CREDENTIALS_MISSING: { headers: { "www-authenticate": "Basic" } } },
  }),
  post("/api/logout", logout, {
    summary: "Drop the session",
    write: (signedOut) => answerWith(toSignedOutCookies(signedOut), toSignedOutWire(signedOut)),
  }),
  ...oidcRoutes,
  post("/api/token", grantToken, {
    summary: "OAuth2 token endpoint: grant_type password or refresh_token; returns a bearer pair",
    read: async (reader) => fromTokenForm(await reader.form()),
    write: toTokenPairWire,
    names: { scopes: "scope" },
    errors: {
      TOKEN_CREDENTIALS_MISSING: BAD_REQUEST,
      TOKEN_REFRESH_MISSING: BAD_REQUEST,
      TOKEN_GRANT_UNSUPPORTED: BAD_REQUEST,
    },
  }),
  ...clientTokenRoutes,
  ...pairingRoutes,
  ...deviceFlowRoutes,
];

function readLogin(reader: RequestReader): unknown {
  const cookies = parseCookies(reader.header("cookie"));
  return {
    authorization: reader.header("authorization"),
    sessionId: readSessionId(cookies),
    browserId: readBrowserId(cookies),
    keepsCookies: cookies.has(CSRF_COOKIE),
    userAgent: reader.header("user-agent"),
  };
}

function answerWith(setCookies: readonly string[], body: unknown = null): Response {
  const headers = new Headers({ "content-type": "application/json" });
  for (const cookie of setCookies) headers.append("set-cookie", cookie);
  return new Response(JSON.stringify(body), { headers });
}
