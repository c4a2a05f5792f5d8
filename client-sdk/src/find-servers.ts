import type { ServerInfo } from "@multitap/server/contract/system";
import { systemEnvironment } from "./environment.ts";
import { isMultitapError, MultitapError } from "./errors.ts";
import { withDeadline } from "./http/deadline.ts";
import { type FetchLike, globalFetch } from "./http/exchange.ts";
import { FIND_TIMEOUT_MS } from "./limits.ts";
import { HEARTBEAT_PATH, readServerInfo } from "./server-info.ts";

/** A server that answered. */
export interface FoundServer {
  /** Ready for `createClient`. */
  readonly url: string;
  readonly isSecure: boolean;
  readonly server: ServerInfo;
}

/**
 * How to look for servers.
 * @example
 * const found = await findServers("nas.local", { timeoutMs: 1_000, signal });
 */
export interface FindOptions {
  readonly fetch?: FetchLike | undefined;
  /** Per address; 3000 unless said. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

// Best first: encrypted before plain, a proxy's port before the server's own.
const PLACES = [
  ["https", ""],
  ["https", ":8443"],
  ["http", ":8080"],
  ["http", ""],
  ["http", ":3000"],
] as const;

/**
 * Finds the Multitap servers behind what a person typed: a name, an address, with or without scheme, port
 * and path. Tries https and http and the usual ports at the same time.
 * @returns Best first; empty when none answered.
 * @throws MultitapError `invalid` (`URL_INVALID`) for a text that is no address, `aborted`.
 * @example
 * const [best] = await findServers("nas.local");
 * if (best !== undefined) client = createClient({ url: best.url });
 */
export async function findServers(typed: string, options: FindOptions = {}): Promise<readonly FoundServer[]> {
  const found = await Promise.all(listCandidates(typed).map((url) => probe(url, options)));
  const servers = new Map<string, FoundServer>();
  for (const server of found)
    if (server !== null && !servers.has(server.url)) servers.set(server.url, server);
  return [...servers.values()];
}

/** The addresses worth trying for a typed text, best first. */
export function listCandidates(typed: string): readonly string[] {
  const text = typed.trim().replace(/\/+$/, "");
  const scheme = /^(https?):\/\//i.exec(text)?.[1]?.toLowerCase();
  const rest = scheme === undefined ? text : text.slice(scheme.length + 3);
  const [, host, port, path] = /^([^\s/:@?#[\]]+|\[[0-9a-f:.]+\])(:\d{1,5})?(\/[^\s?#]*)?$/i.exec(rest) ?? [];
  if (host === undefined) throw notAnAddress();
  const candidates = PLACES.filter(([each, usual]) => {
    if (scheme !== undefined && each !== scheme) return false;
    return port === undefined ? true : usual === "";
  }).map(([each, usual]) => `${each}://${host}${port ?? usual}${path ?? ""}`);
  return candidates.map((candidate) => {
    if (!URL.canParse(candidate)) throw notAnAddress();
    return candidate;
  });
}

function notAnAddress(): MultitapError {
  return new MultitapError("invalid", "URL_INVALID", { message: "This is not the address of a server" });
}

/** Asks one address who it is; null when nothing of ours answers in time. */
async function probe(url: string, options: FindOptions): Promise<FoundServer | null> {
  const send = options.fetch ?? globalFetch;
  const limits = {
    environment: systemEnvironment,
    signals: [options.signal],
    timeoutMs: options.timeoutMs ?? FIND_TIMEOUT_MS,
  };
  try {
    return await withDeadline(limits, async (signal) => {
      const response = await send(`${url}${HEARTBEAT_PATH}`, { signal });
      const server = await readServerInfo(response);
      // A proxy may have led from http to https.
      const end =
        response.redirected && response.url.endsWith(HEARTBEAT_PATH)
          ? response.url
          : `${url}${HEARTBEAT_PATH}`;
      const reached = end.slice(0, -HEARTBEAT_PATH.length);
      return { url: reached, isSecure: reached.startsWith("https:"), server };
    });
  } catch (thrown) {
    if (isMultitapError(thrown, "aborted")) throw thrown;
    return null;
  }
}
