import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { AppError } from "../../base/errors.ts";
import { type HostRules, isPublicAddress, plainHost } from "./addresses.ts";
import { FETCH_ADDRESSES_MAX } from "./limits.ts";
import { maskCause } from "./masking.ts";
import { type Proxies, portOf } from "./proxies.ts";

/** An address that may be called, and how to get there. */
export interface Target {
  readonly url: URL;
  readonly host: string;
  /** Where to connect to; empty when a proxy finds the way. */
  readonly addresses: readonly string[];
  readonly proxy: string | null;
}

export interface TargetRules {
  /** What the operator allows although it is private. */
  readonly allow: HostRules;
  /** Where this call may lead; null allows every public host. */
  readonly hosts: HostRules | null;
  readonly proxies: Proxies;
  /** Resolves a name; the system's way unless a test brings its own. */
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
}

/** Asks the system for the addresses of a name, IPv4 first since not every machine reaches the other. */
export async function resolveHost(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

/**
 * Decides whether an address may be called.
 * @throws AppError `FETCH_REFUSED` when not, `FETCH_FAILED` when its name cannot be resolved.
 */
export async function checkTarget(text: string, rules: TargetRules): Promise<Target> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw refused("only http and https can be called");
  if (url.username !== "" || url.password !== "") throw refused("an address with a password is not called");
  const host = plainHost(url.hostname);
  const port = portOf(url);
  const isAllowed = rules.allow.matches(host, port);
  const proxy = rules.proxies.choose(url);
  const isOwnAddress = isIP(host) !== 0;
  const addresses = isOwnAddress ? [host] : await resolveName(host, proxy !== null, rules);
  const isPrivate = (address: string) =>
    !isPublicAddress(address) && !rules.allow.matchesAddress(address, port);
  if (!isAllowed && addresses.some(isPrivate)) {
    throw refused(`${host} is a private address; MULTITAP_FETCH_ALLOW can allow it`, host);
  }
  const isOnList = rules.hosts === null || rules.hosts.matches(host, port);
  const isAllowedAddress = addresses.some((address) => rules.allow.matchesAddress(address, port));
  if (!isOnList && !isAllowed && !isAllowedAddress)
    throw refused(`${host} is none of the hosts to call`, host);
  return { url, host, addresses: proxy === null ? addresses.slice(0, FETCH_ADDRESSES_MAX) : [], proxy };
}

async function resolveName(
  host: string,
  isProxied: boolean,
  { resolve }: TargetRules,
): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (error) {
    // Behind a proxy we may not be able to resolve names of the internet; then only the proxy can.
    if (isProxied) return [];
    throw new AppError("unavailable", "FETCH_FAILED", {
      message: `${host} cannot be found`,
      details: { host },
      cause: maskCause(error),
    });
  }
}

function refused(message: string, host: string | null = null): AppError<"invalid"> {
  return new AppError("invalid", "FETCH_REFUSED", { message, details: { host } });
}
