import { describe, expect, test } from "bun:test";
import { countSteps } from "./counted-text.testing.ts";
import { parseFileName, parseTags, regionProviderCode } from "./file-name.ts";
import { REGIONS } from "./regions.data.ts";

/** name, name without tags, extension, regions, languages, revision, version, tags; "-" is empty. */
const VERIFIED = `
Paper Mario (USA).z64 | Paper Mario | z64 | USA | - | - | - | -
Zelda (USA) (Rev 1) [En,Fr] [Test].n64 | Zelda | n64 | USA | English;French | 1 | - | Test
Super Mario 64 (J) (Rev A) | Super Mario 64 | - | Japan | - | A | - | -
Sonic (EU) [T] | Sonic | - | Taiwan | - | - | - | EU
Sonic (EU) [T-En].z64 | Sonic | z64 | - | - | - | - | EU;T-En
Game (USA, Europe).zip | Game | zip | USA;Europe | - | - | - | -
Game (USA)(Europe).nes | Game | nes | USA;Europe | - | - | - | -
Game (Japan) (En,Ja).sfc | Game | sfc | Japan | English;Japanese | - | - | -
Game (Nl).rom | Game | rom | - | Dutch | - | - | -
Game (NL).rom | Game | rom | Netherlands | - | - | - | -
Game (nl).rom | Game | rom | Netherlands | - | - | - | -
Game (No).rom | Game | rom | - | Norwegian | - | - | -
Game (NO).rom | Game | rom | Norway | - | - | - | -
Game (no).rom | Game | rom | Norway | - | - | - | -
Game (usa).nes | Game | nes | USA | - | - | - | -
Game (EUROPE).nes | Game | nes | Europe | - | - | - | -
Game (UK).nes | Game | nes | England | - | - | - | -
Game (England,Hong Kong).nes | Game | nes | England;Hong Kong | - | - | - | -
Game (Unl).nes | Game | nes | Unlicensed | - | - | - | -
Game (PD).nes | Game | nes | Public Domain | - | - | - | -
Game (UNK).nes | Game | nes | Unknown | - | - | - | -
Game (W) [!].nes | Game | nes | World | - | - | - | !
Game (UE) [!].nes | Game | nes | - | - | - | - | UE;!
Game (JU) [b1].nes | Game | nes | - | - | - | - | JU;b1
Game (Reg-U).nes | Game | nes | USA | - | - | - | -
Game (Reg-PAL).nes | Game | nes | PAL | - | - | - | -
Game [Reg- PAL].nes | Game | nes | PAL | - | - | - | -
Game (Reg US).nes | Game | nes | US | - | - | - | -
Game (Rev-A).nes | Game | nes | - | - | A | - | -
Game (REV 2).nes | Game | nes | - | - | 2 | - | -
Game (RevA).nes | Game | nes | - | - | - | - | RevA
Game (v1.1).gba | Game | gba | - | - | - | 1.1 | -
Game (Version 2.0).gba | Game | gba | - | - | - | 2.0 | -
Game (ver. 3).gba | Game | gba | - | - | - | 3 | -
Game (v2024-01).gba | Game | gba | - | - | - | 2024-01 | -
Game (Virtual Console).gba | Game | gba | - | - | - | - | Virtual Console
Game (vb).gba | Game | gba | - | - | - | - | vb
Game (Beta).gb | Game | gb | - | - | - | - | Beta
Game (Disc 1) (Rev 1).chd | Game | chd | - | - | 1 | - | Disc 1
Mr. Do! (USA).zip | Mr. Do! | zip | USA | - | - | - | -
Dr. Mario (World).tar.gz | Dr. Mario | tar.gz | World | - | - | - | -
Super.mario.bros.zip | Super | mario.bros.zip | - | - | - | - | -
S.T.A.L.K.E.R.zip | S.T.A.L.K.E.R | zip | - | - | - | - | -
Game v1.2.iso | Game v1.2 | iso | - | - | - | - | -
Game.p8.png | Game.p8 | png | - | - | - | - | -
a.b.c.d | a | b.c.d | - | - | - | - | -
Legend of (Zelda) The [!].nes | Legend of (Zelda) The | nes | - | - | - | - | Zelda;!
(USA) Odd.nes | (USA) Odd | nes | USA | - | - | - | -
 [BIOS] X (USA).bin | [BIOS] X | bin | USA | - | - | - | BIOS
Game (En-US).nds | Game | nds | - | - | - | - | En-US
Game (Zh-Hans).nes | Game | nes | - | - | - | - | Zh-Hans
Game (English, pt).nds | Game | nds | - | English;Portuguese | - | - | -
Game (nolang).nds | Game | nds | - | No Language | - | - | -
Game (igdb-1234) (USA).nes | Game | nes | USA | - | - | - | igdb-1234
Game [0100ABCD01234000][v65536].nsp | Game | nsp | - | - | - | 65536 | 0100ABCD01234000
Game ().nes | Game | nes | - | - | - | - | -
Game {USA}.nes | Game {USA} | nes | - | - | - | - | -
ポケモン (日本).gb | ポケモン | gb | - | - | - | - | 日本
Game (USA).BIN | Game | BIN | USA | - | - | - | -
Advance Tactics (lang-fr) (reg-U).gba | Advance Tactics | gba | USA | - | - | - | lang-fr
Goldfinch 64 [T-En by Foo v1.2].z64 | Goldfinch 64 | z64 | - | - | - | - | T-En by Foo v1.2
Tag Test (USA, Europe) (Rev 2) (Proto) [h].smc | Tag Test | smc | USA;Europe;Holland | - | 2 | - | Proto
Star Pilot (USA).state1.png | Star Pilot (USA).state1 | png | USA | - | - | - | -
Solo Disc (Europe) (En,Es,It) | Solo Disc | - | Europe | English;Spanish;Italian | - | - | -
Gzipped (USA).gba.gz | Gzipped | gba.gz | USA | - | - | - | -
.hidden.gba | - | hidden.gba | - | - | - | - | -
`
  .slice(1, -1)
  .split("\n")
  .map((line) => line.split(" | ").map((cell) => (cell === "-" ? "" : cell)));

const asList = (cell: string) => (cell === "" ? [] : cell.split(";"));

describe("parseFileName and parseTags", () => {
  test.each(VERIFIED)("agree with the verified case %s", (...cells) => {
    const [name = "", nameNoTags = "", extension = "", regions = "", languages = "", ...rest] = cells;
    const [revision = "", version = "", tags = ""] = rest;
    expect(cells).toHaveLength(8);
    expect(parseFileName(name)).toMatchObject({ nameNoTags, extension });
    expect(parseTags(name)).toEqual({
      regions: asList(regions),
      languages: asList(languages),
      revision,
      version,
      tags: asList(tags),
    });
  });
});

describe("parseFileName", () => {
  test.each([
    ["", "", "", ""],
    [".", "", ".", "."],
    ["..", "", "..", ".."],
    ["Game.", "", "Game.", "Game."],
    ["Game..zip", "zip", "Game.", "Game."],
    [".nes", "nes", "", ""],
    [".DS_Store", "DS_Store", "", ""],
    ["nes", "", "nes", "nes"],
    ["Game.tar.GZ", "tar.GZ", "Game", "Game"],
    ["Game.TAR.gz", "gz", "Game.TAR", "Game.TAR"],
    ["Game.tär.gz", "gz", "Game.tär", "Game.tär"],
    ["Game.日本", "日本", "Game", "Game"],
    ["Game.\u{20000}\u{10400}", "\u{20000}\u{10400}", "Game", "Game"],
    ["Game.\u{1f600}", "", "Game.\u{1f600}", "Game.\u{1f600}"],
    ["Game.e\u0301", "", "Game.e\u0301", "Game.e\u0301"],
    ["Game.na-me", "", "Game.na-me", "Game.na-me"],
    ["Game.½", "½", "Game", "Game"],
    ["Sonic v1.2", "2", "Sonic v1", "Sonic v1"],
    ["  Game (USA) .nes", "nes", "Game (USA)", "Game"],
    ["Game\u00a0(USA)\u3000[!].nes", "nes", "Game\u00a0(USA)\u3000[!]", "Game"],
    ["Game (USA", "", "Game (USA", "Game (USA"],
    ["Game USA).nes", "nes", "Game USA)", "Game USA)"],
    ["Game (a (b)).nes", "nes", "Game (a (b))", "Game (a (b))"],
    ["Game (a (b).nes", "nes", "Game (a (b)", "Game"],
    ["Game (a [b)].nes", "nes", "Game (a [b)]", "Game (a"],
    ["Game [a (b] (c).nes", "nes", "Game [a (b] (c)", "Game"],
    ["Game (a) x (b)[c] [d].nes", "nes", "Game (a) x (b)[c] [d]", "Game (a) x"],
    ["(USA) [!].nes", "nes", "(USA) [!]", ""],
  ])("splits %p", (name, extension, nameNoExt, nameNoTags) => {
    expect(parseFileName(name)).toEqual({ extension, nameNoExt, nameNoTags });
  });
});

describe("parseTags", () => {
  const none = { regions: [], languages: [], revision: "", version: "", tags: [] };

  test.each([
    ["Game (USA", {}],
    ["Game )USA(", {}],
    ["Game (USA] [Europe) (J)", { tags: ["USA] [Europe"], regions: ["Japan"] }],
    ["Game ((USA))", { tags: ["(USA"] }],
    ["Game ( ) (USA,,)", { regions: ["USA"] }],
    ["Game (USA) (U)", { regions: ["USA", "USA"] }],
    ["Game (Rev 1) (Rev 2) (v1) (v2)", { revision: "2", version: "2" }],
    ["Game (Rev|B) (reg|e)", { revision: "B", regions: ["Europe"] }],
    ["Game (Reg-Nl) (Reg-De)", { regions: ["Netherlands", "De"] }],
    ["Game (Reg-) (Rev ) (v-) (version)", { tags: ["Reg-", "Rev", "v-", "version"] }],
    ["Game (VERSION_7)", { version: "7" }],
    ["Game (version7) (verX)", { version: "7", tags: ["verX"] }],
    ["Game (v.5)", { version: "5" }],
    ["Game (v٣)", { version: "٣" }],
    ["Game (Beta) (Beta)", { tags: ["Beta", "Beta"] }],
    ["Game (Constructor) (__proto__)", { tags: ["Constructor", "__proto__"] }],
  ])("reads %p", (name, expected) => {
    expect(parseTags(name)).toEqual({ ...none, ...expected });
  });
});

describe("regionProviderCode", () => {
  test.each([
    ["USA", "us"],
    ["england", "uk"],
    ["World", "wor"],
    ["Asia", "asi"],
    ["Spain", "sp"],
    ["Hong Kong", "hk"],
  ])("knows %s as %s", (name, code) => {
    expect(regionProviderCode(name)).toBe(code);
  });

  test.each(["Public Domain", "Unlicensed", "Unknown", "US", "Atlantis", "", "constructor"])(
    "has nothing for %p",
    (name) => {
      expect(regionProviderCode(name)).toBeNull();
    },
  );

  test("covers every region but the three legal ones", () => {
    expect(REGIONS.filter(({ name }) => regionProviderCode(name) === null).map(({ code }) => code)).toEqual([
      "PD",
      "UNK",
      "UNL",
    ]);
  });
});

/** Reading, trimming, slicing and one look-ahead per character stay far below this. */
const STEPS_PER_CHARACTER_MAX = 12;

describe("hostile names", () => {
  const sizes = [255, 100_000];
  const shapes: [string, (length: number) => string][] = [
    ["only openers", (n) => "(".repeat(n)],
    ["both openers", (n) => "([".repeat(n / 2)],
    ["only closers", (n) => ")".repeat(n)],
    ["empty groups", (n) => "()".repeat(n / 2)],
    ["empty groups before a letter", (n) => `${"() ".repeat(n / 3)}x`],
    ["groups before a letter", (n) => `${"(a)".repeat(n / 3)}x`],
    ["closers far from openers", (n) => `${"([".repeat(n / 4)}${")]".repeat(n / 4)}`],
    ["spaces before a closer", (n) => `(${" ".repeat(n)})`],
    ["spaces between letters", (n) => `a${" ".repeat(n)}b`],
    ["commas", (n) => `(${",".repeat(n)})`],
    ["dots", (n) => ".".repeat(n)],
    ["lower-case segments", (n) => "a.".repeat(n / 2)],
    ["lower-case segments before a bad end", (n) => `${".a".repeat(n / 2)}!`],
    ["one long extension", (n) => `.${"a".repeat(n)}`],
    ["one long foreign extension", (n) => `.${"ポ".repeat(n)}`],
    ["long version", (n) => `(v${"1".repeat(n)})`],
    ["long revision", (n) => `(rev ${"1".repeat(n)})`],
  ];

  test.each(shapes)("cost a bounded number of steps per character: %s", (_, build) => {
    for (const size of sizes) {
      const name = build(size);
      const forParts = countSteps(name);
      parseFileName(forParts.text);
      expect(forParts.readStepCount()).toBeLessThan(STEPS_PER_CHARACTER_MAX * name.length);
      const forTags = countSteps(name);
      parseTags(forTags.text);
      expect(forTags.readStepCount()).toBeLessThan(STEPS_PER_CHARACTER_MAX * name.length);
    }
  });
});
