import { type Environment, toInstant } from "../environment.ts";
import { isMultitapError, MultitapError } from "../errors.ts";
import { notOurs, parseJson, readText, toAnswerError } from "../http/answers.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Credentials, PasswordSignIn, Scope } from "./types.ts";

/** What the token route of the server needs to be asked. */
export interface TokenEndpoint {
  readonly url: string;
  readonly exchange: Exchange;
  readonly environment: Environment;
}

/**
 * Trades name and password for credentials.
 * @throws MultitapError `unauthenticated`, `forbidden`, or whatever kept the server from answering.
 */
export async function grantByPassword(
  endpoint: TokenEndpoint,
  input: PasswordSignIn,
  signal: AbortSignal,
): Promise<Credentials> {
  const ask = (scopes: readonly Scope[]) => {
    const { username, password } = input;
    return grant(endpoint, { grant_type: "password", username, password, scope: scopes.join(" ") }, signal);
  };
  if (input.scopes !== undefined) return await ask(input.scopes);
  // A token only has the scopes that were asked for, so what the account may do is read first.
  const first = await ask(["me.read"]);
  return await ask(await listOwnScopes(endpoint, first.accessToken, signal));
}

/**
 * Trades a refresh token for new credentials.
 * @throws MultitapError `unauthenticated` (`AUTH_EXPIRED`) when the server refuses the token for good.
 */
export async function grantByRefresh(
  endpoint: TokenEndpoint,
  old: Credentials & { readonly refreshToken: string },
  signal: AbortSignal,
): Promise<Credentials> {
  try {
    const form = { grant_type: "refresh_token", refresh_token: old.refreshToken };
    const fresh = await grant(endpoint, form, signal);
    // A server that does not repeat the scopes has not changed them.
    return { ...fresh, scopes: fresh.scopes.length > 0 ? fresh.scopes : old.scopes, deviceId: old.deviceId };
  } catch (thrown) {
    if (!isMultitapError(thrown, "invalid", "unauthenticated", "forbidden")) throw thrown;
    throw expiredError(thrown);
  }
}

/** The error of credentials that ended and cannot be renewed. */
export function expiredError(cause?: unknown): MultitapError<"unauthenticated"> {
  const message = "The sign-in has ended; sign in again";
  return new MultitapError("unauthenticated", "AUTH_EXPIRED", { message, status: 401, cause });
}

async function grant(
  endpoint: TokenEndpoint,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Credentials> {
  const response = await endpoint.exchange(`${endpoint.url}/api/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
    signal,
  });
  if (!response.ok) throw await toAnswerError(response);
  const body = parseJson(await readText(response));
  if (!isTokenAnswer(body)) throw notOurs(response);
  const lifeSeconds = body.expires ?? body.expires_in;
  return {
    accessToken: body.access_token,
    refreshToken: body.refresh_token ?? null,
    expiresAt: lifeSeconds === undefined ? null : toInstant(endpoint.environment.now() + lifeSeconds * 1000),
    // The scopes are the server's own words; an unknown one of a newer server is kept.
    scopes: (body.scope ?? form.scope ?? "").split(" ").filter((scope) => scope !== "") as Scope[],
    deviceId: null,
  };
}

interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires?: number;
  readonly expires_in?: number;
  readonly scope?: string;
}

function isTokenAnswer(body: unknown): body is TokenAnswer {
  return (
    typeof body === "object" &&
    body !== null &&
    "access_token" in body &&
    typeof body.access_token === "string"
  );
}

async function listOwnScopes(
  endpoint: TokenEndpoint,
  token: string,
  signal: AbortSignal,
): Promise<readonly Scope[]> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await endpoint.exchange(`${endpoint.url}/trpc/users.me`, { headers, signal });
  if (!response.ok) throw await toAnswerError(response);
  const body = parseJson(await readText(response)) as
    | { result?: { data?: { scopes?: readonly Scope[] } } }
    | undefined;
  const scopes = body?.result?.data?.scopes;
  if (scopes === undefined) throw notOurs(response);
  return scopes;
}
