import { describe, expect, test } from "bun:test";
import { isFromThisMachine, parseTrustedProxies, readOrigin, type TrustedProxies } from "./public-url.ts";

function trust(...items: string[]): TrustedProxies {
  const trusted = parseTrustedProxies(items);
  if (trusted === null) throw new TypeError(`not a list of proxies: ${items}`);
  return trusted;
}

function originOf(
  peerAddress: string,
  headers: Record<string, string>,
  trusted = trust("loopback", "private"),
) {
  const request = new Request("http://localhost/x", { headers });
  return readOrigin(request, { peerAddress, trusted, urlPrefix: "" });
}

describe("parseTrustedProxies", () => {
  test.each([
    ["loopback", "127.0.0.1", true],
    ["loopback", "127.9.9.9", true],
    ["loopback", "::1", true],
    ["loopback", "10.0.0.1", false],
    ["private", "10.0.0.1", true],
    ["private", "172.31.255.255", true],
    ["private", "172.32.0.0", false],
    ["private", "192.168.1.1", true],
    ["private", "169.254.1.1", true],
    ["private", "fd00::1", true],
    ["private", "fe80::1", true],
    ["private", "127.0.0.1", false],
    ["none", "127.0.0.1", false],
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7", "203.0.113.8", false],
    ["203.0.113.0/24", "203.0.113.255", true],
    ["203.0.113.0/24", "203.0.114.0", false],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["2001:db8::/32", "2001:db8:1::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["2001:db8::1", "2001:db8::1", true],
  ])("%s: %s is trusted: %p", (item, address, expected) => {
    expect(trust(item).has(address)).toBe(expected);
  });

  test.each([
    "",
    "proxy",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/8/9",
    "10.0.0.0/1e1",
    "10.0.0.0/ 8",
    "10.0.0.0/8x",
    "10.0.0",
    "::/129",
    "fe80::1%eth0",
    "/8",
  ])("refuses %p", (item) => {
    expect(parseTrustedProxies(["loopback", item])).toBeNull();
  });
});

describe("readOrigin: caller's address", () => {
  test.each([
    ["a direct caller", "203.0.113.9", null, "203.0.113.9"],
    ["a direct caller who forges the header", "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["one proxy", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["one proxy that adds to a forged header", "10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"],
    ["two proxies", "10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"],
    [
      "two proxies that add to a forged header",
      "10.0.0.1",
      "127.0.0.1, 203.0.113.9, 10.0.0.2",
      "203.0.113.9",
    ],
    ["a caller inside the trusted network", "10.0.0.1", "192.168.1.5", "192.168.1.5"],
    ["a proxy that says nothing", "10.0.0.1", null, "10.0.0.1"],
    ["a proxy that says an empty text", "10.0.0.1", "", "10.0.0.1"],
    ["a proxy that says nonsense", "10.0.0.1", "unknown", "10.0.0.1"],
    ["nonsense before the last hop", "10.0.0.1", "unknown, 203.0.113.9", "203.0.113.9"],
    ["nonsense behind the caller", "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"],
    ["odd spaces", "10.0.0.1", " 203.0.113.9 ,10.0.0.2", "203.0.113.9"],
    ["an address with a port", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["an IPv6 caller", "10.0.0.1", "2001:db8::9", "2001:db8::9"],
    ["an IPv6 caller in brackets", "10.0.0.1", "[2001:db8::9]", "2001:db8::9"],
    ["an IPv6 caller with a port", "10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"],
    ["an IPv6 proxy", "::1", "2001:db8::9", "2001:db8::9"],
    ["an untrusted IPv6 peer", "2001:db8::1", "1.2.3.4", "2001:db8::1"],
    ["a mapped peer", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["a mapped peer in capitals", "::FFFF:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["a mapped peer in hexadecimal", "::ffff:0a00:1", "203.0.113.9", "203.0.113.9"],
    ["a mapped untrusted peer", "::ffff:203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["a mapped caller", "10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"],
    ["a mapped proxy in the chain", "10.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"],
  ])("%s", (_who, peer, forwarded, expected) => {
    const headers: Record<string, string> = forwarded === null ? {} : { "x-forwarded-for": forwarded };
    expect(originOf(peer, headers).clientAddress).toBe(expected);
  });

  test("follows no more hops than its limit", () => {
    const chain = ["203.0.113.9", ...Array.from({ length: 40 }, () => "10.0.0.2")].join(", ");
    expect(originOf("10.0.0.1", { "x-forwarded-for": chain }).clientAddress).toBe("10.0.0.2");
  });
});

describe("readOrigin: address that the caller used", () => {
  const FORWARDED = {
    host: "inside:8080",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "games.example",
    "x-forwarded-prefix": "/romm/",
  };

  test("is what a trusted proxy says", () => {
    const { scheme, host, prefix } = originOf("10.0.0.1", FORWARDED);
    expect([scheme, host, prefix]).toEqual(["https", "games.example", "/romm"]);
  });

  test("is not what anybody else says", () => {
    const { scheme, host, prefix } = originOf("203.0.113.9", FORWARDED);
    expect([scheme, host, prefix]).toEqual(["http", "inside:8080", ""]);
  });

  test("is that of the outermost proxy in a chain", () => {
    const { scheme, host } = originOf("10.0.0.1", {
      "x-forwarded-proto": "https, http",
      "x-forwarded-host": "games.example, inside",
    });
    expect([scheme, host]).toEqual(["https", "games.example"]);
  });

  test.each(["romm", "/ro mm", "//evil.example", "/a//b", "/<script>", "/", ""])(
    "takes no prefix from %p",
    (prefix) => {
      expect(originOf("10.0.0.1", { "x-forwarded-prefix": prefix }).prefix).toBe("");
    },
  );

  test("falls back to plain HTTP for an unknown scheme", () => {
    expect(originOf("10.0.0.1", { "x-forwarded-proto": "gopher" }).scheme).toBe("http");
  });
});

describe("isFromThisMachine", () => {
  const isFrom = (peer: string, headers: Record<string, string> = {}, listenHost = "0.0.0.0") =>
    isFromThisMachine(new Request("http://localhost/", { headers }), peer, listenHost);

  test.each(["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])("is true for the loopback %p", (peer) => {
    expect(isFrom(peer)).toBe(true);
  });

  test.each(["10.0.0.1", "203.0.113.9", "fe80::1", "", "localhost"])("is false for %p", (peer) => {
    expect(isFrom(peer)).toBe(false);
  });

  test("is true for the one address we listen on, which only we can send from", () => {
    expect(isFrom("192.168.1.5", {}, "192.168.1.5")).toBe(true);
    expect(isFrom("192.168.1.6", {}, "192.168.1.5")).toBe(false);
  });

  test.each(["x-forwarded-for", "forwarded"])("is false for what a proxy brought with %s", (name) => {
    expect(isFrom("127.0.0.1", { [name]: "127.0.0.1" })).toBe(false);
  });
});
