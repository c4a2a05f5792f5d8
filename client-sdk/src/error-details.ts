/**
 * What `details` holds for each code that is worth a branch in an app. A server may answer with codes that
 * are not listed; their details are `unknown`.
 */
export interface ErrorDetails extends ServerErrorDetails, LocalErrorDetails {}

/** Codes of the server. */
export interface ServerErrorDetails {
  /** A bug in the server; `requestId` finds the cause in its log. */
  INTERNAL: null;
  /** The call needs a signed-in caller. */
  AUTH_REQUIRED: null;
  /** The caller lacks this scope. */
  AUTH_SCOPE_MISSING: { readonly scope: string };
  /** The cursor is damaged or belongs to another list or order. */
  PAGE_CURSOR_INVALID: null;
  /** The request body is larger than the server reads. */
  BODY_TOO_LARGE: { readonly bytesMax: number };
  /** The input does not fit; each issue says where. */
  INPUT_INVALID: { readonly issues: readonly InputIssue[] } | null;
  /** The server does not know the operation. */
  PROCEDURE_NOT_FOUND: null;
  /** The library has no such rom, or it is hidden from the caller. */
  ROMS_NOT_FOUND: null;
  /** The library has no such platform, or it is hidden from the caller. */
  PLATFORMS_NOT_FOUND: null;
  /** There is no such scan. */
  SCAN_NOT_FOUND: null;
  /** Another scan waits or runs; this one. */
  SCAN_RUNNING: { readonly scanId: number };
  /** The library folder is empty although games are known; nothing was changed. */
  SCAN_LIBRARY_MISSING: null;
  /** The caller has no such token. */
  CLIENT_TOKEN_NOT_FOUND: null;
  /** The caller has as many tokens as an account may have. */
  CLIENT_TOKEN_LIMIT: null;
}

/** Codes of this package. */
export interface LocalErrorDetails {
  /** The credentials no longer work and cannot be renewed. */
  AUTH_EXPIRED: null;
  /** The client was made with a fixed token, a token function or a cookie and cannot sign in itself. */
  AUTH_FIXED: null;
  /** No answer: refused, unreachable, cut off. */
  NETWORK_FAILED: null;
  /** No answer, or no further bytes, within the time limit. */
  TIMED_OUT: { readonly timeoutMs: number };
  /** The caller's signal was aborted; `cause` is its reason. */
  ABORTED: null;
  /** `close()` was called on the client. */
  CLIENT_CLOSED: null;
  /** The URL given to the client or to `fetch` cannot be used. */
  URL_INVALID: null;
  /** The answer is not one of this server's, such as the HTML of a proxy. */
  ANSWER_NOT_OURS: { readonly contentType: string | null };
  /** The server needs a newer version of this package. */
  CLIENT_TOO_OLD: VersionGap;
  /** The server is older than this package can talk to. */
  SERVER_TOO_OLD: VersionGap;
  /** There is a server, but not a Multitap one. */
  NOT_MULTITAP: null;
  /** The content changed on the server while it was being read. */
  CONTENT_CHANGED: null;
  /** The server sends this content only as a whole. */
  CONTENT_NOT_SEEKABLE: null;
  /** The asked part does not lie within the content, or is too large to be held in memory. */
  RANGE_INVALID: null;
  /** The bytes arrived but are not what the server's library lists. */
  DIGEST_MISMATCH: { readonly expectedSha1: string; readonly actualSha1: string };
  /** Too many transfers wait already. */
  TRANSFERS_FULL: { readonly queuedMax: number };
  /** A sink cannot start over once bytes have gone through it. */
  SINK_FORWARD_ONLY: null;
  /** A sink, a source or a credential store failed; `cause` says how. */
  STORAGE_FAILED: null;
}

/** One place where an input does not fit; `path` leads from its root. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The revisions that do not meet; see `server()`. */
export interface VersionGap {
  readonly clientRevision: number;
  readonly serverRevision: number;
  readonly serverRevisionOldest: number;
}
