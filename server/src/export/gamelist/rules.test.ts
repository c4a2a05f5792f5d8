import { describe, expect, test } from "bun:test";
import type { ExportRom, Medium } from "../contract.ts";
import { fullRom, plainRom } from "../roms.testing.ts";
import { escapeText, formatGame, GAMELIST_HEAD, GAMELIST_TAIL, type GamelistOptions } from "./rules.ts";

const options = (change: Partial<GamelistOptions> = {}): GamelistOptions => ({
  naming: {
    rom: ({ fsName }) => `./${fsName}`,
    medium: (_rom: ExportRom, { path, folder }: Medium) => `${folder}: ${path}`,
  },
  media: { thumbnail: "box2d", image: "screenshot" },
  youtubeBaseUrl: "https://www.youtube.com",
  writtenAt: "20260102T030405",
  ...change,
});

/** The text of one tag. */
const tagOf = (game: string, tag: string) =>
  new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(game)?.[1] ?? null;

describe("formatGame", () => {
  test("writes a rom of which everything is known", () => {
    expect(`${GAMELIST_HEAD}${formatGame(fullRom, options())}${GAMELIST_TAIL}`).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<gameList>
  <game>
    <path>./Sonic &amp; Knuckles (World).md</path>
    <name>Sonic &amp; Knuckles</name>
    <desc>Fast.
1 &lt; 2 &gt; "0"</desc>
    <thumbnail>covers: roms/1/2/box2d/box2d.png</thumbnail>
    <video>videos: roms/1/2/video/video.mp4</video>
    <screenshot>screenshots: roms/1/2/screenshots/0.jpg</screenshot>
    <image>screenshots: roms/1/2/screenshots/0.jpg</image>
    <manual>manuals: roms/1/2/manual/2.pdf</manual>
    <developer>Sega</developer>
    <publisher>Sonic Team</publisher>
    <genre>Platform</genre>
    <family>Sonic</family>
    <players>1-2</players>
    <lang>English</lang>
    <region>World</region>
    <releasedate>19941018T000000</releasedate>
    <rating>0.87</rating>
    <id>00000000-0000-4000-8000-000000000001</id>
    <box3d>boxes: roms/1/2/box3d/box3d.png</box3d>
    <boxback>backcovers: roms/1/2/box2d_back/box2d_back.png</boxback>
    <fanart>fanart: roms/1/2/fanart/fanart.png</fanart>
    <marquee>marquees: roms/1/2/logo/logo.png</marquee>
    <miximage>miximages: roms/1/2/miximage/miximage.png</miximage>
    <miximage_v2>miximages_v2: roms/1/2/miximage_v2/miximage_v2.png</miximage_v2>
    <physicalmedia>physical: roms/1/2/physical/physical.png</physicalmedia>
    <title_screen>titlescreens: roms/1/2/title_screen/title_screen.png</title_screen>
    <bezel>bezels: roms/1/2/bezel/bezel.png</bezel>
    <scrap name="RomM" date="20260102T030405" />
  </game>
</gameList>
`,
    );
  });

  test("leaves out what is not known", () => {
    expect(formatGame(plainRom, options())).toBe(
      `  <game>
    <path>./Plain.md</path>
    <name>Plain</name>
    <players>1</players>
    <scrap name="RomM" date="20260102T030405" />
  </game>
`,
    );
  });

  test.each([
    ["box2d", "covers: roms/1/2/box2d/box2d.png"],
    ["box3d", "boxes: roms/1/2/box3d/box3d.png"],
    ["miximage", "miximages: roms/1/2/miximage/miximage.png"],
    ["miximage_v2", "miximages_v2: roms/1/2/miximage_v2/miximage_v2.png"],
    ["physical", "physical: roms/1/2/physical/physical.png"],
  ] as const)("shows the chosen thumbnail: %s", (thumbnail, expected) => {
    const media = { thumbnail, image: "screenshot" } as const;
    expect(tagOf(formatGame(fullRom, options({ media })), "thumbnail")).toBe(expected);
    const bare = { ...fullRom, ss: {}, gamelist: {} };
    expect(tagOf(formatGame(bare, options({ media })), "thumbnail")).toBe("covers: roms/1/2/cover/big.png");
  });

  test.each([
    ["title_screen", "titlescreens: roms/1/2/title_screen/title_screen.png"],
    ["miximage", "miximages: roms/1/2/miximage/miximage.png"],
    ["box2d", "covers: roms/1/2/box2d/box2d.png"],
  ] as const)("shows the chosen image: %s", (image, expected) => {
    const media = { thumbnail: "box2d", image } as const;
    expect(tagOf(formatGame(fullRom, options({ media })), "image")).toBe(expected);
    const bare = { ...fullRom, ss: {}, gamelist: {} };
    expect(tagOf(formatGame(bare, options({ media })), "image")).toBe(
      "screenshots: roms/1/2/screenshots/0.jpg",
    );
  });

  test("takes media of an imported gamelist where ScreenScraper has none", () => {
    const rom = {
      ...fullRom,
      ss: {},
      gamelist: { box3d_path: "roms/1/2/box3d/own.png", marquee_path: "m.png" },
    };
    const game = formatGame(rom, options());
    expect([tagOf(game, "box3d"), tagOf(game, "marquee")]).toEqual([
      "boxes: roms/1/2/box3d/own.png",
      "marquees: m.png",
    ]);
  });

  test("leads to a video site without a video of its own", () => {
    const rom = { ...plainRom, youtubeVideoId: "a/b&c" };
    expect(tagOf(formatGame(rom, options()), "video")).toBe("https://www.youtube.com/embed/a%2Fb%26c");
  });

  test.each([
    "../../config/config.yml",
    "/../secret",
    "roms/../../x.png",
    "a\\..\\b.png",
    "a//b.png",
    "./a.png",
    "nul\0.png",
    7,
    { path: "x" },
  ])("shows no media outside the resources: %p", (path) => {
    expect(tagOf(formatGame({ ...plainRom, ss: { box3d_path: path } }, options()), "box3d")).toBeNull();
  });

  test.each([
    [null, null],
    [Number.NaN, null],
    [8.7e15, null],
    [-62_200_000_000_000, null],
    [-1000, "19691231T235959"],
    [784_425_600_123, "19941110T000000"],
  ])("writes a release at %p as %p", (firstReleaseDateMs, expected) => {
    expect(tagOf(formatGame({ ...plainRom, firstReleaseDateMs }, options()), "releasedate")).toBe(expected);
  });

  test.each([
    [0, "0.00"],
    [7.25, "0.07"],
    [100, "1.00"],
  ])("writes a rating of %p as %p", (averageRating, expected) => {
    expect(tagOf(formatGame({ ...plainRom, averageRating }, options()), "rating")).toBe(expected);
  });
});

describe("escapeText", () => {
  test.each([
    ["a & b < c > d", "a &amp; b &lt; c &gt; d"],
    ["]]>", "]]&gt;"],
    ["two\r\nlines\rand", "two\nlines\nand"],
    ["\u0000\u0001\u000b\ufffftab\t", "tab\t"],
    ["\ud800 日本語 🎮", "\ufffd 日本語 🎮"],
  ])("writes %p", (text, expected) => expect(escapeText(text)).toBe(expected));
});
