import { expect, test } from "bun:test";
import { formatCursor } from "../../base/paging.ts";
import { formatChanges, parseChanges } from "./rules.ts";

const PLACES = {
  saves: { atMs: 1_700_000_000_000, id: 3 },
  states: { atMs: 1_700_000_000_001, id: 0 },
  removed: { atMs: 1_700_000_000_002, id: 9 },
};

test("a cursor is read as it was written", () => {
  expect(parseChanges(formatChanges(PLACES))).toEqual(PLACES);
});

const made = (value: string, id = 1) => formatCursor({ order: "sync:changes", value, id });
test.each([
  "",
  "x",
  made("[]"),
  made("[1,2,3,4]"),
  made('["1",2,3,4,5]'),
  made("[1,2,3,4,5]", Number.MAX_SAFE_INTEGER),
  formatCursor({ order: "roms:changes", value: "[1,2,3,4,5]", id: 1 }),
])("a cursor is not %p", (text) => {
  expect(() => parseChanges(text)).toThrow(/cursor/i);
});
