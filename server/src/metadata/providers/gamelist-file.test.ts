import { describe, expect, test } from "bun:test";
import { GAMELIST_GAME_CHARS_MAX } from "../limits.ts";
import { baseNameOf, parseGamelist, textOf } from "./gamelist-file.ts";

const idle = new AbortController().signal;
const listOf = (inside: string) => `<?xml version="1.0"?>\n<gameList>${inside}</gameList>\n`;

/** Entries as plain objects, or why there are none. */
async function read(text: string) {
  const { entries, problem } = await parseGamelist(text, idle);
  if (problem !== null) return problem;
  return Object.fromEntries([...entries].map(([name, entry]) => [name, Object.fromEntries(entry)]));
}

describe("parseGamelist", () => {
  test("reads games and folders by the end of their paths", async () => {
    const text = listOf(`
  <game id="7" source="x">
    <path>./Sub/Mega &amp; Man &#40;USA&#x29;.nes</path>
    <name>  Mega Man &lt;3  </name>
    <desc>Two
lines</desc>
    <rating>0.8</rating><players>007</players>
    <name>second</name>
    <empty/><blank> </blank>
    <favorite>true</favorite>
  </game>
  <folder><path>C:\\roms\\Disc</path></folder>
  <game/>
`);
    expect(await read(text)).toEqual({
      "Mega & Man (USA).nes": {
        path: "./Sub/Mega & Man (USA).nes",
        name: "Mega Man <3",
        desc: "Two\nlines",
        rating: "0.8",
        players: "007",
        favorite: "true",
      },
      Disc: { path: "C:\\roms\\Disc" },
    });
  });

  test.each([
    ["an empty list", listOf("")],
    ["a list in one tag", "<gameList/>"],
    ["a list with attributes", '<gameList v="1"></gameList>'],
    ["entries in comments", listOf("<!-- <game><path>a</path></game> -->")],
    ["entries without paths", listOf("<game><name>x</name></game><game><path></path></game>")],
  ])("finds no game in %s", async (_what, text) => expect(await read(text)).toEqual({}));

  test("passes over what ES-DE writes beside the list", async () => {
    const text = `<?xml version="1.0"?><alternativeEmulator><label>Mesen</label></alternativeEmulator>
      <gameList><game><path>./a.nes</path></game></gameList>`;
    expect(await read(text)).toEqual({ "a.nes": { path: "./a.nes" } });
  });

  test("takes the first of two entries for one file", async () => {
    const game = (name: string) => `<game><path>./a.nes</path><name>${name}</name></game>`;
    expect(await read(listOf(game("one") + game("two")))).toMatchObject({ "a.nes": { name: "one" } });
  });

  const good = "<game><path>./good.nes</path></game>";
  test.each([
    ["", "there is no list in it"],
    ["not xml at all", "there is no list in it"],
    [`<gameList>${good}`, "there is no list in it"],
    [listOf(`${good}<game><path>./a</path>`), "an entry does not end"],
    [listOf(`${good}<game><path>./a</game>`), "entry 2 is not well-formed"],
    [listOf(`${good}<game><path>./a</path><a></b></game>`), "entry 2 is not well-formed"],
    [listOf(`${good} stray text`), "there is text between its entries"],
    [listOf(`${good}<system>x</system>${good}`), "there is text between its entries"],
    [
      listOf(`<game><path>./a</path><desc>${"x".repeat(GAMELIST_GAME_CHARS_MAX)}</desc></game>`),
      "an entry does not end",
    ],
    [`<!DOCTYPE x [<!ENTITY a "b">]>${listOf(good)}`, "it declares entities of its own"],
  ])("reads nothing of a damaged file %#", async (text, problem) => expect(await read(text)).toBe(problem));

  test("never fails, wherever a file is cut", async () => {
    const text = listOf(`${good}<folder><path>./B &amp; C</path><desc>d</desc></folder>`);
    for (let end = 0; end < text.length; end += 1) {
      const { entries, problem } = await parseGamelist(text.slice(0, end), idle);
      expect(problem === null ? entries.size : 0).toBe(end >= text.trimEnd().length ? 2 : 0);
    }
  });

  test("reads thousands of games, and stops when asked to", async () => {
    const many = listOf(
      Array.from({ length: 5_000 }, (_, index) => `<game><path>./${index}.nes</path></game>`).join("\n"),
    );
    expect((await parseGamelist(many, idle)).entries.size).toBe(5_000);
    const stopped = await parseGamelist(many, AbortSignal.abort("stop")).then(
      () => "read",
      (reason: unknown) => reason,
    );
    expect(stopped).toBe("stop");
  });
});

describe("baseNameOf", () => {
  test.each([
    ["./a/b.nes", "b.nes"],
    ["b.nes", "b.nes"],
    ["a\\b.nes", "b.nes"],
    ["a/", ""],
    ["", ""],
  ])("of %p is %p", (path, expected) => expect(baseNameOf(path)).toBe(expected));
});

describe("textOf", () => {
  test("is trimmed, whole text of bounded length", () => {
    const entry = new Map([["name", ` a\0b\ud800 ${"x".repeat(500)}`]]);
    expect(textOf(entry, "name", 6)).toBe("ab\ufffd");
    expect(textOf(entry, "name")).toHaveLength(398);
    expect(textOf(entry, "absent")).toBe("");
  });
});
