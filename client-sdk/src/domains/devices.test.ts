import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createActivities } from "./activity.ts";
import { createDevices } from "./devices.ts";
import { createPlaySessions } from "./play-sessions.ts";

/** What one call sent to the server, and what it gave. */
async function send(call: (rpc: Rpc) => Promise<unknown>): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  const note =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      sent.push(kind, operation, input);
      return { id: "deck" } as T;
    };
  const answer = await call({ query: note("query"), mutate: note("mutate") });
  return [...sent, answer];
}

describe("devices and what is played on them", () => {
  const answer = { id: "deck" };
  const span = { startedAt: "2026-02-01T10:00:00Z", endedAt: "2026-02-01T11:00:00Z" };
  const table: [(rpc: Rpc) => Promise<unknown>, readonly unknown[]][] = [
    [(rpc) => createDevices(rpc).list(), ["query", "devices.list", {}, answer]],
    [(rpc) => createDevices(rpc).get("d"), ["query", "devices.get", { deviceId: "d" }, answer]],
    [(rpc) => createDevices(rpc).register(), ["mutate", "devices.register", {}, answer]],
    [
      (rpc) => createDevices(rpc).register({ name: "Deck", isSyncReset: true }),
      ["mutate", "devices.register", { name: "Deck", isSyncReset: true }, answer],
    ],
    [
      (rpc) => createDevices(rpc).update("d", { isSyncEnabled: false }),
      ["mutate", "devices.update", { deviceId: "d", isSyncEnabled: false }, answer],
    ],
    [(rpc) => createDevices(rpc).pushPull("d"), ["mutate", "devices.pushPull", { deviceId: "d" }, answer]],
    [(rpc) => createDevices(rpc).remove("d"), ["mutate", "devices.remove", { deviceId: "d" }, undefined]],
    [
      (rpc) => createPlaySessions(rpc).ingest({ deviceId: "d", sessions: [span] }),
      ["mutate", "playSessions.ingest", { deviceId: "d", sessions: [span] }, answer],
    ],
    [(rpc) => createPlaySessions(rpc).list(), ["query", "playSessions.list", {}, answer]],
    [
      (rpc) => createPlaySessions(rpc).list({ romId: 1, limit: 1 }),
      ["query", "playSessions.list", { romId: 1, limit: 1 }, answer],
    ],
    [
      (rpc) => createPlaySessions(rpc).remove(5),
      ["mutate", "playSessions.remove", { sessionId: 5 }, undefined],
    ],
    [(rpc) => createActivities(rpc).list(), ["query", "activity.list", {}, answer]],
    [(rpc) => createActivities(rpc).list({ romId: 1 }), ["query", "activity.list", { romId: 1 }, answer]],
    [
      (rpc) => createActivities(rpc).heartbeat({ romId: 1, deviceId: "d" }),
      ["mutate", "activity.heartbeat", { romId: 1, deviceId: "d" }, answer],
    ],
    [(rpc) => createActivities(rpc).stop("d"), ["mutate", "activity.stop", { deviceId: "d" }, undefined]],
  ];
  test.each(table)("each call sends one: %#", async (call, expected) => {
    expect(await send(call)).toEqual([...expected]);
  });
});
