import { describe, expect, test } from "bun:test";
import type { Client, EventStream } from "../index.ts";
import { failureOf } from "../testing/failure-of.ts";
import { settle, until } from "../testing/manual-environment.ts";
import { WATCH_EVERY_MS } from "./limits.ts";
import { createNetplay } from "./netplay.ts";
import { createScene } from "./scene.testing.ts";
import type { RoomInfo } from "./types.ts";

/** A client whose events and connection are the test's. */
function openWatch() {
  const scene = createScene();
  const client = scene.client();
  const listeners = new Set<() => void>();
  const states = new Set<(state: { status: string }) => void>();
  let topics: readonly string[] = [];
  let isClosed = false;
  Object.assign(client, {
    events(asked: readonly string[]) {
      topics = asked;
      const stream: Pick<EventStream<unknown>, "subscribe" | "close"> = {
        subscribe(listener) {
          const raise = () => listener(undefined);
          listeners.add(raise);
          return () => void listeners.delete(raise);
        },
        close() {
          isClosed = true;
        },
      };
      return stream;
    },
    connection: {
      onChange(listener: (state: { status: string }) => void) {
        states.add(listener);
        return () => void states.delete(listener);
      },
    },
  });
  return {
    ...scene,
    netplay: createNetplay(client as Client),
    raise: () => [...listeners].map((raise) => raise()),
    become: (status: string) => [...states].map((tell) => tell({ status })),
    topics: () => topics,
    isClosed: () => isClosed,
  };
}

const room = (id: string) => ({ id, kind: "multitap" });
const idsOf = (rooms: readonly RoomInfo[]) => rooms.map(({ id }) => id).join();

describe("the list of rooms", () => {
  test("is what the server gives for a filter", async () => {
    const { relay, netplay } = createScene();
    relay.list = [room("a")];
    expect(idsOf(await netplay().list())).toBe("a");
    await netplay().list({ romId: 42, kinds: ["multitap", "retroarch"] });
    expect(relay.calls.map(({ path, input }) => [path, input])).toEqual([
      ["netplay.list", {}],
      ["netplay.list", { romId: 42, kinds: ["multitap", "retroarch"] }],
    ]);
  });

  test("is watched: told now, and when it changed", async () => {
    const { relay, netplay, raise, become, topics, isClosed, environment } = openWatch();
    relay.list = [room("a")];
    const told: string[] = [];
    const ends: unknown[] = [];
    const stream = netplay.watch({ romId: 42 });
    stream.subscribe(
      (rooms) => told.push(idsOf(rooms)),
      (error) => ends.push(error),
    );
    await until(() => told.length === 1);
    expect([told, topics(), relay.calls[0]?.input]).toEqual([["a"], ["netplay"], { romId: 42 }]);
    relay.list = [room("b")];
    raise();
    await until(() => told.length === 2);
    relay.list = [room("c")];
    become("online");
    await until(() => told.length === 3);
    relay.list = [room("d")];
    await settle();
    await environment.advance(WATCH_EVERY_MS);
    await until(() => told.length === 4);
    raise();
    await settle();
    expect(told).toEqual(["a", "b", "c", "d"]);
    stream.close();
    await settle();
    raise();
    become("online");
    await settle();
    expect([ends, isClosed(), environment.pending()]).toEqual([[null], true, []]);
  });

  test("is asked for once more, not many times, when much happens at once", async () => {
    const { relay, netplay, raise } = openWatch();
    const told: string[] = [];
    netplay.watch().subscribe((rooms) => told.push(idsOf(rooms)));
    for (let count = 0; count < 50; count++) raise();
    await until(() => relay.calls.length === 2);
    await settle();
    expect(relay.calls).toHaveLength(2);
  });

  test("ends with an error that stays, and goes on after one that passes", async () => {
    const { relay, netplay, environment } = openWatch();
    const told: string[] = [];
    const failing = { is: true };
    Object.defineProperty(relay, "list", {
      get() {
        if (failing.is) throw new RangeError("gone");
        return [room("a")];
      },
    });
    // The relay for tests says `not_found` to whatever fails.
    const error = await failureOf(netplay.watch()[Symbol.asyncIterator]().next());
    expect(error.kind).toBe("not_found");
    expect(environment.pending()).toEqual([]);
    failing.is = false;
    netplay.watch().subscribe((rooms) => told.push(idsOf(rooms)));
    await until(() => told.length === 1);
  });

  test("is for clients of this package", () => {
    expect(() => createNetplay({} as Client)).toThrow(expect.objectContaining({ code: "CLIENT_FOREIGN" }));
  });
});
