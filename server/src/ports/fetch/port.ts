/** How often and how many calls a host takes at a time. */
export interface FetchPace {
  /** Calls at a time; the first caller of a host decides while any call to it is going on. */
  readonly concurrency?: number | undefined;
  /** Least time between the beginnings of two calls. */
  readonly intervalMs?: number | undefined;
}

/** What is asked of an address, and what the asker can bear. */
export interface FetchRequest {
  /** `GET` when absent. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | undefined;
  /** All but `accept`, `accept-language` and `user-agent` stay with the first origin when it redirects. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** Time for one exchange, without waiting for its turn; for `open` until the head is there. */
  readonly timeoutMs?: number | undefined;
  /** Bytes of the answer, compressed and not. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Where the call may lead, redirects included: `api.example.com`, `*.example.com`, `host:port`. Absent allows every
   * public host. What the operator allows is always allowed.
   */
  readonly hosts?: readonly string[] | undefined;
  readonly pace?: FetchPace | undefined;
}

/** The head of an answer, whatever its status. */
export interface FetchHead {
  readonly status: number;
  readonly headers: Headers;
  /** Where the answer came from after redirects; may hold secrets, so it is not for logs. */
  readonly url: string;
}

/** A whole answer, decompressed. */
export interface FetchAnswer extends FetchHead {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An answer that is still coming. */
export interface FetchStream extends FetchHead {
  /** Decompressed; read it to its end or cancel it. Fails like `fetch` does. */
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Calls to other servers: metadata providers, artwork. Only http and https; only public addresses unless the
 * operator allowed the host, checked for every redirect, and the connection goes to the address that was
 * checked. A host that answers 429, or 503 with `Retry-After`, is left alone for as long as it asks for.
 *
 * Every member throws: invalid `FETCH_REFUSED` for an address that may not be called; unavailable
 * `FETCH_FAILED` when nobody answers in time, `FETCH_LIMITED` with `retryAfterMs` when the host wants to be left
 * alone or too many calls wait for it; upstream `FETCH_ANSWER_INVALID` for an answer that is too large, damaged
 * or leads in circles; `signal.reason` after an abort. Messages name the host, never the query.
 */
export interface Fetch {
  /** Calls an address and gives its whole answer. */
  fetch(url: string, request?: FetchRequest): Promise<FetchAnswer>;
  /** The same with the body as a stream, for what is stored on disk; a silence of 30 s fails it. */
  open(url: string, request?: FetchRequest): Promise<FetchStream>;
  /** Ends all calls; later ones fail. Harmless when repeated. */
  close(): Promise<void>;
}
