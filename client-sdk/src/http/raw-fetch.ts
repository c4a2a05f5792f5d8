import { inCall, MultitapError } from "../errors.ts";
import { CALL_TIMEOUT_MS } from "../limits.ts";
import { notOurs } from "./answers.ts";
import { toClientError } from "./calls.ts";
import { withDeadline } from "./deadline.ts";
import { type HttpParts, withAuthorization } from "./rest.ts";

/** Sends one request with the client's authorization and hands out the answer, whatever its status. */
export function createRawFetch(http: HttpParts): (path: string, init?: RequestInit) => Promise<Response> {
  const once = async (url: string, init: RequestInit) => {
    const authorization = await http.authorizer.authorize();
    const headers = withAuthorization(init.headers, authorization);
    return { authorization, response: await http.exchange(url, { ...init, headers }) };
  };
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const { authorization, response } = await once(url, init);
    // A stream is used up by the first try.
    if (response.status !== 401 || init.body instanceof ReadableStream) return response;
    if (!(await http.authorizer.recover(authorization, refusal(response)))) return response;
    await response.body?.cancel();
    return (await once(url, init)).response;
  };
  return async (path, init = {}) => {
    const url = resolvePath(http.url, path);
    const given = init.signal ?? undefined;
    const ending = new AbortController();
    const limits = {
      environment: http.environment,
      signals: [given, http.lifetime],
      timeoutMs: http.timeoutMs ?? CALL_TIMEOUT_MS,
    };
    try {
      return await withDeadline(limits, (signal) => {
        signal.addEventListener("abort", () => ending.abort(signal.reason));
        // Stays on after the headers, so that the app's signal ends the body too, as with any `fetch`.
        given?.addEventListener("abort", () => ending.abort(given.reason), { once: true });
        return send(url, { ...init, signal: ending.signal });
      });
    } catch (thrown) {
      throw inCall(toClientError(thrown), "fetch", 1);
    }
  };
}

function refusal(response: Response): MultitapError {
  const { status, message } = notOurs(response);
  return new MultitapError("unauthenticated", "AUTH_REQUIRED", { message, status });
}

/** Keeps the authorization at home: a path cannot lead to another server. */
function resolvePath(base: string, path: string): string {
  const url = path.startsWith("/") && !path.startsWith("//") ? `${base}${path}` : "";
  if (URL.canParse(url) && new URL(url).origin === new URL(base).origin) return url;
  throw new MultitapError("invalid", "URL_INVALID", {
    message: "The path must begin with one slash",
    operation: "fetch",
  });
}
