import { type HostRules, parseHostRules } from "../ports/fetch/addresses.ts";
import { type Proxies, parseProxies } from "../ports/fetch/proxies.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, listOf, type RawEnvironment, textOf } from "./read-environment.ts";

/**
 * Reads which hosts may be called although they are private.
 * @throws StartError `E_CONFIG` for an item that is no host.
 */
export function readFetchAllow(environment: Environment): HostRules {
  const items = listOf(environment, "MULTITAP_FETCH_ALLOW");
  const rules = parseHostRules(items);
  if (rules !== null) return rules;
  throw new StartError(
    "E_CONFIG",
    `MULTITAP_FETCH_ALLOW is ${JSON.stringify(items.join(","))}. Accepted: names, *.names, addresses and networks, separated by commas.`,
  );
}

/**
 * Reads the proxies of our own calls. Many systems set the names in lower case, which count where the usual ones
 * are unset.
 * @throws StartError `E_CONFIG` for a proxy that is no http address, or an exception that is no host.
 */
export function readOwnProxies(environment: Environment, raw: RawEnvironment): Proxies {
  const text = (name: "HTTP_PROXY" | "HTTPS_PROXY" | "NO_PROXY") =>
    textOf(environment, name) ?? (raw[name.toLowerCase()] || null);
  const except = (text("NO_PROXY") ?? "").split(/[\s,]+/).filter((item) => item !== "");
  if (parseProxies({ http: null, https: null, except }) === null) {
    throw new StartError(
      "E_CONFIG",
      `NO_PROXY is ${JSON.stringify(except.join(","))}. Accepted: names, addresses and networks, separated by commas.`,
    );
  }
  const proxies = parseProxies({ http: text("HTTP_PROXY"), https: text("HTTPS_PROXY"), except });
  if (proxies !== null) return proxies;
  throw new StartError(
    "E_CONFIG",
    "HTTP_PROXY or HTTPS_PROXY is (hidden). Accepted: http://user:password@host:port.",
  );
}
