// Every message of the protocol, byte for byte as docs/protocols/netplay-relay.md has it.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLog, readStretch, takeInput } from "../relay-inputs/rules.ts";
import { PART_BYTES_MAX, TEXT_BYTES_MAX } from "../relay-rooms/limits.ts";
import { CLOSE } from "./close-codes.data.ts";
import {
  formatBegin,
  formatJson,
  formatLong,
  formatMissed,
  formatPart,
  formatPong,
  formatShort,
  isWellFormed,
  parseHello,
  REASON,
  RESULT,
  TYPE,
} from "./rules.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const ascii = (text: string) => Buffer.from(text).toString("hex");

describe("what the server says", () => {
  test.each([
    [
      "WELCOME",
      formatJson(TYPE.welcome, { a: 1 }, { small: 1, short: 0x0203 }),
      `02 01 0302 ${ascii('{"a":1}')}`,
    ],
    ["ROSTER", formatJson(TYPE.roster, {}), `03 00 0000 ${ascii("{}")}`],
    ["GAP", formatLong(TYPE.gap, 0x01020304), "14 00 0000 04030201"],
    ["MISSED", formatMissed(300), "15 00 0000 2c010000"],
    ["SNAPSHOT_ACK", formatLong(TYPE.snapshotAck, 65_536, { short: 7 }), "33 00 0700 00000100"],
    [
      "SNAPSHOT_RESULT",
      formatLong(TYPE.snapshotResult, 0xffff_ffff, { small: RESULT.notOwner, short: 7 }),
      "34 05 0700 ffffffff",
    ],
    ["SNAPSHOT_WANTED", formatShort(TYPE.snapshotWanted, 3), "35 00 0300"],
    [
      "SNAPSHOT_BEGIN",
      formatBegin({ id: 0x0102, frame: 5, sizeBytes: 70_000, reason: REASON.owner, seat: 2 }),
      "30 03 0201 05000000 70110100 02 000000",
    ],
    ["SNAPSHOT_PART", formatPart(0x0102, 65_536, hex("aabb")), "31 00 0201 00000100 aabb"],
    ["PING", formatLong(TYPE.ping, 9), "40 00 0000 09000000"],
    ["PONG", formatPong(9, 0x0a0b0c0d), "41 00 0000 09000000 0d0c0b0a"],
  ])("%s", (_name, bytes, expected) => {
    expect(bytes).toEqual(hex(expected));
  });

  test("INPUTS, of whole inputs as they came, KEEP included", () => {
    const log = createLog({ seats: 2, inputBytes: 1, windowFrames: 60 });
    takeInput(log, hex("10 01 0000 05000000 aa"), 0);
    takeInput(log, hex("11 00 0000 06000000 bb"), 0);
    const { message } = readStretch(log, { from: 0, until: 2, frame: 0, arrivedUntilMs: 0 });
    expect(message).toEqual(hex("12 00 0200 00000000 10 01 0000 05000000 aa 10 00 0000 06000000 bb"));
  });
});

describe("HELLO", () => {
  const hello = (head: string, text = "t.1") => hex(`${head} ${ascii(text)}`);
  test.each([
    ["a ticket", hello("01 01 0000 00000000"), { isRejoin: false, resumeFrame: 0, credential: "t.1" }],
    ["a rejoin", hello("01 01 0100 02010000"), { isRejoin: true, resumeFrame: 258, credential: "t.1" }],
    [
      "a rejoin with nothing",
      hello("01 01 0100 ffffffff"),
      { isRejoin: true, resumeFrame: null, credential: "t.1" },
    ],
    ["another version", hello("01 02 0000 00000000"), "version"],
    ["no credential", hex("01 01 0000 00000000"), null],
    ["a long credential", hello("01 01 0000 00000000", "x".repeat(129)), null],
    ["letters beyond ASCII", hex("01 01 0000 00000000 80"), null],
    ["a space", hello("01 01 0000 00000000", "a b"), null],
    ["a third kind", hello("01 01 0200 00000000"), null],
    ["another type", hello("10 01 0000 00000000"), null],
    ["nothing", new Uint8Array(), null],
  ])("with %s", (_name, bytes, expected) => {
    expect(parseHello(bytes)).toEqual(expected as ReturnType<typeof parseHello>);
  });

  test("is none when it is cut anywhere", () => {
    const whole = hello("01 01 0000 00000000", "t");
    for (let length = 0; length < whole.length; length++)
      expect(parseHello(whole.subarray(0, length))).toBeNull();
  });
});

describe("what a client may say", () => {
  const long = (type: number, length: number) => {
    const bytes = new Uint8Array(length).fill(0x30, 4);
    bytes[0] = type;
    return bytes;
  };
  test.each([
    ["RESUME", 0x13, 8, 8],
    ["SIGNAL", 0x21, 5, 4 + TEXT_BYTES_MAX],
    ["SNAPSHOT_BEGIN", 0x30, 16, 16],
    ["SNAPSHOT_PART", 0x31, 9, 8 + PART_BYTES_MAX],
    ["SNAPSHOT_CANCEL", 0x32, 4, 4],
    ["SNAPSHOT_WANTED", 0x35, 4, 4],
    ["PING", 0x40, 8, 8],
    ["PONG", 0x41, 12, 12],
    ["LEAVE", 0x50, 4, 4],
    ["KICK", 0x51, 4, 4],
  ])("%s has its length, and no other", (_name, type, least, most) => {
    const lengths = [least - 1, least, most, most + 1];
    expect(lengths.map((length) => isWellFormed(long(type, length)))).toEqual([false, true, true, false]);
    const withSmall = long(type, least);
    withSmall[1] = 2;
    expect(isWellFormed(withSmall)).toBe(false);
  });

  test.each(["03 00 0000 7b7d", "12 00 0000 00000000", "33 00 0000 00000000", "00 00 0000"])(
    "%s is not",
    (text) => {
      expect(isWellFormed(hex(text))).toBe(false);
    },
  );

  test("MESSAGE is JSON of at most 16,384 bytes", () => {
    const text = (length: number) => hex(`20 00 0000 ${ascii(`"${"x".repeat(length - 2)}"`)}`);
    expect([16_384, 16_385].map((length) => isWellFormed(text(length)))).toEqual([true, false]);
    expect(isWellFormed(hex(`20 00 0000 ${ascii("{")}`))).toBe(false);
  });
});

test("every way to be closed is documented, and every documented one exists", () => {
  const text = readFileSync(join(import.meta.dir, "../../../docs/protocols/netplay-relay.md"), "utf8");
  const table = text.slice(text.indexOf("## Closing"), text.indexOf("## Budgets"));
  const documented = table
    .split("\n")
    .filter((line) => /^\| \d{4} \|/.test(line))
    .flatMap((line) =>
      [...line.matchAll(/`(NETPLAY_[A-Z_]+)`/g)].map(([, reason]) => `${line.slice(2, 6)} ${reason}`),
    );
  expect(documented.toSorted()).toEqual(
    Object.values(CLOSE)
      .map(([code, reason]) => `${code} ${reason}`)
      .toSorted(),
  );
});
