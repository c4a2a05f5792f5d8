import type { FetchLike } from "./exchange.ts";

/** Cookie that holds the token; a page's scripts may read it. */
const COOKIE = /(?:^|;\s*)romm_csrftoken=([^;]*)/;

/** The token against forged requests. */
export interface Csrf {
  /** The token that the page's cookie holds; asks the server for one first if there is none. */
  token(): Promise<string>;
  /** Has the server issue a token for whoever is signed in now. */
  renew(): Promise<void>;
}

/** Guards requests that travel with the page's cookies. */
export function createCsrf(url: string, send: FetchLike): Csrf {
  // The server issues the cookie on a read that carries no Authorization header.
  const renew = async (): Promise<void> => {
    const response = await send(`${url}/api/heartbeat`, { credentials: "same-origin" });
    await response.body?.cancel();
  };
  return {
    async token() {
      if (readCookie() === "") await renew();
      return readCookie();
    },
    renew,
  };
}

/** Tells whether a method may change something. */
export function isUnsafe(method: string | undefined): boolean {
  return method !== undefined && !/^(?:get|head|options|trace)$/i.test(method);
}

/** Tells whether the server refused the token; that refusal alone comes as plain text. */
export function isCsrfRefusal(method: string | undefined, response: Response): boolean {
  if (!isUnsafe(method) || response.status !== 403) return false;
  return (response.headers.get("content-type") ?? "").startsWith("text/plain");
}

function readCookie(): string {
  const page = (globalThis as { document?: { readonly cookie: string } }).document;
  return decodeURIComponent(COOKIE.exec(page?.cookie ?? "")?.[1] ?? "");
}
