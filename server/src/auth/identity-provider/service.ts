import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  type JWTPayload,
  type JWTVerifyGetKey,
  errors as joseErrors,
  jwtVerify,
  customFetch as keysFetch,
} from "jose";
import * as client from "openid-client";
import type { Context } from "../../base/context.ts";
import { createExpiringCache } from "../../base/expiring-cache.ts";
import type { OidcFacts } from "../../base/facts.ts";
import { perPorts } from "../../base/per-ports.ts";
import {
  OIDC_ANSWER_MS,
  OIDC_CLOCK_TOLERANCE_MS,
  OIDC_DISCOVERY_TTL_MS,
  OIDC_KEYS_INTERVAL_MS,
  OIDC_KEYS_TTL_MS,
} from "../limits.ts";
import { type Claims, joinClaims, needsUserInfo } from "../oidc/rules.ts";
import {
  askProvider,
  createProviderFetch,
  isCodeRefusal,
  type ProviderFetch,
} from "../provider-calls/service.ts";

type Scene = Pick<Context, "ports" | "facts">;

/** The identity provider as its discovery document describes it. */
export interface IdentityProvider {
  readonly configuration: client.Configuration;
  readonly metadata: Readonly<client.ServerMetadata>;
  readonly keys: JWTVerifyGetKey;
}

const knownProviders = perPorts((ports) =>
  createExpiringCache<string, IdentityProvider>({
    ttlMs: OIDC_DISCOVERY_TTL_MS,
    // The operator names one.
    entriesMax: 1,
    clock: ports.clock,
  }),
);

/**
 * Gives the identity provider, asked for what it is at most once per `OIDC_DISCOVERY_TTL_MS`.
 * @throws AppError `OIDC_PROVIDER_AWAY` or `OIDC_ANSWER_INVALID`.
 */
export async function getProvider(ctx: Scene, oidc: OidcFacts): Promise<IdentityProvider> {
  return await knownProviders(ctx.ports).load(oidc.discoveryUrl, () =>
    askProvider(ctx, () => discoverProvider(oidc)),
  );
}

async function discoverProvider(oidc: OidcFacts): Promise<IdentityProvider> {
  const server = new URL(oidc.discoveryUrl);
  // The operator wrote this address: at home providers without certificates exist.
  const isHttpAllowed = server.protocol === "http:";
  const providerFetch = await createProviderFetch({ caFile: oidc.caFile, isHttpAllowed });
  const metadata = oidc.clientSecret === "" ? {} : { client_secret: oidc.clientSecret };
  const configuration = await client.discovery(server, oidc.clientId, metadata, clientAuthOf(oidc), {
    [client.customFetch]: providerFetch,
    timeout: OIDC_ANSWER_MS / 1000,
    execute: isHttpAllowed ? [client.allowInsecureRequests] : [],
  });
  const served = configuration.serverMetadata();
  return { configuration, metadata: served, keys: openKeys(served, providerFetch) };
}

/** How we prove who we are: in the header, unless the provider lists the form only. */
function clientAuthOf(oidc: OidcFacts): client.ClientAuth {
  if (oidc.clientSecret === "") return client.None();
  const [basic, form] = [
    client.ClientSecretBasic(oidc.clientSecret),
    client.ClientSecretPost(oidc.clientSecret),
  ];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const isFormOnly = !methods.includes("client_secret_basic") && methods.includes("client_secret_post");
    return (isFormOnly ? form : basic)(server, ...rest);
  };
}

/** The provider's keys; a token that names an unknown one makes us ask again. */
function openKeys(metadata: client.ServerMetadata, providerFetch: ProviderFetch): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(metadata.jwks_uri ?? ""), {
    timeoutDuration: OIDC_ANSWER_MS,
    cacheMaxAge: OIDC_KEYS_TTL_MS,
    cooldownDuration: OIDC_KEYS_INTERVAL_MS,
    [keysFetch]: providerFetch,
  });
}

/** What a sign-in keeps secret from the browser until it comes back. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Makes the address to which a browser is sent, and what to keep until it comes back. */
export async function startAtProvider(
  ctx: Scene,
  oidc: OidcFacts,
  formatScope: (scopesSupported: readonly string[]) => string,
): Promise<{ readonly url: string; readonly secrets: SignInSecrets }> {
  const { configuration, metadata } = await getProvider(ctx, oidc);
  const secrets = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  };
  return await askProvider(ctx, async () => {
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: oidc.redirectUri,
      scope: formatScope(metadata.scopes_supported ?? []),
      code_challenge: await client.calculatePKCECodeChallenge(secrets.verifier),
      code_challenge_method: "S256",
      state: secrets.state,
      nonce: secrets.nonce,
    });
    return { url: url.href, secrets };
  });
}

/** A person the provider vouches for. */
export interface ProvenPerson {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
  readonly idToken: string;
  /** Names of claims that the provider says it gives. */
  readonly claimsSupported: readonly string[];
}

/**
 * Trades the code that a browser brought for what the provider says of the person: signature, issuer, audience, times
 * and nonce of the ID token are checked. The userinfo endpoint is asked for what is missing there.
 * @returns Null when the provider does not take the code: it is used up or too old, or belongs to another sign-in.
 * @throws AppError `OIDC_PROVIDER_AWAY`, `OIDC_ANSWER_INVALID`, or `OIDC_CLAIM_MISSING` without an ID token.
 */
export async function tradeCode(
  ctx: Scene,
  oidc: OidcFacts,
  returned: ReturnedCode,
): Promise<ProvenPerson | null> {
  const provider = await getProvider(ctx, oidc);
  try {
    return await askProvider(ctx, () => tradeWith(provider, oidc, returned));
  } catch (error) {
    // It may describe itself otherwise by now: the next sign-in asks.
    knownProviders(ctx.ports).drop(oidc.discoveryUrl);
    throw error;
  }
}

/** What a browser came back with, and what was kept for it. */
interface ReturnedCode {
  readonly query: URLSearchParams;
  readonly secrets: SignInSecrets;
}

async function tradeWith(
  provider: IdentityProvider,
  oidc: OidcFacts,
  { query, secrets }: ReturnedCode,
): Promise<ProvenPerson | null> {
  const { configuration, metadata } = provider;
  // The address as the provider knows it: what a proxy made of it on the way here may differ.
  const callbackUrl = new URL(oidc.redirectUri);
  callbackUrl.search = query.toString();
  const checks = {
    expectedState: secrets.state,
    expectedNonce: secrets.nonce,
    pkceCodeVerifier: secrets.verifier,
  };
  const tokens = await client
    .authorizationCodeGrant(configuration, callbackUrl, { ...checks, idTokenExpected: true })
    .catch((error: unknown) => {
      if (isCodeRefusal(error)) return null;
      throw error;
    });
  if (tokens === null) return null;
  const idToken = tokens.id_token ?? "";
  const payload = await readIdToken(idToken, provider, oidc);
  const subject = requireUsable(payload.sub ?? "");
  const isAsked = metadata.userinfo_endpoint !== undefined && needsUserInfo(oidc, payload);
  const userInfo = isAsked ? await client.fetchUserInfo(configuration, tokens.access_token, subject) : {};
  return {
    issuer: metadata.issuer,
    subject,
    claims: joinClaims(payload, userInfo),
    idToken,
    claimsSupported: metadata.claims_supported ?? [],
  };
}

/** The specification allows 255 characters; a table takes no zero among them. */
function requireUsable(subject: string): string {
  if (/^\P{Cc}{1,255}$/u.test(subject)) return subject;
  throw new joseErrors.JWTClaimValidationFailed("the subject is no text of 1 to 255 characters", {
    sub: subject,
  });
}

/** Signatures made with a key of the provider. */
const KEY_ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/**
 * Checks the signature, which the library leaves to the security of the connection; and the claims once more, now
 * that they are known to be the provider's. A provider without keys of its own signs with our secret.
 */
async function readIdToken(
  idToken: string,
  { metadata, keys }: IdentityProvider,
  oidc: OidcFacts,
): Promise<JWTPayload> {
  const checks = {
    issuer: metadata.issuer,
    audience: oidc.clientId,
    requiredClaims: ["sub", "exp"],
    clockTolerance: OIDC_CLOCK_TOLERANCE_MS / 1000,
  };
  if (oidc.clientSecret !== "" && decodeProtectedHeader(idToken).alg === "HS256") {
    const secret = new TextEncoder().encode(oidc.clientSecret);
    return (await jwtVerify(idToken, secret, { ...checks, algorithms: ["HS256"] })).payload;
  }
  return (await jwtVerify(idToken, keys, { ...checks, algorithms: KEY_ALGORITHMS })).payload;
}

/**
 * Makes the address that signs a browser out at the provider too.
 * @returns Null when the provider has none, or cannot be asked: signing out here must not depend on it.
 */
export async function findLogoutUrl(ctx: Scene, oidc: OidcFacts, idToken: string): Promise<string | null> {
  const endpoint = oidc.endSessionEndpoint || (await findEndSessionEndpoint(ctx, oidc));
  const url = endpoint === null ? null : URL.parse(endpoint);
  url?.searchParams.set("id_token_hint", idToken);
  return url?.href ?? null;
}

async function findEndSessionEndpoint(ctx: Scene, oidc: OidcFacts): Promise<string | null> {
  try {
    const { metadata } = await getProvider(ctx, oidc);
    return metadata.end_session_endpoint ?? null;
  } catch (error) {
    ctx.ports.log.debug("not signed out at the identity provider", { error });
    return null;
  }
}
