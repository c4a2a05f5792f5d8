import { describe, expect, test } from "bun:test";
import { deriveSortKey, SORT_KEY_CHARS_MAX, siblingComparator } from "./sort-key.ts";

describe("deriveSortKey", () => {
  test.each([
    ["", ""],
    ["Kart Kings", "kart kings"],
    ["A Small Quest", "small quest"],
    ["The Great Adventure, The", "great adventure, the"],
    ["Goldfinch 64", "goldfinch 000000000064"],
    ["Name, 100% #1", "name, 000000000100% #000000000001"],
    ["Ünïcödé Ñame", "ünïcödé ñame"],
    ["日本語ゲーム", "日本語ゲーム"],
    ["The", "the"],
    ["The The", "the"],
    ["Theme Park", "theme park"],
    ["An\tOdd  One ", "odd  one"],
    ["  The Late One", "the late one"],
    ["L'Empereur", "l'empereur"],
    ["Les Visiteurs", "visiteurs"],
    ["Gli Amici", "amici"],
    ["HET Huis", "huis"],
    ["The 7th Guest", "000000000007th guest"],
    ["1.5", "000000000001.000000000005"],
    ["123456789012", "123456789012"],
    ["1234567890123", "1234567890123"],
    ["Game ٣", "game 00000000000٣"],
    ["Game ３３", "game 0000000000３３"],
    ["Game \u{1d7d9}", "game 00000000000\u{1d7d9}"],
    ["Game Ⅷ ½", "game ⅷ ½"],
  ])("turns %p into %p", (name, key) => {
    expect(deriveSortKey(name)).toBe(key);
  });

  test.each("the a an le la les el los las il lo gli der die das het".split(" "))("drops %s", (article) => {
    expect(deriveSortKey(`${article} zebra`)).toBe("zebra");
    expect(deriveSortKey(`${article}zebra`)).toBe(`${article}zebra`);
  });

  test("sorts numbers by value", () => {
    const names = ["Quest 10", "Quest 9", "Quest 100", "Quest"];
    expect(names.toSorted((a, b) => (deriveSortKey(a) < deriveSortKey(b) ? -1 : 1))).toEqual([
      "Quest",
      "Quest 9",
      "Quest 10",
      "Quest 100",
    ]);
  });

  test("cuts to the column's width without halving a character", () => {
    expect(deriveSortKey("x".repeat(600))).toBe("x".repeat(SORT_KEY_CHARS_MAX));
    expect(deriveSortKey("\u{20000}".repeat(600))).toBe("\u{20000}".repeat(SORT_KEY_CHARS_MAX));
    expect([...deriveSortKey("1 ".repeat(300))]).toHaveLength(SORT_KEY_CHARS_MAX);
  });

  test.each([
    ["a long run across the cut", `${"x".repeat(495)}${"7".repeat(20)}`, `${"x".repeat(495)}77777`],
    ["a short run across the cut", `${"x".repeat(495)}77`, `${"x".repeat(495)}00000`],
    ["a run longer than everything", "7".repeat(100_000), "7".repeat(SORT_KEY_CHARS_MAX)],
    ["spaces only", " ".repeat(100_000), ""],
  ])("gives the same as cutting last: %s", (_, name, key) => {
    expect(deriveSortKey(name)).toBe(key);
  });
});

describe("siblingComparator", () => {
  test.each([
    ["Star Pilot", "ignored", "star pilot"],
    [null, "Star Pilot", "star pilot"],
    ["", "The Star Pilot", "star pilot"],
    ["The  Star", "", "star"],
    ["THE Star", "", "the star"],
    ["And Then", "", "then"],
    ["and then", "", "then"],
    ["An Apple", "", "an apple"],
    ["A", "", "a"],
    ["the A Team", "", "a team"],
  ])("orders %p (file %p) by %p", (name, fsNameNoTags, key) => {
    expect(siblingComparator(name, fsNameNoTags)).toBe(key);
  });
});
