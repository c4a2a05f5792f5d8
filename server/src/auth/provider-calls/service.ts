import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { OIDC_ANSWER_BYTES_MAX, OIDC_ANSWER_MS, OIDC_LOGGED_CHARS_MAX } from "../limits.ts";

/** What a request to the provider is made of; the libraries use no more of `fetch`. */
export interface ProviderRequest {
  readonly method?: string | undefined;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

/** A `fetch` whose answers are bounded in time and size. */
export type ProviderFetch = (url: string | URL, request: ProviderRequest) => Promise<Response>;

/** What bounds and secures the calls; the bounds are those of `limits.ts` unless said. */
export interface ProviderFetchOptions {
  /** File with the only certificate authority to trust; null trusts the usual ones. */
  readonly caFile: string | null;
  /** Also ask over plain http; otherwise a description read over https could lead there. */
  readonly isHttpAllowed: boolean;
  readonly timeoutMs?: number | undefined;
  readonly bytesMax?: number | undefined;
}

/**
 * Makes the `fetch` with which the provider is asked. It goes through the proxy of the environment, follows no
 * redirect, and throws AppError `OIDC_PROVIDER_AWAY` for a provider that is down, slow or out of order, and
 * `OIDC_ANSWER_INVALID` for an answer that is too large.
 * @throws AppError `OIDC_UNCONFIGURED` when the certificate file cannot be used.
 */
export async function createProviderFetch(options: ProviderFetchOptions): Promise<ProviderFetch> {
  const { caFile, isHttpAllowed, timeoutMs = OIDC_ANSWER_MS, bytesMax = OIDC_ANSWER_BYTES_MAX } = options;
  const tls = caFile === null ? {} : { tls: { ca: await readCertificates(caFile) } };
  return async (url, request) => {
    const isSecure = new URL(url).protocol === "https:";
    if (!isSecure && !isHttpAllowed) throw answerInvalid({ details: { url: String(url) } });
    const limits = [AbortSignal.timeout(timeoutMs), ...(request.signal ? [request.signal] : [])];
    // A connection of its own: a code must not be sent twice because a kept connection had died.
    const init = {
      ...request,
      ...tls,
      signal: AbortSignal.any(limits),
      redirect: "manual",
      keepalive: false,
    };
    try {
      const response = await fetch(url, init as RequestInit);
      if (response.status >= 500 || response.status === 429) throw providerAway({ status: response.status });
      const body = await readBounded(response, bytesMax);
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      throw isAppError(error) ? error : providerAway({ cause: error });
    }
  };
}

function providerAway({ status, cause }: { status?: number; cause?: unknown }): AppError {
  const message = "The identity provider does not answer.";
  const details = status === undefined ? {} : { details: { status } };
  return new AppError("unavailable", "OIDC_PROVIDER_AWAY", { message, cause, ...details });
}

async function readBounded(response: Response, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) throw answerInvalid({ details: { bytesMax } });
    chunks.push(chunk);
  }
  return sizeBytes === 0 ? null : new Uint8Array(Buffer.concat(chunks));
}

function answerInvalid(options: { readonly details?: unknown; readonly cause?: unknown }): AppError {
  const message = "The identity provider gave an answer that cannot be used.";
  return new AppError("upstream", "OIDC_ANSWER_INVALID", { message, ...options });
}

async function readCertificates(path: string): Promise<string> {
  const refuse = (cause?: unknown) =>
    new AppError("unavailable", "OIDC_UNCONFIGURED", {
      message: "OAuth not configured",
      details: { variable: "OIDC_TLS_CACERTFILE" },
      cause,
    });
  const text = await Bun.file(path)
    .text()
    .catch((error: unknown) => {
      throw refuse(error);
    });
  // Bun reports a text without certificates as a mistyped address.
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw refuse();
  return text;
}

/**
 * Runs calls of the libraries and turns whatever they throw into an expected failure: what such a library objects to
 * is what the provider sent.
 * @throws AppError `OIDC_PROVIDER_AWAY`, `OIDC_ANSWER_INVALID`; `OIDC_CLAIM_MISSING` for tokens without an ID token.
 */
export async function askProvider<T>(ctx: Pick<Context, "ports">, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const known = chainOf(error).find(isAppError);
    // The libraries attach whole answers, tokens included: only their words may reach the log.
    const reason = describe(known ?? error);
    ctx.ports.log.warn("the identity provider's answer is of no use", { reason });
    if (known !== undefined) throw known;
    if (!lacksIdToken(error)) throw answerInvalid({ cause: error });
    throw new AppError("invalid", "OIDC_CLAIM_MISSING", {
      message: "Userinfo is missing from token.",
      details: { claim: "id_token" },
      cause: error,
    });
  }
}

/** Tells whether the provider did not take a code: it is used up, too old, or belongs to another sign-in. */
export function isCodeRefusal(error: unknown): boolean {
  return error instanceof Error && "error" in error && error.error === "invalid_grant";
}

/** Causes that are followed; the libraries nest two or three. */
const CAUSES_MAX = 5;

function chainOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  let next = error;
  while (next !== undefined && next !== null && chain.length < CAUSES_MAX) {
    chain.push(next);
    next = next instanceof Error ? next.cause : undefined;
  }
  return chain;
}

/** The answer that a library refused hangs at the end of the chain. */
function lacksIdToken(error: unknown): boolean {
  return chainOf(error).some((link) => {
    if (typeof link !== "object" || link === null || !("body" in link)) return false;
    const { body } = link;
    return typeof body === "object" && body !== null && "access_token" in body && !("id_token" in body);
  });
}

function describe(error: unknown): string {
  const words = chainOf(error).flatMap((link) => (link instanceof Error ? [link.message] : []));
  return words.join(": ").slice(0, OIDC_LOGGED_CHARS_MAX);
}
