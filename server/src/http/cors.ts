/** Which origins may call from a browser; "*" is any, with credentials, as the compatible API allows. */
export type AllowedOrigins = "*" | readonly string[];

/** Headers that a browser page may read although it comes from another origin. */
const EXPOSED_HEADERS =
  "accept-ranges, content-disposition, content-length, content-range, etag, retry-after, x-multitap-api, x-multitap-patch-check, x-multitap-sha1, x-multitap-total-bytes, x-patch-validated, x-request-id";
/** How long a browser may remember a preflight answer, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** Answers a preflight request; null when the request is none. */
export function answerPreflight(request: Request, allowed: AllowedOrigins): Response | null {
  if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return null;
  const headers = new Headers({
    "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
    "access-control-max-age": String(PREFLIGHT_SECONDS),
  });
  addOrigin(headers, request, allowed);
  return new Response(null, { status: 204, headers });
}

/** Adds the cross-origin headers to an answer, refusals included. */
export function addCorsHeaders(headers: Headers, request: Request, allowed: AllowedOrigins): void {
  addOrigin(headers, request, allowed);
  if (request.headers.has("origin")) headers.set("access-control-expose-headers", EXPOSED_HEADERS);
}

function addOrigin(headers: Headers, request: Request, allowed: AllowedOrigins): void {
  const vary = headers.get("vary");
  if (vary?.includes("Origin") !== true) headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || (allowed !== "*" && !allowed.includes(origin))) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
}
