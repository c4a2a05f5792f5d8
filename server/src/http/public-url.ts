import { BlockList, isIP } from "node:net";

/** Which peers may speak for others through forwarded headers. */
export interface TrustedProxies {
  has(address: string): boolean;
}

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

/** Forwarded addresses that are followed back; a longer chain is a mistake or an attack. */
const FORWARDED_HOPS_MAX = 32;

/**
 * Reads the list of trusted proxies.
 * @returns Null when an item is neither CIDR, `loopback`, `private` nor `none`.
 */
export function parseTrustedProxies(items: readonly string[]): TrustedProxies | null {
  const blocks = new BlockList();
  for (const item of items) {
    if (item === "none") continue;
    const ranges = item === "loopback" ? LOOPBACK : item === "private" ? PRIVATE : [item];
    for (const range of ranges) if (!addRange(blocks, range)) return null;
  }
  return { has: (address) => blocks.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") };
}

function addRange(blocks: BlockList, range: string): boolean {
  const [, address = "", bitsText] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const version = isIP(address);
  const bitsMax = version === 6 ? 128 : 32;
  const bits = bitsText === undefined ? bitsMax : Number(bitsText);
  if (version === 0 || bits > bitsMax) return false;
  blocks.addSubnet(address, bits, version === 6 ? "ipv6" : "ipv4");
  return true;
}

const loopback = new BlockList();
for (const range of LOOPBACK) addRange(loopback, range);

/**
 * Tells whether a request comes straight from a program on this machine: no proxy brought it, and its sender's
 * address is the loopback or the very address we listen on, which only we can send from.
 */
export function isFromThisMachine(request: Request, peerAddress: string, listenHost: string): boolean {
  if (request.headers.has("x-forwarded-for") || request.headers.has("forwarded")) return false;
  const peer = plainAddress(peerAddress);
  const version = isIP(peer);
  return version !== 0 && (peer === listenHost || loopback.check(peer, version === 6 ? "ipv6" : "ipv4"));
}

/** Where a caller stands, seen through the proxies we trust. */
export interface Origin {
  readonly clientAddress: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  /** Path prefix a proxy stripped, without trailing slash. */
  readonly prefix: string;
}

/** The address that this caller uses for the root of the server, without a slash at the end. */
export function formatBaseUrl({ scheme, host, prefix }: Origin): string {
  return `${scheme}://${host}${prefix}`;
}

export interface OriginOptions {
  readonly peerAddress: string;
  readonly trusted: TrustedProxies;
  readonly urlPrefix: string;
}

/** Finds the caller's address and the address they used; forwarded headers count only from trusted peers. */
export function readOrigin(request: Request, options: OriginOptions): Origin {
  const { headers } = request;
  const peer = plainAddress(options.peerAddress);
  const direct = {
    scheme: "http" as const,
    host: headers.get("host") ?? "localhost",
    prefix: options.urlPrefix,
  };
  if (!options.trusted.has(peer)) return { clientAddress: peer, ...direct };
  const scheme = firstItem(headers.get("x-forwarded-proto")) === "https" ? "https" : "http";
  const prefix = firstItem(headers.get("x-forwarded-prefix"))?.replace(/\/+$/, "") ?? "";
  return {
    clientAddress: findClient(headers.get("x-forwarded-for"), peer, options.trusted),
    scheme,
    host: firstItem(headers.get("x-forwarded-host")) ?? direct.host,
    prefix: /^(\/[\w.~-]+)+$/.test(prefix) ? prefix : options.urlPrefix,
  };
}

/** The right-most address that is not one of our proxies. */
function findClient(header: string | null, peer: string, trusted: TrustedProxies): string {
  const hops = (header ?? "").split(",").slice(-FORWARDED_HOPS_MAX);
  let client = peer;
  for (const hop of hops.reverse()) {
    const address = plainAddress(hop.trim());
    if (isIP(address) === 0) break;
    client = address;
    if (!trusted.has(address)) break;
  }
  return client;
}

/** Bracketed, ported and IPv4-in-IPv6 forms as the bare address. */
function plainAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  const [, rest = ""] = /^::ffff:(.+)$/i.exec(bare) ?? [];
  if (isIP(rest) === 4) return rest;
  const [, high, low] = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(rest) ?? [];
  return high === undefined || low === undefined ? bare : joinBytes(parseInt(high, 16), parseInt(low, 16));
}

function joinBytes(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function firstItem(header: string | null): string | null {
  const item = header?.split(",")[0]?.trim() ?? "";
  return item === "" ? null : item;
}

/** Headers by which a proxy tells who calls and how, as it is told to send them. */
export const FORWARDING = {
  address: "X-Forwarded-For",
  scheme: "X-Forwarded-Proto",
  host: "X-Forwarded-Host",
} as const;

/** Headers that only proxies send. */
const PROXY_HEADERS = [...Object.values(FORWARDING), "X-Forwarded-Prefix", "Forwarded", "Via", "CF-Ray"];

/** Which headers of proxies a request has, in lower case; nobody is trusted by it. */
export function listProxyHeaders(headers: Headers): readonly string[] {
  return PROXY_HEADERS.filter((name) => headers.has(name)).map((name) => name.toLowerCase());
}
