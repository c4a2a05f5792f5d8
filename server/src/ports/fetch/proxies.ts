import { type HostRules, parseHostRules, plainHost } from "./addresses.ts";

/** The operator's proxies. */
export interface Proxies {
  /** Address of the proxy for a call; null for a direct one. */
  choose(url: URL): string | null;
}

export interface ProxyTexts {
  /** Proxy of http addresses, `http://user:password@host:port`; null: none. */
  readonly http: string | null;
  readonly https: string | null;
  /** Hosts that are called directly. */
  readonly except: readonly string[];
}

/** Parses the operator's proxies as HTTP_PROXY, HTTPS_PROXY and NO_PROXY hold them. Null when one is unusable. */
export function parseProxies({ http, https, except }: ProxyTexts): Proxies | null {
  const rules = parseHostRules(except, true);
  const parsed = [http, https].map((text) => (text === null ? null : parseProxy(text)));
  const [ofHttp, ofHttps] = parsed;
  if (rules === null || ofHttp === undefined || ofHttps === undefined || parsed.includes("")) return null;
  return {
    choose(url) {
      if (isExcept(rules, url)) return null;
      return url.protocol === "https:" ? ofHttps : ofHttp;
    },
  };
}

/** No proxies at all. */
export const NO_PROXIES: Proxies = { choose: () => null };

/** The address of a proxy, http unless it says otherwise; empty when there is none in the text. */
function parseProxy(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url.href : "";
}

/** The port a call goes to. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

function isExcept(rules: HostRules, url: URL): boolean {
  const host = plainHost(url.hostname);
  return rules.matches(host, portOf(url)) || rules.matchesAddress(host, portOf(url));
}
