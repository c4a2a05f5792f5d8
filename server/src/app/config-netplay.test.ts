import { describe, expect, test } from "bun:test";
import { readConfig } from "./config.ts";

const read = (raw: Record<string, string>) => readConfig(raw, { defaultBasePath: "/data" }).netplay;

describe("netplay's settings", () => {
  test("let everybody in, with room for fifty rooms from one address", () => {
    expect(read({})).toEqual({
      isSignInRequired: false,
      isShared: false,
      pingIntervalMs: 25_000,
      pingTimeoutMs: 60_000,
      socketMessagesPerSecond: 500,
      socketBytesPerSecond: 4_194_304,
      roomMessagesPerSecond: 4_000,
      roomBytesPerSecond: 8_388_608,
      turn: null,
    });
    expect(read({ DATABASE_URL: "postgresql://db/x" }).isShared).toBe(true);
  });

  test("name TURN servers and their secret together", () => {
    const raw = { MULTITAP_TURN_URLS: "turns:a:5349, stun:b", MULTITAP_TURN_SECRET: "s" };
    expect(read(raw).turn).toEqual({ urls: ["turns:a:5349", "stun:b"], secret: "s", ttlMs: 43_200_000 });
  });

  test.each([
    [{ MULTITAP_TURN_URLS: "turn:a" }, "needed together"],
    [{ MULTITAP_TURN_SECRET: "s" }, "needed together"],
    [{ MULTITAP_TURN_URLS: "https://a", MULTITAP_TURN_SECRET: "s" }, 'MULTITAP_TURN_URLS is "https://a"'],
    [{ MULTITAP_NETPLAY_PING_INTERVAL: "0" }, "MULTITAP_NETPLAY_PING_INTERVAL"],
    [{ MULTITAP_NETPLAY_REQUIRE_AUTH: "perhaps" }, "MULTITAP_NETPLAY_REQUIRE_AUTH"],
  ])("are refused when they are %o", (raw, message) => {
    expect(() => read(raw as unknown as Record<string, string>)).toThrow(message);
  });
});
