import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createRelay, type Relay } from "./relay.ts";

const SESSION_ID = "aeeNTGPaC7uJ9qJL";
const player = { sessionId: SESSION_ID, playerId: 1 };
const answer = { any: "answer" };

/** Notes what is sent, and answers the same to all. */
function openRelay(): { readonly relay: Relay; readonly sent: unknown[] } {
  const sent: unknown[] = [];
  const call =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      sent.push(kind, operation, input);
      return answer as T;
    };
  const rpc: Rpc = { query: call("query"), mutate: call("mutate") };
  return { relay: createRelay(rpc), sent };
}

describe("relay", () => {
  test.each<[string, (relay: Relay) => Promise<unknown>, readonly unknown[], unknown]>([
    ["list", (relay) => relay.list(), ["query", "relay.list", {}], answer],
    ["list", (relay) => relay.list({ romId: 1 }), ["query", "relay.list", { romId: 1 }], answer],
    [
      "claim",
      (relay) => relay.claim(SESSION_ID),
      ["mutate", "relay.claim", { sessionId: SESSION_ID }],
      answer,
    ],
    ["kick", (relay) => relay.kick(player), ["mutate", "relay.kick", player], undefined],
    [
      "ban",
      (relay) => relay.ban({ ...player, from: "session" }),
      ["mutate", "relay.ban", { ...player, from: "session" }],
      undefined,
    ],
    [
      "ban",
      (relay) => relay.ban({ address: "203.0.113.7" }),
      ["mutate", "relay.ban", { address: "203.0.113.7" }],
      undefined,
    ],
    ["bans", (relay) => relay.bans(), ["query", "relay.bans", {}], answer],
    ["liftBan", (relay) => relay.liftBan("x"), ["mutate", "relay.liftBan", { network: "x" }], undefined],
  ])("%s is one call", async (_name, call, expected, result) => {
    const { relay, sent } = openRelay();
    expect(await call(relay)).toEqual(result);
    expect(sent).toEqual([...expected]);
  });
});
