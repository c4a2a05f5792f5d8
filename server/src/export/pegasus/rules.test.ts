import { describe, expect, test } from "bun:test";
import type { ExportRom, Medium } from "../contract.ts";
import { fullRom, plainRom } from "../roms.testing.ts";
import { toAssetPath } from "../rules.ts";
import { formatCollection, formatGame, type PegasusOptions } from "./rules.ts";

const local: PegasusOptions = {
  naming: {
    rom: ({ fsName }) => fsName,
    medium: (rom: ExportRom, medium: Medium) => toAssetPath(rom, medium),
  },
  hasMedia: true,
};

const platform = { id: 1, slug: "genesis", fsSlug: "md", name: "Sega Mega Drive/Genesis", customName: "" };

describe("a Pegasus list", () => {
  test("is written byte for byte", () => {
    const list =
      formatCollection(platform, "genesis") + formatGame(fullRom, local) + formatGame(plainRom, local);
    expect(list).toBe(`collection: Sega Mega Drive/Genesis
shortname: genesis

game: Sonic & Knuckles
file: Sonic & Knuckles (World).md
developer: Sega
publisher: Sonic Team
genre: Platform
genre: Action
tag: Beta
tag: Proto
players: 1-2
description: Fast.
  1 < 2 > "0"
release: 1994-10-18
rating: 87%
assets.box_front: assets/covers/Sonic & Knuckles (World).png
assets.box_back: assets/backcovers/Sonic & Knuckles (World).png
assets.box_full: assets/boxes/Sonic & Knuckles (World).png
assets.screenshot: assets/screenshots/Sonic & Knuckles (World).jpg
assets.titlescreen: assets/titlescreens/Sonic & Knuckles (World).png
assets.video: assets/videos/Sonic & Knuckles (World).mp4
assets.marquee: assets/marquees/Sonic & Knuckles (World).png
assets.cartridge: assets/cartridges/Sonic & Knuckles (World).png
assets.logo: assets/logos/Sonic & Knuckles (World).png
assets.background: assets/backgrounds/Sonic & Knuckles (World).png
assets.bezel: assets/bezels/Sonic & Knuckles (World).png
x-region: World, Europe
x-language: English, French
x-romm-id: 2

game: Plain
file: Plain.md
players: 1
x-romm-id: 3
`);
  });

  test("has no media where it leads to a server", () => {
    expect(formatGame(fullRom, { ...local, hasMedia: false })).not.toContain("assets.");
  });

  test.each([
    [{ customName: "My Sega" }, "genesis", "collection: My Sega\nshortname: genesis\n"],
    [{ name: "Odd\nName" }, null, "collection: Odd Name\nshortname: genesis\n"],
  ])("names its collection: %p", (change, shortname, expected) => {
    expect(formatCollection({ ...platform, ...change }, shortname)).toBe(expected);
  });

  test("sorts by the name on disk where it is another, and always has a name", () => {
    expect(formatGame({ ...plainRom, name: "Plain!" }, local)).toContain(
      "game: Plain!\nfile: Plain.md\nsort-by: Plain\n",
    );
    expect(formatGame({ ...plainRom, name: "", fsNameNoTags: "" }, local)).toContain("\ngame: Plain\n");
  });

  test.each([
    ["one\n\n  three\n", "description: one\n  .\n  three\nx-romm"],
    ["\n\n first", "description: first\nx-romm"],
    ["old\rmac", "description: old\n  mac\nx-romm"],
    ["game: fake\nfile: fake", "description: game: fake\n  file: fake\nx-romm"],
    [" \n ", "players: 1\nx-romm"],
  ])("keeps a description in one entry: %p", (summary, expected) => {
    expect(formatGame({ ...plainRom, summary }, local)).toContain(expected);
  });

  test("lets no value begin an entry of its own", () => {
    const rom = { ...plainRom, name: "A\nfile: /etc/passwd", genres: ["x\ngame: y", " "] };
    const lines = formatGame(rom, local).split("\n");
    expect(lines.filter((line) => /^(?:game|file):/.test(line))).toEqual([
      "game: A file: /etc/passwd",
      "file: Plain.md",
    ]);
    expect(lines.filter((line) => line.startsWith("genre:"))).toEqual(["genre: x game: y"]);
  });

  test.each([
    [101, "100%"],
    [-3, "0%"],
    [49.5, "50%"],
  ])("writes a rating of %p as %p", (averageRating, expected) => {
    expect(formatGame({ ...plainRom, averageRating }, local)).toContain(`rating: ${expected}\n`);
  });
});

describe("toAssetPath", () => {
  test.each([
    ["a/b.png", "assets/covers/Plain.png"],
    ["a.b/c", "assets/covers/Plain"],
    ["x.tar.gz", "assets/covers/Plain.gz"],
  ])("of %p is %p", (path, expected) => {
    expect(toAssetPath(plainRom, { path, folder: "covers" })).toBe(expected);
  });
});
