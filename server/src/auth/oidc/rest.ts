import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import {
  CSRF_COOKIE,
  formatSignInCookie,
  parseCookies,
  readBrowserId,
  readSessionId,
  readSignInKey,
  toSignedInCookies,
} from "../cookies/wire.ts";
import { beginSignIn, finishSignIn } from "./service.ts";
import { toLoginPath } from "./wire.ts";

/** As the compatible API answers. */
const BAD_REQUEST = { status: 400 };
const SERVER_ERROR = { status: 500 };

const setupErrors = { OIDC_OFF: SERVER_ERROR, OIDC_UNCONFIGURED: SERVER_ERROR };

/** Routes by which a browser signs in at an identity provider. */
export const oidcRoutes: readonly RestRoute[] = [
  get("/api/login/openid", beginSignIn, {
    summary: "Redirect to the OIDC provider",
    read: (reader) => ({
      next: reader.queryText("next") ?? null,
      browserKey: readSignInKey(parseCookies(reader.header("cookie"))),
    }),
    write: ({ providerUrl, browserKey, isSecure }) =>
      redirect(302, providerUrl, [formatSignInCookie(browserKey, isSecure)]),
    errors: setupErrors,
  }),
  get("/api/oauth/openid", finishSignIn, {
    summary: "OIDC redirect target; opens a session",
    read: readReturn,
    write: (finished) =>
      finished.kind === "refused"
        ? redirect(302, toLoginPath(finished.pagePrefix, finished.reason), [])
        : redirect(307, finished.next, toSignedInCookies(finished.signedIn)),
    errors: { ...setupErrors, OIDC_CLAIM_MISSING: BAD_REQUEST, OIDC_EMAIL_UNVERIFIED: BAD_REQUEST },
  }),
];

function readReturn(reader: RequestReader): unknown {
  const cookies = parseCookies(reader.header("cookie"));
  return {
    query: reader.query.toString(),
    browserKey: readSignInKey(cookies),
    sessionId: readSessionId(cookies),
    browserId: readBrowserId(cookies),
    keepsCookies: cookies.has(CSRF_COOKIE),
    userAgent: reader.header("user-agent"),
  };
}

/** Never kept by anybody on the way: the address and the cookies are for this browser, once. */
function redirect(status: 302 | 307, location: string, setCookies: readonly string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  for (const cookie of setCookies) headers.append("set-cookie", cookie);
  return new Response(null, { status, headers });
}
