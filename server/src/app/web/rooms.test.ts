import { describe, expect, test } from "bun:test";
import type { RelaySession } from "@multitap/client";
import type { NetplayRoom } from "../../netplay/contract.ts";
import type { RoomInfo } from "../../netplay/relay-rooms/contract.ts";
import { formatDelay, toRoomCards } from "./rooms.ts";

const rom = { id: 4, name: "Two Tapes", platformId: 1, platformSlug: "nes" };
const player = { playerId: "1", name: "Ana", seat: 0, isConnected: true, delay: null };

const listed: RoomInfo = {
  kind: "multitap",
  id: "00112233445566aa",
  name: "Sunday",
  rom,
  ownerName: "ana",
  hasPassword: true,
  contentHash: null,
  players: [
    { ...player, delay: { medianMs: 12.4, p99Ms: 31 } },
    { ...player, playerId: "2", name: "Bo", seat: 1, isConnected: false },
  ],
  playersMax: 2,
  spectatorCount: 1,
  joinLine: null,
  openedAt: "2026-05-02T12:00:00.000Z",
};
const emulatorJs: NetplayRoom = {
  kind: "emulatorjs",
  id: "e1",
  name: "Lobby",
  gameId: "77",
  title: null,
  romId: null,
  platformId: null,
  hostName: "Cy",
  playerCount: 1,
  playersMax: 4,
  hasPassword: false,
  openedAt: "2026-05-02T12:05:00.000Z",
};
const session: RelaySession = {
  id: "QUJDREVGR0hJSktM",
  address: "nas.lan",
  port: 55435,
  joinLine: "nas.lan|55435|QUJDREVGR0hJSktM",
  command: "",
  title: "Two Tapes",
  rom,
  crc32: null,
  coreName: "Nestopia",
  coreVersion: null,
  hostNick: null,
  hasPassword: null,
  claimedBy: null,
  players: [
    { playerId: 1, nick: "Di", isLinked: true },
    { playerId: 2, nick: null, isLinked: false },
  ],
  playersMax: 15,
  pingMs: 8.6,
  openedAt: "2026-05-02T12:03:00.000Z",
};

describe("toRoomCards", () => {
  const cards = toRoomCards({ listed: [listed], emulatorJs: [emulatorJs], relay: [session] });
  const [newest, middle, oldest] = cards;

  test("lists all sorts by when they opened, the last first", () => {
    expect(cards.map(({ kind }) => kind)).toEqual(["emulatorjs", "retroarch", "multitap"]);
  });

  test("tells players with their delay, and who lost the connection", () => {
    expect(oldest?.players).toEqual([
      "Ana (player 1), 12 ms median, 31 ms p99",
      "Bo (player 2), connection lost",
    ]);
    expect(oldest?.about).toBe('"Sunday", 2 of 2 players, 1 spectator, with password');
    expect(middle?.players).toEqual(["Host (host), 9 ms", "Di", "Somebody, joining"]);
    expect(newest?.players).toEqual(["Cy (host)"]);
  });

  test("names the game where it is known, and what to join by", () => {
    expect(cards.map(({ title, romId, joinLine }) => [title, romId, joinLine])).toEqual([
      ["Game 77", null, "Lobby"],
      ["Two Tapes", 4, "nas.lan|55435|QUJDREVGR0hJSktM"],
      ["Two Tapes", 4, "00112233445566aa"],
    ]);
  });

  test("shows a room once that two lists know", () => {
    const twice: RoomInfo = { ...listed, kind: "retroarch", id: session.id, joinLine: session.joinLine };
    const found = toRoomCards({ listed: [twice], emulatorJs: [], relay: [session] });
    expect(found.map(({ about }) => about)).toEqual(["2 of 15 joined, Nestopia"]);
  });
});

test("formatDelay says nothing where nothing is known", () => {
  expect(formatDelay(null)).toBeNull();
});
