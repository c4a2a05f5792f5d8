import { describe, expect, test } from "bun:test";
import { fromPropsWire } from "./wire.ts";

describe("fromPropsWire", () => {
  const kept = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

  test.each([
    [{ rating: 8 }, { rating: 8 }],
    [{ data: { rating: 8 } }, { rating: 8 }],
    [{ props: { is_main_sibling: true, now_playing: false } }, { isMainSibling: true, isNowPlaying: false }],
    [{ rating: 1, data: { rating: 8 } }, { rating: 8 }],
    [{ data: null, props: [], rating: 1 }, { rating: 1 }],
    [{ backlogged: null, status: null }, { status: null }],
    [{ hidden: "x" }, { isHidden: "x" }],
    [{ update_last_played: true, remove_last_played: true }, { lastPlayed: "now" }],
    [{ update_last_played: false, remove_last_played: true }, { lastPlayed: "never" }],
    [{ update_last_played: "true" }, {}],
    [{ id: 5, user_id: 6, created_at: "x" }, {}],
    [[], null],
    ["text", null],
    [null, null],
  ])("reads %j", (body, changes) => {
    expect(kept(fromPropsWire(body, {}))).toEqual(changes as never);
  });

  test.each([
    [{ updateLastPlayed: true }, "now"],
    [{ removeLastPlayed: true }, "never"],
    [{ updateLastPlayed: false, removeLastPlayed: false }, undefined],
  ])("takes %j from the query", (flags, lastPlayed) => {
    expect(fromPropsWire({}, flags)).toMatchObject({ lastPlayed } as object);
  });
});
