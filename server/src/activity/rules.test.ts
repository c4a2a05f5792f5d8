import { describe, expect, test } from "bun:test";
import { type Entry, entryKey, formatEntry, parseEntry, readEntry, romKey, sortEntries } from "./rules.ts";

const entry: Entry = {
  userId: 7,
  deviceId: "deck",
  romId: 42,
  via: "rest",
  isPublic: true,
  startedAtMs: 1_000,
  endsAtMs: 91_000,
};
const now = new Date(50_000);

test("keys are the compatible ones", () => {
  expect([entryKey(entry), romKey(42)]).toEqual(["activity:user:7:deck", "activity:rom:42"]);
});

describe("an entry as a member of a set", () => {
  const table: Partial<Entry>[] = [
    {},
    { via: "socket", isPublic: false },
    { deviceId: "a b 1 2:3\n4" },
    { deviceId: " " },
    { deviceId: "é".repeat(255) },
  ];
  test.each(table)("comes back: %p", (given) => {
    const whole = { ...entry, ...given };
    expect(parseEntry(formatEntry(whole))).toEqual(whole);
    expect(Buffer.byteLength(formatEntry(whole))).toBeLessThan(1_024);
  });

  test.each([
    "",
    "7 42 rest public 1 2",
    "7 42 rest public 1 2 ",
    "x 42 rest public 1 2 d",
    "7 42 tcp public 1 2 d",
  ])("is none as %p", (member) => {
    expect(parseEntry(member)).toBeNull();
  });

  test("fits with the longest device", () => {
    const longest = { ...entry, userId: 2 ** 31, romId: 2 ** 31, deviceId: "\uffff".repeat(255) };
    expect(Buffer.byteLength(formatEntry(longest))).toBeLessThan(1_024);
    expect(Buffer.byteLength(entryKey(longest))).toBeLessThan(1_024);
  });
});

describe("sortEntries", () => {
  const member = (given: Partial<Entry>) => formatEntry({ ...entry, ...given });

  test("gives those that began last first", () => {
    const members = [
      member({}),
      member({ deviceId: "b", startedAtMs: 3_000 }),
      member({ deviceId: "c", startedAtMs: 2_000 }),
    ];
    expect(sortEntries(members, now).living.map(({ deviceId }) => deviceId)).toEqual(["b", "c", "deck"]);
  });

  test("ends what ran out, at the very moment", () => {
    const members = [member({ endsAtMs: 50_000 }), member({ deviceId: "b", endsAtMs: 50_001 })];
    const { living, ended, stale } = sortEntries(members, now);
    expect(living.map(({ deviceId }) => deviceId)).toEqual(["b"]);
    expect(ended.map((each) => each.member)).toEqual([members[0] ?? ""]);
    expect(stale).toEqual([]);
  });

  test.each([false, true])("lets the last sign of a device count, in any order (%p)", (isReversed) => {
    const [old, young] = [member({ endsAtMs: 10 }), member({ romId: 43, endsAtMs: 92_000 })];
    const members = [old, young, "damaged"];
    const { living, ended, stale } = sortEntries(isReversed ? members.toReversed() : members, now);
    expect(living.map(({ romId }) => romId)).toEqual([43]);
    expect([ended, stale.toSorted()]).toEqual([[], [old, "damaged"].toSorted()]);
  });
});

describe("readEntry", () => {
  test("gives what lives", () => {
    expect(readEntry(JSON.stringify(entry), now)).toEqual(entry);
  });

  test.each([
    null,
    "",
    "{}",
    "[",
    JSON.stringify({ ...entry, via: "tcp" }),
    JSON.stringify({ ...entry, endsAtMs: 50_000 }),
  ])("gives nothing for %p", (text) => {
    expect(readEntry(text, now)).toBeNull();
  });
});
