import { describe, expect, test } from "bun:test";
import { isPublicAddress, parseHostRules, plainHost } from "./addresses.ts";

describe("isPublicAddress", () => {
  test.each([
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.0.1",
    "192.167.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
  ])("says yes to %s", (address) => expect(isPublicAddress(address)).toBe(true));

  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "",
  ])("says no to %p", (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("parseHostRules", () => {
  test.each([
    ["api.igdb.com", "api.igdb.com", 443, true],
    ["API.IGDB.com", "api.igdb.com", 443, true],
    ["igdb.com", "api.igdb.com", 443, false],
    ["*.igdb.com", "api.igdb.com", 443, true],
    ["*.igdb.com", "igdb.com", 443, false],
    ["*.igdb.com", "evil-igdb.com", 443, false],
    [".lan", "nas.lan", 80, true],
    ["nas.lan:8080", "nas.lan", 8080, true],
    ["nas.lan:8080", "nas.lan", 80, false],
    ["*", "anything.example", 80, true],
    ["10.0.0.5", "10.0.0.5", 80, true],
    ["10.0.0.5:81", "10.0.0.5", 80, false],
    ["10.0.0.0/8", "10.1.2.3", 80, true],
    ["10.0.0.0/8", "11.0.0.1", 80, false],
    ["10.0.0.0/8", "ten.example", 80, false],
    ["fd00::/8", "fd12::1", 80, true],
    ["fd00::1", "fd00:0:0::1", 80, true],
    ["[fd00::1]:80", "fd00::1", 80, true],
    ["[fd00::1]:80", "fd00::1", 81, false],
  ] as const)("%p and %s port %d: %p", (rule, host, port, expected) => {
    expect(parseHostRules([rule])?.matches(host, port)).toBe(expected);
  });

  test("takes a plain name for all that is below it where NO_PROXY does", () => {
    const rules = parseHostRules(["igdb.com", ".lan"], true);
    const isOn = ["igdb.com", "api.igdb.com", "notigdb.com", "nas.lan", "lan"].map((host) =>
      rules?.matches(host, 80),
    );
    expect(isOn).toEqual([true, true, false, true, true]);
  });

  test.each([
    "",
    "a b",
    "http://x",
    "10.0.0.0/33",
    "x/8",
    "fd00::/129",
    "name:",
    "name:http",
    "*a",
    "10.0.0.0/",
  ])("does not take %p", (item) => expect(parseHostRules([item])).toBeNull());

  test("on nothing is nobody", () => {
    expect(parseHostRules([])?.matches("x", 80)).toBe(false);
  });
});

test.each([
  ["Example.COM.", "example.com"],
  ["[::1]", "::1"],
  ["127.0.0.1", "127.0.0.1"],
])("plainHost of %s is %s", (hostname, expected) => expect(plainHost(hostname)).toBe(expected));
