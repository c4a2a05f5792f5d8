/** A provider that says whatever a test wants, true or not. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { CLIENT_ID } from "./provider.testing.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the provider does at its next visits; a test changes it. */
export interface FakePlan {
  /** Laid over the usual claims of the ID token; undefined takes one away. */
  claims: Json;
  /** Null: the subject of the last ID token, which is the least there must be. */
  userInfo: Json | null;
  /** Laid over the discovery document. */
  metadata: Json;
  /** Makes the ID token instead of the usual signing. */
  makeIdToken: ((payload: JWTPayload) => Promise<string | undefined>) | null;
  /** Answers instead, when it gives something. */
  interfere: (path: string) => Response | Promise<Response> | undefined;
}

export interface FakeProvider {
  readonly issuer: string;
  readonly plan: FakePlan;
  /** Paths that were asked for, in order. */
  readonly visits: readonly string[];
  /** Bodies of the token requests, in order. */
  readonly trades: readonly URLSearchParams[];
  /** What a browser that was sent here comes back with. */
  comeFrom(startUrl: URL): URL;
  reset(): void;
  /** Signs with another key from now on. */
  rotateKey(keyId: string): Promise<void>;
  sign(payload: JWTPayload, key?: CryptoKey): Promise<string>;
  stop(): Promise<void>;
}

const calm = (): FakePlan => ({
  claims: {},
  userInfo: null,
  metadata: {},
  makeIdToken: null,
  interfere: () => undefined,
});

/** Starts it on a free port, with certificates on https. */
export async function startFakeProvider(tls?: { key: string; cert: string }): Promise<FakeProvider> {
  const plan = calm();
  const [visits, trades]: [string[], URLSearchParams[]] = [[], []];
  let [pair, keyId, nonce] = [await generateKeyPair("RS256"), "first", ""];
  let subject: unknown;
  const sign = (payload: JWTPayload, key: CryptoKey = pair.privateKey) =>
    new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: keyId }).sign(key);

  async function answer(request: Request): Promise<Response> {
    const { pathname, origin } = new URL(request.url);
    visits.push(pathname);
    const other = await plan.interfere(pathname);
    if (other !== undefined) return other;
    if (pathname === "/.well-known/openid-configuration") return Response.json(describe(origin, plan));
    if (pathname === "/jwks") {
      return Response.json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: keyId, alg: "RS256" }] });
    }
    if (pathname === "/userinfo") return Response.json(plan.userInfo ?? { sub: subject });
    trades.push(new URLSearchParams(await request.text()));
    const payload = claimsOf(origin, nonce, plan.claims);
    subject = payload.sub;
    const idToken = await (plan.makeIdToken ?? sign)(payload);
    const access = { access_token: "access", token_type: "Bearer", expires_in: 60 };
    return Response.json(idToken === undefined ? access : { ...access, id_token: idToken });
  }

  const secured = tls === undefined ? {} : { tls };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer, ...secured });
  const origin = tls === undefined ? "http://127.0.0.1" : "https://localhost";
  return {
    issuer: `${origin}:${server.port}`,
    plan,
    visits,
    trades,
    sign,
    comeFrom(startUrl) {
      nonce = startUrl.searchParams.get("nonce") ?? "";
      const url = new URL(startUrl.searchParams.get("redirect_uri") ?? "");
      url.search = new URLSearchParams({
        code: "a code",
        state: startUrl.searchParams.get("state") ?? "",
      }).toString();
      return url;
    },
    reset() {
      Object.assign(plan, calm());
      visits.length = 0;
      trades.length = 0;
    },
    async rotateKey(name) {
      [pair, keyId] = [await generateKeyPair("RS256"), name];
    },
    stop: () => server.stop(true),
  };
}

function describe(origin: string, plan: FakePlan): Json {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/auth`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/jwks`,
    userinfo_endpoint: `${origin}/userinfo`,
    end_session_endpoint: `${origin}/logout`,
    ...plan.metadata,
  };
}

function claimsOf(origin: string, nonce: string, claims: Json): JWTPayload {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    iss: origin,
    aud: CLIENT_ID,
    sub: "subject-1",
    iat: nowSeconds,
    exp: nowSeconds + 300,
    nonce,
    email: "new@example.org",
    email_verified: true,
    preferred_username: "newcomer",
    ...claims,
  };
}
