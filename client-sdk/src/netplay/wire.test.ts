import { describe, expect, test } from "bun:test";
import { toHex } from "./relay-bytes.testing.ts";
import {
  eachInput,
  formatBegin,
  formatCancel,
  formatHello,
  formatInput,
  formatLeave,
  formatMessage,
  formatPart,
  formatPing,
  formatPong,
  formatResume,
  formatSignal,
  readMessage,
  type ServerMessage,
} from "./wire.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("hex");
const read = (text: string, inputBytes = 2) => readMessage(hex(text), inputBytes);

const WELCOME = {
  roomId: "00000000000000a1",
  playerId: "3",
  role: "player",
  seat: 1,
  invite: "7KQ2M9XA",
  rejoin: "r",
  graceMs: 30_000,
  name: "Sunday",
  romId: 42,
  playersMax: 2,
  inputBytes: 2,
  inputWindow: 1_800,
  delayMs: null,
  pingMs: 2_000,
};
const PLAYER = { playerId: "3", name: "ana", seat: 1, isConnected: true, delay: null };
const ROSTER = { ownerId: "3", resumeFrame: null, players: [PLAYER], spectatorCount: 0 };

describe("what the client sends", () => {
  test.each<[string, Uint8Array, string]>([
    ["HELLO with the ticket abc", formatHello("abc", null), "01 01 0000 00000000 616263"],
    ["HELLO of a rejoin from frame 258", formatHello("r", 258), "01 01 0100 02010000 72"],
    ["HELLO of a rejoin with nothing kept", formatHello("r", 0xffff_ffff), "01 01 0100 ffffffff 72"],
    [
      "INPUT of seat 1, frame 66051",
      formatInput("input", 1, [66_051, hex("abcd")]),
      "10 01 0000 03020100 abcd",
    ],
    [
      "KEEP of seat 15, the last frame",
      formatInput("keep", 15, [2 ** 32 - 1, hex("01")]),
      "11 0f 0000 ffffffff 01",
    ],
    ["RESUME from frame 5", formatResume(5), "13 00 0000 05000000"],
    ["MESSAGE null to all others", formatMessage(hex("6e756c6c")), "20 00 0000 6e756c6c"],
    ["SIGNAL to number 258", formatSignal(258, hex("ff00")), "21 00 0201 ff00"],
    [
      "SNAPSHOT_BEGIN 7 of frame 9, 65,537 bytes, for who waits",
      formatBegin({ id: 7, frame: 9, totalBytes: 65_537, isForEveryone: false }),
      "30 00 0700 09000000 01000100 00000000",
    ],
    [
      "SNAPSHOT_BEGIN for everyone",
      formatBegin({ id: 65_535, frame: 0, totalBytes: 1, isForEveryone: true }),
      "30 01 ffff 00000000 01000000 00000000",
    ],
    ["SNAPSHOT_PART of 7 at 65,536", formatPart(7, 65_536, hex("aa")), "31 00 0700 00000100 aa"],
    ["SNAPSHOT_CANCEL of 7", formatCancel(7), "32 00 0700"],
    ["PING at 1 ms", formatPing(1), "40 00 0000 01000000"],
    ["PONG of 1 at 2", formatPong(1, 2), "41 00 0000 01000000 02000000"],
    ["LEAVE", formatLeave(), "50 00 0000"],
  ])("%s", (_what, bytes, expected) => {
    expect(toHex(bytes)).toBe(expected.replaceAll(" ", ""));
  });
});

describe("what the client reads", () => {
  test.each<[string, string, unknown]>([
    ["WELCOME", `02 01 0300 ${json(WELCOME)}`, { type: "welcome", welcome: WELCOME }],
    ["ROSTER", `03 00 0000 ${json(ROSTER)}`, { type: "roster", roster: ROSTER }],
    ["INPUT", "10 01 0000 03020100 abcd", { type: "input", seat: 1, frame: 66_051, bytes: hex("abcd") }],
    ["INPUTS, none", "12 00 0000 00000000", { type: "inputs", inputs: hex("") }],
    ["GAP", "14 00 0000 05000000", { type: "gap", frame: 5 }],
    ["MISSED", "15 00 0000 02010000", { type: "missed", count: 258 }],
    ["MESSAGE", "20 00 0201 3731", { type: "message", from: 258, bytes: hex("3731") }],
    ["SIGNAL", "21 00 0100 ff", { type: "signal", from: 1, bytes: hex("ff") }],
    [
      "SNAPSHOT_BEGIN, of seat 3, asked for",
      "30 01 0700 09000000 01000100 03 000000",
      { type: "begin", id: 7, frame: 9, totalBytes: 65_537, seat: 3 },
    ],
    ["SNAPSHOT_PART", "31 00 0700 00000100 aa", { type: "part", id: 7, offset: 65_536, bytes: hex("aa") }],
    ["SNAPSHOT_ACK", "33 00 0700 00000100", { type: "ack", id: 7, receivedBytes: 65_536 }],
    ["SNAPSHOT_RESULT: not the owner", "34 05 0700 09000000", { type: "result", result: 5, id: 7 }],
    ["SNAPSHOT_WANTED", "35 00 0201", { type: "wanted", from: 258 }],
    ["PING", "40 00 0000 01000000", { type: "ping", clock: 1 }],
    ["PONG", "41 00 0000 01000000 02000000", { type: "pong", clock: 1 }],
  ])("%s", (_what, bytes, expected) => {
    expect(read(bytes)).toEqual(expected as ServerMessage);
  });

  test("INPUTS hold whole INPUTs, one behind the other", () => {
    const message = read("12 00 0200 00000000 10 01 0000 05000000 abcd 10 00 0000 06000000 0102");
    const found: unknown[] = [];
    if (message?.type === "inputs")
      eachInput(message.inputs, 2, (seat, frame, bytes) => found.push([seat, frame, toHex(bytes)]));
    expect(found).toEqual([
      [1, 5, "abcd"],
      [0, 6, "0102"],
    ]);
  });

  test.each([
    ["nothing", ""],
    ["a message of three bytes", "400000"],
    ["a type of later versions", "7f 00 0000 00000000"],
    ["an input that is too short", "10 01 0000 03020100 ab"],
    ["an input that is too long", "10 01 0000 03020100 abcdef"],
    ["an input of a seat that no room has", "10 10 0000 03020100 abcd"],
    ["INPUTS with a count too many", "12 00 0200 00000000 10 01 0000 05000000 abcd"],
    ["a PING without a clock", "40 00 0000"],
    ["an empty snapshot", "30 00 0700 09000000 00000000 00000000"],
    ["a snapshot over 16 MiB", "30 00 0700 09000000 01000001 00000000"],
    ["a SNAPSHOT_BEGIN without a seat", "30 00 0700 09000000 01000000"],
    ["a WELCOME that is no JSON", "02 01 0300 7b"],
    ["a WELCOME that is no UTF-8", "02 01 0300 22ff22"],
    ["a WELCOME of null", `02 01 0300 ${json(null)}`],
    ["a WELCOME whose inputs would fill the memory", `02 01 0300 ${json({ ...WELCOME, inputWindow: 1e9 })}`],
    ["a WELCOME whose inputs have no bytes", `02 01 0300 ${json({ ...WELCOME, inputBytes: 0.5 })}`],
    ["a WELCOME with a seat beyond all", `02 01 0300 ${json({ ...WELCOME, seat: 16 })}`],
    ["a WELCOME without a rejoin", `02 01 0300 ${json({ ...WELCOME, rejoin: undefined })}`],
    ["a ROSTER without players", `03 00 0000 ${json({ ...ROSTER, players: null })}`],
    ["a ROSTER with nobody as a player", `03 00 0000 ${json({ ...ROSTER, players: [null] })}`],
    ["a ROSTER with too many", `03 00 0000 ${json({ ...ROSTER, players: new Array(17).fill(PLAYER) })}`],
  ])("takes %s for nothing", (_what, bytes) => {
    expect(read(bytes)).toBeNull();
  });

  test("reads views of the right place in a larger memory", () => {
    const bytes = hex("ffff 10 01 0000 03020100 abcd ff").subarray(2, 12);
    expect(readMessage(bytes, 2)).toEqual({ type: "input", seat: 1, frame: 66_051, bytes: hex("abcd") });
  });
});
