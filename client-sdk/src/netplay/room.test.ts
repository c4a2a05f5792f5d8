import { describe, expect, test } from "bun:test";
import { failureOf } from "../testing/failure-of.ts";
import { settle } from "../testing/manual-environment.ts";
import { QUEUE_BYTES_MAX } from "./limits.ts";
import { toHex } from "./relay-bytes.testing.ts";
import { createScene, inputOf, listen, OPEN, type Scene } from "./scene.testing.ts";
import type { Room } from "./types.ts";

/** Frames of a seat that a room has, from 0. */
const framesOf = (room: Room, seat: number, count: number) =>
  Array.from({ length: count }, (_, frame) => room.inputAt(frame, seat) !== null);
const all = (count: number) => new Array(count).fill(true);
const sentBy = ({ relay }: Scene, seat: number, type: number) =>
  relay
    .at(seat)
    .sent.filter((message) => message.type === type)
    .map(({ bytes }) => toHex(bytes));

describe("entering a room", () => {
  test("as its owner, and by invite", async () => {
    const scene = createScene();
    const ana = await scene.netplay({ playerName: "Ana" }).open({ ...OPEN, password: "secret" });
    expect(ana).toMatchObject({ invite: "7KQ2M9XA", name: "Sunday", romId: 42, playersMax: 4, seat: 0 });
    expect([ana.isOwner, ana.state]).toEqual([true, { status: "playing" }]);
    const ben = await scene.netplay({ playerName: "Ben" }).join(" 7KQ2M9XA ", { contentHash: "0123456789" });
    await settle();
    const players = [
      { playerId: "1", name: "Ana", seat: 0, isConnected: true, delay: { medianMs: 10, p99Ms: 20 } },
      { playerId: "2", name: "Ben", seat: 1, isConnected: true, delay: { medianMs: 10, p99Ms: 20 } },
    ];
    expect(ana.players).toEqual(players.map((player) => ({ ...player, isMe: player.seat === 0 })));
    expect(ben.players).toEqual(players.map((player) => ({ ...player, isMe: player.seat === 1 })));
    expect([ben.seat, ben.isOwner]).toEqual([1, false]);
    expect(scene.relay.opened[0]).toBe("wss://nas.example/games/ws/netplay?room=00000000000000a1");
    expect(scene.relay.calls.map(({ path, input }) => [path, input])).toEqual([
      ["netplay.open", { ...OPEN, password: "secret", playerName: "Ana" }],
      ["netplay.join", { invite: "7KQ2M9XA", contentHash: "0123456789", playerName: "Ben" }],
    ]);
  });

  test("by its id, to play or to look on", async () => {
    const scene = createScene();
    await scene.netplay().open(OPEN);
    await scene.netplay().join("00000000000000a1", { seat: 3, password: "p" });
    const eve = await scene.netplay().spectate("00000000000000a1", { delayMs: 500 });
    expect([eve.seat, eve.invite, eve.isOwner, eve.sendInput(0, inputOf(0))]).toEqual([
      null,
      "",
      false,
      false,
    ]);
    expect(scene.relay.calls.slice(1).map(({ path, input }) => [path, input])).toEqual([
      ["netplay.join", { roomId: "00000000000000a1", seat: 3, password: "p" }],
      ["netplay.spectate", { roomId: "00000000000000a1", delayMs: 500 }],
    ]);
  });

  test("that another process has: the same ticket again, until it is too old", async () => {
    const scene = createScene();
    scene.relay.refusals = [
      [4421, "NETPLAY_ROOM_ELSEWHERE"],
      [4421, "NETPLAY_ROOM_ELSEWHERE"],
      [1006, ""],
    ];
    const opening = scene.netplay().open(OPEN);
    await settle();
    for (let step = 0; step < 20; step++) await scene.environment.advance(100);
    expect((await opening).state.status).toBe("playing");
    expect(scene.relay.opened).toHaveLength(4);
    scene.relay.refusals = new Array(1_000).fill([4421, "NETPLAY_ROOM_ELSEWHERE"]);
    const failing = failureOf(scene.netplay().join("7KQ2M9XA"));
    await settle();
    await scene.environment.advance(31_000);
    expect(await failing).toMatchObject({ kind: "unavailable", code: "NETPLAY_ROOM_ELSEWHERE" });
    const tries = scene.relay.opened.length;
    await scene.environment.advance(60_000);
    expect(scene.relay.opened).toHaveLength(tries);
  });

  test.each([
    [4401, "NETPLAY_TICKET_INVALID", "not_found"],
    [4423, "NETPLAY_SEAT_TAKEN", "conflict"],
    [4503, "", "unavailable"],
    [4999, "<script>", "protocol"],
  ])("fails with what the server closes with: %i %s", async (code, reason, kind) => {
    const scene = createScene();
    scene.relay.refusals = [[code, reason]];
    const error = await failureOf(scene.netplay().open(OPEN));
    const expected: Record<string, string> = { "": "NETPLAY_ROOMS_FULL", "<script>": "ANSWER_NOT_OURS" };
    expect([error.kind, error.code]).toEqual([kind, expected[reason] ?? reason]);
    expect(scene.environment.pending()).toEqual([]);
  });

  test("ends with the caller's signal, and leaves the seat", async () => {
    const scene = createScene();
    await scene.netplay().open(OPEN);
    const controller = new AbortController();
    class Waiting extends (scene.relay.WebSocket as new (url: string) => object) {
      constructor(url: string) {
        super(url);
        controller.abort("no more");
      }
    }
    const error = await failureOf(
      scene.netplay({ WebSocket: Waiting }).join("7KQ2M9XA", {}, { signal: controller.signal }),
    );
    await settle();
    expect([error.kind, error.cause]).toEqual(["aborted", "no more"]);
    expect(scene.relay.members).toHaveLength(1);
  });

  test("asks for a WebSocket where the platform has none", async () => {
    const scene = createScene();
    const { WebSocket: own } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "WebSocket");
      const error = await failureOf(scene.netplay({ WebSocket: undefined }).open(OPEN));
      expect([error.kind, error.code]).toEqual(["unsupported", "WEBSOCKET_UNSUPPORTED"]);
    } finally {
      globalThis.WebSocket = own;
    }
  });
});

describe("inputs", () => {
  test("of each seat are found by frame, the own ones too, and told once", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    const heard: string[] = [];
    ben.on("input", ({ frame, seat, bytes }) => heard.push(`${frame} of ${seat}: ${toHex(bytes)}`));
    expect(ana.sendInput(2, inputOf(2))).toBe(true);
    expect(ana.sendInput(2, inputOf(9))).toBe(true);
    expect(ben.sendInput(2, inputOf(3))).toBe(true);
    await settle();
    scene.relay.sendTo(scene.relay.at(1), "10000000020000000909");
    await settle();
    expect(heard).toEqual(["2 of 0: 0200"]);
    expect([ana.inputAt(2, 0), ana.inputAt(2, 1), ben.inputAt(2, 0)]).toEqual([
      inputOf(2),
      inputOf(3),
      inputOf(2),
    ]);
    expect(ana.inputAt(3, 0)).toBeNull();
    expect(ben.stats()).toMatchObject({ inputsReceived: 1, inputsDuplicate: 1, inputsLost: 0 });
  });

  test("are not kept while the queue is full or the room away", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    scene.relay.bufferedAmount = QUEUE_BYTES_MAX + 1;
    expect([ana.sendInput(0, inputOf(0)), ana.sendMessage("hello")]).toEqual([false, false]);
    expect([ana.inputAt(0, 0), ana.stats().bufferedBytes]).toEqual([null, QUEUE_BYTES_MAX + 1]);
    scene.relay.bufferedAmount = QUEUE_BYTES_MAX;
    expect(ana.sendInput(0, inputOf(0))).toBe(true);
    scene.relay.cut(scene.relay.at(0));
    await settle();
    expect([ana.state.status, ana.sendInput(1, inputOf(1)), ana.inputAt(1, 0)]).toEqual([
      "reconnecting",
      false,
      null,
    ]);
    await scene.environment.advance(0);
    expect([ana.state.status, ana.sendInput(1, inputOf(1))]).toEqual(["playing", true]);
  });

  test.each([
    ["too few bytes", 0, 1],
    ["too many", 0, 3],
    ["no frame", 1.5, 2],
    ["a frame before all", -1, 2],
    ["a frame after all", 2 ** 32, 2],
  ])("that cannot be one are refused: %s", async (_what, frame, length) => {
    const [ana] = await createScene().pair();
    expect(() => ana.sendInput(frame, new Uint8Array(length))).toThrow(
      expect.objectContaining({ kind: "invalid", code: "NETPLAY_INPUT_INVALID" }),
    );
  });

  test("that were left out are asked for, at most once a second", async () => {
    const scene = createScene();
    const { relay, environment } = scene;
    const [ana, ben] = await scene.pair();
    relay.snapshot = { frame: 0, bytes: new Uint8Array(1) };
    expect(ben.sendInput(0, inputOf(0))).toBe(true);
    const { wire } = relay.at(1);
    relay.at(1).wire = null;
    for (let frame = 0; frame < 5; frame++) ana.sendInput(frame, inputOf(frame));
    relay.at(1).wire = wire;
    relay.sendTo(relay.at(1), "1500000005000000");
    await environment.advance(250);
    expect(sentBy(scene, 1, 0x13)).toEqual(["1300000000000000"]);
    expect(framesOf(ben, 0, 5)).toEqual(all(5));
    relay.sendTo(relay.at(1), "1500000001000000");
    await environment.advance(750);
    expect(sentBy(scene, 1, 0x13)).toHaveLength(1);
    await environment.advance(500);
    expect(sentBy(scene, 1, 0x13)).toHaveLength(2);
  });

  test("between others are asked for less and less often when nothing comes of it", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    ben.sendInput(0, inputOf(0));
    scene.relay.answersResume = false;
    ana.sendInput(0, inputOf(0));
    ana.sendInput(2, inputOf(2));
    await settle();
    await scene.environment.advance(20_000);
    expect(ben.stats().inputsLost).toBe(1);
    const count = sentBy(scene, 1, 0x13).length;
    expect(count).toBeGreaterThanOrEqual(4);
    expect(count).toBeLessThanOrEqual(6);
    scene.relay.answersResume = true;
    await scene.environment.advance(10_000);
    const answered = sentBy(scene, 1, 0x13).length;
    // The relay has told all that it has: the game left the frame out.
    await scene.environment.advance(30_000);
    expect(sentBy(scene, 1, 0x13)).toHaveLength(answered);
  });
});

describe("a room", () => {
  test("tells who comes, who goes and who owns it", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    const owners = listen(ben, "owner");
    const players = listen(ben, "players");
    await ana.leave();
    await settle();
    expect(ana.state).toEqual({ status: "closed", error: null });
    expect(owners).toEqual([{ playerId: "2", isMe: true, resumeFrame: 0 }]);
    expect([ben.isOwner, players.at(-1)?.map(({ name }) => name)]).toEqual([
      true,
      [ben.players[0]?.name ?? ""],
    ]);
    expect(sentBy(scene, 1, 0x50)).toEqual([]);
  });

  test("carries JSON between all", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    const eve = await scene.netplay().spectate("00000000000000a1");
    const [heardByBen, heardByEve, heardByAna] = [ben, eve, ana].map((room) => listen(room, "message"));
    expect(ana.sendMessage({ chat: "hellö" })).toBe(true);
    await settle();
    expect(heardByBen).toEqual([{ fromPlayerId: "1", data: { chat: "hellö" } }]);
    expect([heardByEve, heardByAna]).toEqual([heardByBen, []]);
    for (const data of [undefined, () => 1, "x".repeat(16_384)])
      expect(() => ana.sendMessage(data)).toThrow(
        expect.objectContaining({ code: "NETPLAY_MESSAGE_INVALID" }),
      );
  });

  test("measures round trips and answers the server's", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    scene.relay.sendTo(scene.relay.at(0), "4000000007000000");
    await settle();
    expect(sentBy(scene, 0, 0x41)[0]).toStartWith("4100000007000000");
    expect(ana.stats().roundTrip).toBeNull();
    await scene.environment.advance(1_000);
    expect(ana.stats()).toMatchObject({
      roundTrip: { medianMs: 0, p99Ms: 0 },
      players: [{ playerId: "2", path: "relay", roundTrip: { medianMs: 10, p99Ms: 20 } }],
    });
  });

  test("ends when its client is closed, and leaves no timer", async () => {
    const scene = createScene();
    const client = scene.client();
    const { createNetplay } = await import("./netplay.ts");
    const ana = await createNetplay(client, { WebSocket: scene.relay.WebSocket }).open(OPEN);
    await client.close();
    await settle();
    expect(ana.state).toMatchObject({ status: "closed", error: { kind: "aborted", code: "CLIENT_CLOSED" } });
    expect([scene.relay.members, scene.environment.pending()]).toEqual([[], []]);
  });

  test("is left once, however often and whether or not the server answers", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    await ben.leave();
    // Nobody hears it any more.
    scene.relay.at(0).wire = null;
    const leaving = [ana.leave(), ana.leave()];
    await scene.environment.advance(1_000);
    await Promise.all(leaving);
    expect([ana.state, scene.environment.pending()]).toEqual([{ status: "closed", error: null }, []]);
  });

  test("that is cut before it told who is there is entered all the same", async () => {
    const scene = createScene();
    await scene.netplay().open(OPEN);
    const { WebSocket } = scene.relay;
    let cuts = 0;
    class Cut extends (WebSocket as new (url: string) => { onmessage: unknown }) {
      constructor(url: string) {
        super(url);
        let take: ((event: { data: ArrayBuffer }) => void) | null = null;
        Object.defineProperty(this, "onmessage", {
          set(listener) {
            take = listener;
          },
          get: () => (event: { data: ArrayBuffer }) => {
            take?.(event);
            if (cuts === 0 && new Uint8Array(event.data)[0] === 0x02) {
              cuts += 1;
              scene.relay.cut(scene.relay.at(1));
            }
          },
        });
      }
    }
    const joining = scene.netplay({ WebSocket: Cut }).join("7KQ2M9XA");
    for (let turn = 0; turn < 5; turn++) {
      await settle();
      await scene.environment.advance(10);
    }
    const ben = await joining;
    expect([cuts, ben.state.status, ben.players.length]).toEqual([1, "playing", 2]);
  });

  test("is left at once while it is away, and again without effect", async () => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    await ben.leave();
    scene.relay.refusals = [[1006, ""]];
    scene.relay.cut(scene.relay.at(0));
    await scene.environment.advance(0);
    await ana.leave();
    await ana.leave();
    expect([ana.state, scene.environment.pending()]).toEqual([{ status: "closed", error: null }, []]);
  });
});
