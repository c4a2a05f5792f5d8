import { describe, expect, test } from "bun:test";
import { readConfig } from "./config.ts";

const read = (raw: Record<string, string>) => readConfig(raw, { defaultBasePath: "/data" }).relay;

describe("the relay's settings", () => {
  test("are one's own network on RetroArch's port, unless said", () => {
    const { allows, ...relay } = read({});
    expect(relay).toEqual({ port: 55_435, address: null, toldPort: null });
    const addresses = ["127.0.0.1", "192.168.1.9", "::1", "fd00::1", "203.0.113.7", "2001:db8::1"];
    expect(addresses.map(allows)).toEqual([true, true, true, true, false, false]);
  });

  test.each([
    ["all", [true, true, true]],
    ["none", [false, false, false]],
    ["203.0.113.0/24", [true, false, false]],
    ["2001:db8::/32, loopback", [false, true, true]],
  ])("let in whom %s names", (MULTITAP_RELAY_ALLOW, expected) => {
    const { allows } = read({ MULTITAP_RELAY_ALLOW });
    expect(["203.0.113.7", "2001:db8::7", "127.0.0.1"].map(allows)).toEqual(expected);
  });

  test("have no port in a process that has another role", () => {
    expect(read({ MULTITAP_ROLES: "api,worker" }).port).toBeNull();
    expect(read({ MULTITAP_ROLES: "relay", MULTITAP_RELAY_PORT: "0" }).port).toBe(0);
  });

  test.each([
    ["games.example", "games.example", null],
    ["games.example:4000", "games.example", 4_000],
    ["198.51.100.7", "198.51.100.7", null],
    ["[2001:db8::1]:4000", "2001:db8::1", 4_000],
  ])("tell players %s", (MULTITAP_RELAY_ADDRESS, address, toldPort) => {
    expect(read({ MULTITAP_RELAY_ADDRESS })).toMatchObject({ address, toldPort });
  });

  test.each([
    [{ MULTITAP_RELAY_PORT: "99999" }, "MULTITAP_RELAY_PORT"],
    [{ MULTITAP_RELAY_ALLOW: "home" }, 'MULTITAP_RELAY_ALLOW is "home". Accepted: CIDR'],
    [{ MULTITAP_RELAY_ADDRESS: "http://games.example" }, "MULTITAP_RELAY_ADDRESS is"],
    [{ MULTITAP_RELAY_ADDRESS: "a|b" }, "MULTITAP_RELAY_ADDRESS is"],
    [{ MULTITAP_RELAY_ADDRESS: "games.example:x" }, "MULTITAP_RELAY_ADDRESS is"],
  ])("are refused when they are %o", (raw, message) => {
    expect(() => read(raw as unknown as Record<string, string>)).toThrow(message);
  });
});
