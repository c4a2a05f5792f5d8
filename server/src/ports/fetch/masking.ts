import { FETCH_LOGGED_CHARS_MAX } from "./limits.ts";

/** An address for logs and messages: without what stands in the query, where providers take their keys. */
export function maskUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=…`);
  const query = names.length === 0 ? "" : `?${names.join("&")}`;
  const text = `${url.protocol}//${url.host}${url.pathname}${query}`;
  return text.length <= FETCH_LOGGED_CHARS_MAX ? text : `${text.slice(0, FETCH_LOGGED_CHARS_MAX)}…`;
}

/** What of an error may be logged: the runtime writes whole addresses into its messages and properties. */
export function maskCause(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: typeof error };
  const code = "code" in error ? String(error.code) : null;
  const message = error.message.replaceAll(/\bhttps?:\/\/[^\s"']+/gi, "(address)");
  return { name: error.name, code, message };
}
