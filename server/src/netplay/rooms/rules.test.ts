import { describe, expect, test } from "bun:test";
import { ROOMS_MAX, ROOMS_PER_ADDRESS_MAX } from "../limits.ts";
import type { RoomAsk, Who } from "./contract.ts";
import {
  type Effect,
  EMPTY_HALL,
  findRoomOf,
  type Hall,
  type HallEvent,
  listIdle,
  listJoinable,
  stepHall,
  toListed,
} from "./rules.ts";

const ask = (playerId: string, more: Partial<RoomAsk> = {}): RoomAsk => ({
  sessionId: "room",
  playerId,
  userid: playerId,
  altPlayerId: null,
  playerName: playerId.toUpperCase(),
  roomName: "The Room",
  gameId: "24",
  domain: "nas",
  contentHash: null,
  password: null,
  playersMax: 4,
  ...more,
});

const nobody = (network: string): Who => ({ userId: null, username: null, network });

interface Option extends Partial<RoomAsk> {
  readonly who?: Who;
  readonly hash?: string | null;
  readonly isRight?: boolean;
  readonly processId?: string | null;
}

/** A hall that remembers what came of the last event. */
function createScene() {
  let hall: Hall = EMPTY_HALL;
  let effects: readonly Effect[] = [];
  let nowMs = 1_000;
  const step = (event: HallEvent) => {
    nowMs += 1;
    const result = stepHall(hall, event, nowMs);
    ({ hall, effects } = result);
    return result.refusal;
  };
  const attempt = (kind: "opened" | "joined", socketId: string, option: Option = {}) => {
    const { who = nobody("10.0.0.1"), hash = null, isRight = false, processId = null, ...more } = option;
    const seat = { socketId, processId, who, ask: ask(more.playerId ?? socketId.toLowerCase(), more) };
    return kind === "opened"
      ? step({ kind, ...seat, passwordHash: hash })
      : step({ kind, ...seat, isPasswordRight: isRight });
  };
  return {
    get hall() {
      return hall;
    },
    get effects() {
      return effects;
    },
    came: (socketId: string) => step({ kind: "came", socketId, processId: null }),
    open: (socketId: string, option?: Option) => attempt("opened", socketId, option),
    join: (socketId: string, option?: Option) => attempt("joined", socketId, option),
    leave: (socketId: string) => step({ kind: "left", socketId }),
    gone: (socketId: string) => step({ kind: "gone", socketId }),
    signal: (socketId: string, target: string) =>
      step({ kind: "signalled", socketId, signal: { target, isRenegotiation: false, offer: 1 } }),
    players: (roomId = "room") => hall.rooms.get(roomId)?.players.map(({ playerId }) => playerId),
    owner: (roomId = "room") => hall.rooms.get(roomId)?.ownerSocketId,
    /** Effects in short: kind and whom they reach. */
    did: () =>
      effects.map((effect) => {
        const { kind } = effect;
        if (kind === "players" || kind === "owner_left") {
          return `${kind} ${effect.to.map(({ socketId }) => socketId).join("")}`;
        }
        if (kind === "signal") return `${kind} ${effect.sender}>${effect.to.socketId}`;
        if (kind === "changed") return `${kind} ${effect.roomId} ${effect.isOpen}`;
        return `${kind} ${effect.seat.socketId} ${effect.roomId}`;
      }),
  };
}

describe("a room", () => {
  test("is opened once, and its players stand in the order in which they came", () => {
    const scene = createScene();
    for (const id of ["A", "B", "C", "D"]) scene.came(id);
    expect(scene.open("A")).toBeNull();
    expect(scene.did()).toEqual(["enter A room", "players A", "changed room true"]);
    expect(scene.open("B")).toBe("exists");
    expect(scene.effects).toEqual([]);
    for (const id of ["D", "C", "B"]) expect(scene.join(id)).toBeNull();
    expect(scene.players()).toEqual(["a", "d", "c", "b"]);
    expect(scene.did()).toEqual(["enter B room", "players ADCB", "changed room true"]);
    expect(scene.join("E")).toBe("full");
  });

  test("that is not there, is protected or for another rom refuses, and changes nothing", () => {
    const scene = createScene();
    expect(scene.join("B")).toBe("not_found");
    scene.open("A", { hash: "hash", contentHash: "aa" });
    const before = scene.hall;
    expect(scene.join("B")).toBe("wrong_password");
    expect(scene.join("B", { isRight: true, contentHash: "bb" })).toBe("rom_mismatch");
    expect(scene.hall).toBe(before);
    expect(scene.join("B", { isRight: true, contentHash: "aa" })).toBeNull();
    expect(scene.join("C", { isRight: true })).toBeNull();
  });

  test("ends with its last player, and its id is free again", () => {
    const scene = createScene();
    scene.open("A");
    scene.leave("A");
    expect(scene.did()).toEqual(["exit A room", "changed room false"]);
    expect(scene.hall.rooms.size).toBe(0);
    scene.leave("A");
    expect(scene.effects).toEqual([]);
    expect(scene.open("B")).toBeNull();
  });

  test("whose owner leaves goes to the next, who connects to everybody else", () => {
    const scene = createScene();
    scene.open("A");
    for (const id of ["B", "C", "D"]) scene.join(id);
    scene.gone("A");
    expect(scene.did()).toEqual([
      "exit A room",
      "owner_left BCD",
      "players BCD",
      "signal C>B",
      "signal D>B",
      "changed room true",
    ]);
    expect([scene.owner(), scene.players()]).toEqual(["B", ["b", "c", "d"]]);
    scene.leave("C");
    expect(scene.did()).toEqual(["exit C room", "players BD", "changed room true"]);
  });

  test("takes no id that would stand before others in clients", () => {
    const scene = createScene();
    scene.open("A", { playerId: "a" });
    expect(scene.join("B", { playerId: "7" })).toBe("invalid");
    expect(scene.join("B", { playerId: "07" })).toBeNull();
    scene.open("C", { sessionId: "numbers", playerId: "1" });
    expect(scene.join("D", { sessionId: "numbers", playerId: "2" })).toBeNull();
    expect(scene.join("E", { sessionId: "numbers", playerId: "0" })).toBe("invalid");
  });
});

describe("a socket", () => {
  test("that opens or joins a second room leaves the first", () => {
    const scene = createScene();
    scene.open("A");
    scene.join("B");
    expect(scene.open("B", { sessionId: "second" })).toBeNull();
    expect(scene.did()).toEqual([
      "exit B room",
      "players A",
      "changed room true",
      "enter B second",
      "players B",
      "changed second true",
    ]);
    expect(scene.join("A", { sessionId: "second" })).toBeNull();
    expect(scene.hall.rooms.size).toBe(1);
    expect(scene.players("second")).toEqual(["b", "a"]);
  });

  test("that is refused elsewhere stays where it is", () => {
    const scene = createScene();
    scene.open("A");
    scene.open("B", { sessionId: "second", playersMax: 1 });
    expect(scene.join("A", { sessionId: "second" })).toBe("full");
    expect(scene.open("A", { sessionId: "second" })).toBe("exists");
    expect(findRoomOf(scene.hall, "A")?.id).toBe("room");
  });

  test("that joins its own room again keeps its place, also under another id and in a full room", () => {
    const scene = createScene();
    scene.open("A", { playersMax: 2 });
    scene.join("B");
    expect(scene.join("A", { playerId: "again" })).toBeNull();
    expect(scene.players()).toEqual(["again", "b"]);
    expect(scene.owner()).toBe("A");
    expect(scene.hall.rooms.size).toBe(1);
  });

  test("is of no use once it was in no room for long", () => {
    const scene = createScene();
    scene.came("A");
    scene.came("B");
    scene.open("B");
    expect(listIdle(scene.hall, 2_000)).toEqual(["A"]);
    scene.leave("B");
    expect(listIdle(scene.hall, 2_000)).toEqual(["A", "B"]);
    expect(listIdle(scene.hall, 1_000)).toEqual([]);
    scene.gone("A");
    expect(listIdle(scene.hall, 2_000)).toEqual(["B"]);
  });
});

describe("a player's id", () => {
  const somebody = (userId: number): Who => ({ userId, username: `user${userId}`, network: "10.0.0.9" });

  test("may be taken over by who has it already, and the late end of the old socket changes nothing", () => {
    const scene = createScene();
    scene.open("A", { playersMax: 2 });
    scene.join("B", { who: somebody(7) });
    expect(scene.join("C", { playerId: "b", who: somebody(7) })).toBeNull();
    expect(scene.did()).toEqual(["exit B room", "enter C room", "players AC", "changed room true"]);
    expect(scene.players()).toEqual(["a", "b"]);
    scene.gone("B");
    expect(scene.effects).toEqual([]);
    expect(scene.players()).toEqual(["a", "b"]);
    expect(scene.join("D", { playerId: "a" })).toBeNull();
    expect(scene.owner()).toBe("D");
  });

  test.each([
    ["an account's, by somebody without one", somebody(7), nobody("10.0.0.9")],
    ["an account's, by another account", somebody(7), somebody(8)],
    ["anybody's, by an account", nobody("10.0.0.9"), somebody(7)],
    ["anybody's, from another network", nobody("10.0.0.9"), nobody("10.0.0.8")],
  ])("is refused when it is %s", (_what, owner, other) => {
    const scene = createScene();
    scene.open("A");
    scene.join("B", { who: owner });
    expect(scene.join("C", { playerId: "b", who: other })).toBe("player_taken");
    expect(scene.effects).toEqual([]);
  });
});

describe("a signal", () => {
  test("reaches a member of the sender's room, and nobody else", () => {
    const scene = createScene();
    scene.open("A");
    scene.join("B");
    scene.open("C", { sessionId: "second" });
    scene.came("D");
    scene.signal("A", "B");
    expect(scene.effects).toEqual([
      {
        kind: "signal",
        to: { socketId: "B", processId: null },
        sender: "A",
        signal: { target: "B", isRenegotiation: false, offer: 1 },
      },
    ]);
    for (const [from, to] of [
      ["A", "C"],
      ["A", "D"],
      ["D", "A"],
      ["A", "room"],
      ["A", "nobody"],
    ] as const) {
      scene.signal(from, to);
      expect([from, to, scene.effects]).toEqual([from, to, []]);
    }
  });
});

describe("limits", () => {
  test("hold for one address and for all, and a room that ends makes place for the next", () => {
    const scene = createScene();
    const open = (at: number, network: string) =>
      scene.open(`S${at}`, { sessionId: `room ${at}`, who: nobody(network) });
    for (let at = 0; at < ROOMS_PER_ADDRESS_MAX; at += 1) expect(open(at, "10.0.0.1")).toBeNull();
    expect(open(1_000, "10.0.0.1")).toBe("too_many_rooms");
    for (let at = ROOMS_PER_ADDRESS_MAX; at < ROOMS_MAX; at += 1) {
      expect(open(at, `10.0.1.${at}`)).toBeNull();
    }
    expect(open(1_001, "10.0.0.2")).toBe("too_many_rooms");
    expect(scene.open("S5", { sessionId: "another", who: nobody("10.0.0.1") })).toBeNull();
    expect(scene.hall.rooms.size).toBe(ROOMS_MAX);
  });
});

describe("somebody of another process", () => {
  test("is reached there, and forgotten after leaving", () => {
    const scene = createScene();
    scene.open("A");
    scene.join("B", { processId: "p2" });
    expect(scene.effects[1]).toMatchObject({
      kind: "players",
      to: [
        { socketId: "A", processId: null },
        { socketId: "B", processId: "p2" },
      ],
    });
    scene.leave("B");
    expect(scene.effects[0]).toEqual({
      kind: "exit",
      seat: { socketId: "B", processId: "p2" },
      roomId: "room",
    });
    expect(scene.hall.visitors.has("B")).toBe(false);
  });
});

describe("the list", () => {
  test("shows rooms of a game with a free place, by their owner's name", () => {
    const scene = createScene();
    scene.open("A", { playersMax: 2, hash: "h" });
    scene.open("C", { sessionId: "other", gameId: "25" });
    const list = () => listJoinable([...scene.hall.rooms.values()].map(toListed), "24");
    expect(list()).toMatchObject([
      { id: "room", ownerName: "A", playerCount: 1, playersMax: 2, hasPassword: true },
    ]);
    scene.join("B", { isRight: true });
    expect(list()).toEqual([]);
    scene.leave("A");
    expect(list()).toMatchObject([{ ownerName: "B", playerCount: 1 }]);
  });
});
