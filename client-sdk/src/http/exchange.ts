import { isMultitapError, MultitapError } from "../errors.ts";
import { API_REVISION } from "../limits.ts";
import { createCsrf, isCsrfRefusal, isUnsafe } from "./csrf.ts";

/** The one thing asked of a `fetch`; narrower than the global's type, so that a plain function fits. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** Sends one request and hands back the answer, whatever its status. */
export type Exchange = (
  url: string,
  init: RequestInit & { signal?: AbortSignal | null },
) => Promise<Response>;

/** What the requests of a client have in common. */
export interface ExchangeOptions {
  readonly url: string;
  readonly fetch?: FetchLike | undefined;
  readonly app?: { readonly name: string; readonly version: string } | undefined;
  /** Requests carry the page's cookies and, where they change something, the token against forgery. */
  readonly hasCookies: boolean;
}

/** Looked up per request, so that a `fetch` which is replaced later is the one that is used. */
export const globalFetch: FetchLike = (url, init) => fetch(url, init);

/**
 * Makes the function through which every request of a client goes.
 * @throws MultitapError (the made function) `network` when no answer came, `incompatible` when the
 * revisions do not meet.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const send = options.fetch ?? globalFetch;
  const csrf = options.hasCookies ? createCsrf(options.url, send) : null;
  const once = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("x-multitap-api", String(API_REVISION));
    if (options.app !== undefined)
      headers.set("x-multitap-app", `${options.app.name}/${options.app.version}`);
    if (csrf !== null && isUnsafe(init.method)) headers.set("x-csrftoken", await csrf.token());
    // Headers become a plain record: a `fetch` of another realm may not know our `Headers`.
    const sent: RequestInit = { ...init, headers: Object.fromEntries(headers) };
    // Left alone otherwise: a proxy in front of the server may have its own cookies.
    if (csrf !== null) sent.credentials = "same-origin";
    return await send(url, sent);
  };
  return async (url, init) => {
    let response: Response;
    try {
      response = await once(url, init);
      if (csrf !== null && isCsrfRefusal(init.method, response)) {
        await response.body?.cancel();
        await csrf.renew();
        response = await once(url, init);
      }
    } catch (thrown) {
      throw toNetworkError(thrown);
    }
    refuseForeignRevision(response);
    return response;
  };
}

/** What a failed `fetch` becomes; an abort is told apart by whoever owns the signal. */
export function toNetworkError(thrown: unknown): MultitapError {
  if (isMultitapError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new MultitapError("network", "NETWORK_FAILED", {
    message: `The server did not answer: ${reason}`,
    cause: thrown,
  });
}

/** Each answer names the range of revisions that the server speaks: `<newest>;oldest=<oldest>`. */
function refuseForeignRevision(response: Response): void {
  const range = /^(\d+);\s*oldest=(\d+)/.exec(response.headers.get("x-multitap-api") ?? "");
  if (range === null) return;
  const error = revisionError(Number(range[1]), Number(range[2]));
  if (error !== null) throw error;
}

/** The error for a server whose range of revisions does not hold ours; null when it does. */
export function revisionError(serverRevision: number, serverRevisionOldest: number): MultitapError | null {
  const details = { clientRevision: API_REVISION, serverRevision, serverRevisionOldest };
  if (API_REVISION < serverRevisionOldest) {
    return new MultitapError("incompatible", "CLIENT_TOO_OLD", {
      message: "The server needs a newer client",
      details,
    });
  }
  if (API_REVISION > serverRevision) {
    return new MultitapError("incompatible", "SERVER_TOO_OLD", {
      message: "The server is too old for this client",
      details,
    });
  }
  return null;
}
