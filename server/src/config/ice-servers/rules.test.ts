import { describe, expect, test } from "bun:test";
import { mintTurnServers } from "./rules.ts";

describe("mintTurnServers", () => {
  test("follows coturn's scheme, as openssl computes it", () => {
    const turn = { secret: "north", urls: ["turn:t.example:3478", "stun:t.example"], ttlMs: 3_600_000 };
    // printf 1700003600:7 | openssl dgst -sha1 -hmac north -binary | base64
    expect(mintTurnServers(turn, "7", 1_700_000_000_999)).toEqual([
      { urls: "turn:t.example:3478", username: "1700003600:7", credential: "3SXD73xvzbKOJb8QpzBT3wJ3nzU=" },
      { urls: "stun:t.example" },
    ]);
  });
});
