import { describe, expect, test } from "bun:test";
import { fromRoomWire, fromSignalWire, REFUSALS, toPlayersWire, toSignalWire } from "./wire.ts";

const extra = { sessionid: "s", userid: "u" };

describe("fromRoomWire", () => {
  test("reads what EmulatorJS sends", () => {
    expect(
      fromRoomWire({
        extra: { domain: "nas", game_id: 24, room_name: " My room ", player_name: "Ann", ...extra },
        maxPlayers: "3",
        password: "",
      }),
    ).toEqual({
      sessionId: "s",
      playerId: "u",
      userid: "u",
      altPlayerId: null,
      playerName: "Ann",
      roomName: "My room",
      gameId: "24",
      domain: "nas",
      contentHash: null,
      password: null,
      playersMax: 3,
    });
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "open"],
    ["a list", [{ extra }]],
    ["no extra", {}],
    ["extra that is a text", { extra: "x" }],
    ["extra that is a list", { extra: ["s", "u"] }],
    ["no session", { extra: { userid: "u" } }],
    ["a session that is nothing", { extra: { sessionid: null, userid: null } }],
    ["an empty session", { extra: { sessionid: "", userid: "u" } }],
    ["a session that is an object", { extra: { sessionid: {}, userid: "u" } }],
    ["no player", { extra: { sessionid: "s" } }],
    ["a long player", { extra: { sessionid: "s", userid: "u".repeat(129) } }],
    ["a player that is a prototype", { extra: { sessionid: "s", userid: "__proto__" } }],
    ["a long password", { extra, password: "x".repeat(129) }],
    ["a password that is an object", { extra, password: {} }],
  ])("refuses %s", (_what, payload) => expect(fromRoomWire(payload)).toBeNull());

  test.each([
    [{ password: "a" }, {}, "a"],
    [{}, { room_password: "b" }, "b"],
    [{ password: "" }, { room_password: "b" }, "b"],
    [{ password: null }, { room_password: null }, null],
    [{ password: 1234 }, {}, "1234"],
  ])("finds the password of %j and %j", (body, more, password) => {
    expect(fromRoomWire({ extra: { ...extra, ...more }, ...body })?.password).toBe(password as string);
  });

  test.each([
    [undefined, 4],
    ["2", 2],
    [16, 16],
    [100, 16],
    [1, 1],
    [0, 4],
    [-1, 4],
    ["", 4],
    ["many", 4],
    [2.9, 2],
    [Number.NaN, 4],
  ])("takes %p players for %p", (maxPlayers, playersMax) => {
    expect(fromRoomWire({ extra, maxPlayers })?.playersMax).toBe(playersMax);
  });

  test("cuts names, and never within a character", () => {
    const read = fromRoomWire({
      extra: { ...extra, player_name: "x".repeat(100), room_name: "🎮".repeat(70) },
    });
    expect([read?.playerName?.length, read?.roomName]).toEqual([64, "🎮".repeat(64)]);
  });

  test("takes either name of the player, and either of the digest", () => {
    expect(fromRoomWire({ extra: { sessionid: "s", playerId: 5, rom_hash: "AB" } })).toMatchObject({
      playerId: "5",
      userid: null,
      altPlayerId: "5",
      contentHash: "ab",
    });
    expect(fromRoomWire({ extra: { ...extra, playerId: "p", content_hash: "cd" } })).toMatchObject({
      playerId: "u",
      altPlayerId: "p",
      contentHash: "cd",
    });
  });
});

describe("signals", () => {
  test("say null for what is not there, and nothing but the wish to begin anew", () => {
    const offer = fromSignalWire({ target: "t", offer: { sdp: "x" } });
    expect(offer && toSignalWire("me", offer)).toEqual({
      sender: "me",
      candidate: null,
      offer: { sdp: "x" },
      answer: null,
    });
    const again = fromSignalWire({ target: "t", requestRenegotiate: true, reason: "stalled" });
    expect(again && toSignalWire("me", again)).toEqual({ sender: "me", requestRenegotiate: true });
    for (const payload of [undefined, {}, "t", ["t"], { target: 5 }, { target: null }]) {
      expect(fromSignalWire(payload)).toBeNull();
    }
  });
});

test("players are told in their order, with the four keys of the compatible API", () => {
  const player = (playerId: string, socketId: string) => ({
    playerId,
    socketId,
    processId: null,
    name: playerId,
    userid: playerId,
    altPlayerId: null,
    who: { userId: null, username: null, network: "" },
  });
  const text = JSON.stringify(toPlayersWire([player("b", "B"), player("a", "A")]));
  expect(text).toBe(
    '{"b":{"socketId":"B","player_name":"b","userid":"b","playerId":null},"a":{"socketId":"A","player_name":"a","userid":"a","playerId":null}}',
  );
});

test("the texts that clients show are those of the compatible API", () => {
  expect(REFUSALS).toMatchObject({
    invalid: "Invalid data: sessionId and playerId required",
    exists: "Room already exists",
    not_found: "Room not found",
    wrong_password: "Incorrect password",
    full: "Room is full",
    rom_mismatch: "ROM mismatch",
  });
});
