import { describe, expect, test } from "bun:test";
import { PLATFORM_FACT_ROWS } from "./facts.data.ts";
import { RECORDED, UNKNOWN } from "./recorded-platforms.testing.ts";
import {
  findPlatformFacts,
  isPlatformIdentified,
  listPlatformFacts,
  type PlatformBindings,
  platformIdentity,
  toPlatformColumns,
} from "./rules.ts";

const UNBOUND: PlatformBindings = { platformsBinding: new Map(), platformsVersions: new Map() };
describe("platformIdentity", () => {
  test.each(RECORDED.map((row) => [row.slug, row] as const))("knows the folder %s", (slug, row) => {
    expect(platformIdentity(slug, UNBOUND)).toMatchObject({ ...row, fsSlug: slug, versionOf: null });
  });

  test("adds what only we need", () => {
    expect(platformIdentity("psx", UNBOUND)).toMatchObject({
      libretroSlug: "Sony - PlayStation",
      isHashable: true,
      raConsoleId: 12,
      raHashMode: "disc",
      webPlayer: "ejs",
      launchboxName: "Sony Playstation",
    });
    expect(platformIdentity("ps5", UNBOUND).isHashable).toBe(false);
    expect(platformIdentity("browser", UNBOUND).webPlayer).toBe("ruffle");
  });

  test("makes a platform of a folder nobody knows", () => {
    expect(platformIdentity("my-homebrew-box", UNBOUND)).toEqual({
      ...UNKNOWN,
      slug: "my-homebrew-box",
      fsSlug: "my-homebrew-box",
      name: "My Homebrew Box",
      versionOf: null,
      mainSlug: null,
      raConsoleId: null,
      launchboxName: null,
      libretroSlug: null,
      isHashable: true,
      raHashMode: null,
      webPlayer: null,
      webrcadeType: null,
      pegasusShortname: null,
    });
  });

  test.each([
    ["NES", "Nes"],
    ["my--box", "My  Box"],
    ["my_box", "My_Box"],
    ["MY-BOX", "My Box"],
    ["3ds-hacks", "3Ds Hacks"],
    ["they're", "They'Re"],
    ["a.b", "A.B"],
    ["élan-vital", "Élan Vital"],
    ["ßa", "Ssa"],
    ["σίσυφοσ ΣΊΣΥΦΟΣ", "Σίσυφοσ Σίσυφος"],
    ["ქართული", "ქართული"],
    ["日本-box", "日本 Box"],
    ["\u{10428}\u{10428}", "\u{10400}\u{10428}"],
    ["-", " "],
    ["", ""],
  ])("names the unknown slug %p %p", (slug, name) => {
    expect(platformIdentity(slug, UNBOUND)).toMatchObject({ slug, name });
  });

  test.each(["constructor", "__proto__", "toString"])("takes the folder %s for an unknown one", (slug) => {
    expect(platformIdentity(slug, UNBOUND)).toMatchObject({ slug, igdbId: null });
  });

  const bindings: PlatformBindings = {
    platformsBinding: new Map([
      ["gameboy", "gb"],
      ["my-homebrew-box", "arduboy"],
      ["both", "nes"],
      ["snes", "sfam"],
      ["own", "own-console"],
    ]),
    platformsVersions: new Map([
      ["gba-hacks", "gba"],
      ["both", "snes"],
    ]),
  };

  test.each([
    ["gameboy", "gb", "Game Boy", null],
    ["Gameboy", "Gameboy", "Gameboy", null],
    ["my-homebrew-box", "arduboy", "Arduboy", null],
    ["gba-hacks", "gba", "Game Boy Advance", "gba"],
    ["both", "nes", "Nintendo Entertainment System", null],
    ["snes", "sfam", "Super Famicom", null],
    ["own", "own-console", "Own Console", null],
    ["gba", "gba", "Game Boy Advance", null],
  ])("with bindings takes the folder %s for %s", (fsSlug, slug, name, versionOf) => {
    expect(platformIdentity(fsSlug, bindings)).toMatchObject({ fsSlug, slug, name, versionOf });
  });

  test("knows versions of platforms by their own slug", () => {
    expect(platformIdentity("ps-one", UNBOUND)).toMatchObject({
      slug: "ps-one",
      name: "PS One",
      igdbId: 7,
      igdbSlug: "ps",
      mainSlug: "psx",
      generation: 5,
      familyName: "Sony",
      mobyId: null,
    });
  });
});

describe("toPlatformColumns", () => {
  test("writes unknown texts as empty ones", () => {
    const columns = toPlatformColumns(platformIdentity("my-homebrew-box", UNBOUND));
    expect(columns).toMatchObject({ category: "", familyName: "", familySlug: "", url: "", urlLogo: "" });
    expect(columns).toMatchObject({ generation: null, igdbSlug: null, libretroSlug: null });
  });

  test("writes known values as they are", () => {
    expect(toPlatformColumns(platformIdentity("gba", UNBOUND))).toMatchObject({
      fsSlug: "gba",
      category: "Portable Console",
      libretroSlug: "Nintendo - Game Boy Advance",
      url: "https://www.igdb.com/platforms/gba",
    });
  });
});

describe("isPlatformIdentified", () => {
  test.each([
    ["gba", true],
    ["abc-80", true],
    ["apple-lisa", true],
    ["interton-vc-4000", true],
    ["switch-2", true],
    // Only TheGamesDB knows these.
    ["black-point", false],
    ["palmtex", false],
    ["tandy-vis", false],
    // A slug without any id.
    ["steam", false],
    ["my-homebrew-box", false],
  ])("for %s says %p", (slug, isIdentified) => {
    expect(isPlatformIdentified(platformIdentity(slug, UNBOUND))).toBe(isIdentified);
  });
});

describe("the table of facts", () => {
  test("holds every slug once", () => {
    expect(listPlatformFacts()).toHaveLength(460);
    expect(PLATFORM_FACT_ROWS).toHaveLength(688);
    expect(new Set(PLATFORM_FACT_ROWS.map(({ slug }) => slug)).size).toBe(688);
  });

  test("lists platforms in their recorded order", () => {
    expect(
      listPlatformFacts()
        .slice(0, 4)
        .map(({ slug }) => slug),
    ).toEqual(["3do", "abc-80", "acorn-archimedes", "acorn-electron"]);
    expect(listPlatformFacts().every(({ mainSlug }) => mainSlug === null)).toBe(true);
  });

  test("names a listed platform for every version", () => {
    const listed = new Set(listPlatformFacts().map(({ slug }) => slug));
    const orphans = PLATFORM_FACT_ROWS.filter(
      ({ mainSlug }) => mainSlug !== undefined && !listed.has(mainSlug),
    );
    expect(orphans).toEqual([]);
  });

  test("names a hash mode for every RetroAchievements console and no other platform but one", () => {
    const odd = listPlatformFacts().filter(
      ({ raHashMode, raConsoleId }) => (raHashMode === null) !== (raConsoleId === null),
    );
    // Its hash rule is known, but RetroAchievements lists its games under another platform.
    expect(odd.map(({ slug }) => slug)).toEqual(["pc-8000"]);
  });

  test("marks exactly the platforms that are never hashed", () => {
    expect(
      listPlatformFacts()
        .filter(({ isHashable }) => !isHashable)
        .map(({ slug }) => slug)
        .sort(),
    ).toEqual(
      (
        "amazon-alexa amazon-fire-tv android gear-vr ios ipad linux mac meta-quest-2 meta-quest-3 oculus-go " +
        "oculus-quest oculus-rift ps3 ps4 ps5 psvr psvr2 series-x-s switch switch-2 wiiu win xbox360 xboxone"
      ).split(" "),
    );
  });
});

describe("findPlatformFacts", () => {
  test.each([
    ["gba", "Game Boy Advance"],
    ["ps-one", "PS One"],
  ])("finds %s", (slug, name) => {
    expect(findPlatformFacts(slug)?.name).toBe(name);
  });

  test.each(["GBA", "", "nope", "constructor"])("finds nothing for %p", (slug) => {
    expect(findPlatformFacts(slug)).toBeNull();
  });
});
