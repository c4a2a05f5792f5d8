import { describe, expect, test } from "bun:test";
import { advance, BEGINNING } from "../../base/change-feed.ts";
import { formatCursor } from "../../base/paging.ts";
import { CURSOR_HIDDEN_MAX } from "../limits.ts";
import { type ChangesCursor, compareHidden, formatChangesCursor, parseChangesCursor } from "./rules.ts";

const CURSOR: ChangesCursor = {
  changed: { atMs: 1_000, id: 3 },
  removed: { atMs: 2_000, id: 4 },
  hidden: { platformIds: [1], romIds: [5, 6] },
  mark: "abc",
};

describe("a cursor of changes", () => {
  test("is read as it was written", () => {
    expect(parseChangesCursor(formatChangesCursor(CURSOR))).toEqual(CURSOR);
    const beginning = { ...CURSOR, changed: BEGINNING };
    expect(parseChangesCursor(formatChangesCursor(beginning))).toEqual(beginning);
  });

  test("forgets what was hidden when that is too much", () => {
    const romIds = Array.from({ length: CURSOR_HIDDEN_MAX }, (_, index) => index + 1);
    const most = { ...CURSOR, hidden: { platformIds: [], romIds } };
    expect(parseChangesCursor(formatChangesCursor(most))).toEqual(most);
    const more = { ...CURSOR, hidden: { platformIds: [9], romIds } };
    expect(parseChangesCursor(formatChangesCursor(more)).hidden).toBeNull();
  });

  const made = (value: string | number | null, order = "roms:changes", id = 1) =>
    formatCursor({ order, value, id });
  test.each([
    "",
    "x",
    made("[]"),
    made(7),
    made(null),
    made("[1,2,3,[],[]]"),
    made('[1,2,3,[],[],"",1]'),
    made('[1,2,3,["a"],[],""]'),
    made('[1e300,2,3,null,null,""]'),
    made('[1,8640000000000001,3,null,null,""]'),
    made('[1,2,3,null,null,""]', "roms:name:asc"),
  ])("is not %p", (text) => {
    expect(() => parseChangesCursor(text)).toThrow("cursor does not belong to this list");
  });
});

describe("advance", () => {
  const from = { atMs: 100, id: 5 };
  test.each([
    ["a full page before the horizon", { atMs: 150, id: 9 }, true, 200, { atMs: 150, id: 9 }, true],
    ["a full page that reaches it", { atMs: 200, id: 9 }, true, 200, { atMs: 200, id: 0 }, false],
    ["a full page beyond it", { atMs: 250, id: 9 }, true, 200, { atMs: 200, id: 0 }, false],
    ["the last page", { atMs: 150, id: 9 }, false, 200, { atMs: 200, id: 0 }, false],
    ["nothing new", null, false, 200, { atMs: 200, id: 0 }, false],
    ["an old transaction", { atMs: 150, id: 9 }, true, 50, from, false],
    ["nothing new with an old transaction", null, false, 50, from, false],
  ])("after %s", (_what, last, isFull, horizonMs, place, hasMore) => {
    expect(advance(from, { last, isFull }, horizonMs)).toEqual({ place, hasMore });
  });
});

describe("compareHidden", () => {
  const then = { platformIds: [1], romIds: [5, 6] };
  test("tells what was hidden and shown since", () => {
    const now = { platformIds: [1], romIds: [6, 7] };
    expect(compareHidden(then, now)).toEqual({ hiddenIds: [7], shownIds: [5] });
  });

  test("gives up where a platform is among it, or nothing is remembered", () => {
    expect(compareHidden(then, { platformIds: [1, 2], romIds: [] })).toBeNull();
    expect(compareHidden(null, then)).toBeNull();
  });
});
