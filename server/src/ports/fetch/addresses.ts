import { BlockList, isIP } from "node:net";

/**
 * IPv4 networks that are not the public internet. Source: IANA special-purpose address registry, RFC 6890.
 */
const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** The part of 2000::/3, the public space, that is not public: Teredo and other protocols, documentation, 6to4. */
const PRIVATE_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const privateV4 = listOfNetworks(PRIVATE_V4, "ipv4");
const privateV6 = listOfNetworks(PRIVATE_V6, "ipv6");
const publicV6 = listOfNetworks([["2000::", 3]], "ipv6");

function listOfNetworks(
  networks: readonly (readonly [string, number])[],
  family: "ipv4" | "ipv6",
): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

/** Whether an address is on the public internet. NAT64 and mapped addresses count as the IPv4 one inside. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !privateV4.check(address, "ipv4");
  // A zone names one of our own links.
  if (family !== 6 || address.includes("%")) return false;
  const inner = findInnerV4(address);
  if (inner !== null) return isPublicAddress(inner);
  return publicV6.check(address, "ipv6") && !privateV6.check(address, "ipv6");
}

const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const NAT64 = [0x64, 0xff9b, 0, 0, 0, 0];

/** The IPv4 address inside `::ffff:a.b.c.d` or `64:ff9b::a.b.c.d`; null for any other. */
function findInnerV4(address: string): string | null {
  const groups = expandV6(address);
  const begins = (prefix: readonly number[]) => prefix.every((group, index) => groups[index] === group);
  if (!begins(MAPPED) && !begins(NAT64)) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** The eight groups of an IPv6 address. The URL parser writes its shortest form, with hex only. */
function expandV6(address: string): readonly number[] {
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = host.split("::");
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [left, right] = [parse(head), parse(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** A parsed list of hosts. */
export interface HostRules {
  /** Whether a host is on the list, by its name or as a literal address. */
  matches(hostname: string, port: number): boolean;
  /** Whether an address is on it by a network or as itself. */
  matchesAddress(address: string, port: number): boolean;
}

interface Rule {
  readonly test: (host: string) => boolean;
  /** Null stands for every port. */
  readonly port: number | null;
}

/**
 * Parses hosts: `name`, `*.name` or `.name` for what is below it, `*`, an address or a network such as
 * `10.0.0.0/8`, each but a network perhaps with `:port`; IPv6 with a port stands in brackets.
 * @param isTreeByName A plain name stands for what is below it too, as in NO_PROXY.
 * @returns Null when an item is none of these.
 */
export function parseHostRules(items: readonly string[], isTreeByName = false): HostRules | null {
  const rules = items.map((item) => parseRule(item.trim().toLowerCase(), isTreeByName));
  const known = rules.filter((rule) => rule !== null);
  if (known.length < rules.length) return null;
  const isOn = (host: string, port: number) =>
    known.some((rule) => (rule.port === null || rule.port === port) && rule.test(host));
  return { matches: (hostname, port) => isOn(plainHost(hostname), port), matchesAddress: isOn };
}

function parseRule(item: string, isTreeByName: boolean): Rule | null {
  if (item.includes("/")) return parseNetwork(item);
  if (isIP(item) === 6 && !item.includes("%"))
    return { test: (host) => isSameAddress(host, item), port: null };
  const [, host = "", portText] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(item) ?? [];
  const plain = plainHost(host);
  const port = portText === undefined ? null : Number(portText);
  if (isIP(plain) !== 0) return { test: (other) => isSameAddress(other, plain), port };
  if (plain === "*") return { test: () => true, port };
  const name = plain.replace(/^\*?\./, "");
  if (!/^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u.test(name)) return null;
  const isBelow = (other: string) => other.endsWith(`.${name}`);
  if (plain !== name && !isTreeByName) return { test: isBelow, port };
  return { test: (other) => other === name || (isTreeByName && isBelow(other)), port };
}

function parseNetwork(item: string): Rule | null {
  const [network = "", prefixText = ""] = item.split("/");
  const family = isIP(network);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (family === 0 || !(prefix <= (family === 4 ? 32 : 128))) return null;
  const list = listOfNetworks([[network, prefix]], family === 4 ? "ipv4" : "ipv6");
  return {
    test: (host) => {
      const other = isIP(host);
      return other === family && list.check(host, other === 4 ? "ipv4" : "ipv6");
    },
    port: null,
  };
}

function isSameAddress(host: string, address: string): boolean {
  if (isIP(host) !== isIP(address) || host.includes("%")) return false;
  if (isIP(host) === 4) return host === address;
  return expandV6(host).join() === expandV6(address).join();
}

/** A host as it is compared: lower case, without brackets and without the dot of the root. */
export function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}
