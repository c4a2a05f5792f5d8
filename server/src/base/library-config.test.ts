import { describe, expect, test } from "bun:test";
import {
  DEFAULT_LIBRARY_CONFIG,
  LIBRARY_CONFIG_BYTES_MAX,
  type LibraryConfig,
  parseLibraryConfig,
  parseLibraryConfigValue,
} from "./library-config.ts";

const EXTENSIONS = ["bak", "cache", "crdownload", "db", "ini", "lock", "log", "tmp"];
const FILES = [
  "*:Zone.Identifier",
  ".DS_Store",
  ".Trashes",
  ".localized",
  ".stfolder",
  "@SynoResource",
  "gamelist.xml",
  "metadata.pegasus.txt",
];
const FOLDERS = [
  "#recycle",
  "$RECYCLE.BIN",
  ".DocumentRevisions-V100",
  ".Spotlight-V100",
  ".Trash-*",
  ".fseventsd",
  ".stfolder",
  "@eaDir",
  "System Volume Information",
  "__MACOSX",
  "assets",
];

const DEFAULTS: LibraryConfig = {
  excludePlatforms: FOLDERS,
  excludeSingleFileExtensions: EXTENSIONS,
  excludeSingleFileNames: FILES,
  excludeMultiFileNames: FOLDERS,
  excludeMultiFilePartExtensions: EXTENSIONS,
  excludeMultiFilePartNames: FILES,
  excludeDisabledDefaults: [],
  platformsBinding: new Map(),
  platformsVersions: new Map(),
  romsFolder: "roms",
  firmwareFolder: "bios",
  skipHashCalculation: false,
  skipHashPlatforms: [],
  emulatorJs: {
    debug: false,
    cacheLimitBytes: null,
    disableAutoUnload: false,
    disableBatchBootup: false,
    netplay: { enabled: false, iceServers: [] },
    settings: {},
    controls: {},
  },
  scan: {
    metadataPriority: [
      "igdb",
      "moby",
      "ss",
      "ra",
      "launchbox",
      "gamelist",
      "hasheous",
      "tgdb",
      "flashpoint",
      "hltb",
    ],
    artworkPriority: [
      "sgdb",
      "igdb",
      "moby",
      "ss",
      "libretro",
      "ra",
      "launchbox",
      "gamelist",
      "hasheous",
      "tgdb",
      "flashpoint",
      "hltb",
    ],
    coverPriority: null,
    screenshotPriority: null,
    manualPriority: null,
    regionPriority: ["us", "wor", "ss", "eu", "jp"],
    regionMode: "prefer_rom_tags",
    languagePriority: ["en"],
    media: ["box2d", "screenshot", "manual"],
    gamelist: { isExported: false, thumbnail: "box2d", image: "screenshot" },
    pegasus: { isExported: false },
  },
  streaming: { enabled: false, containers: [] },
};

const FULL_FILE = `
# a comment
exclude:
  platforms: [downloads, .Trash-*]
  roms:
    single_file:
      extensions: [TXT, " xml "]
      names: ["info.txt", 007]
    multi_file:
      names: [Final Fantasy XII]
      parts:
        extensions: [nfo]
        names: [data.xml]
  disable_defaults: [ini, assets]
system:
  platforms: { my-homebrew-box: arduboy, 2600: atari2600 }
  versions: { gba-hacks: gba }
filesystem:
  roms_folder: games
  firmware_folder: firmware/files
  skip_hash_calculation: yes
emulatorjs:
  debug: on
  cache_limit: 52428800
  disable_auto_unload: true
  disable_batch_bootup: TRUE
  netplay:
    enabled: true
    ice_servers:
      - urls: stun:one.example
      - { urls: [turn:two.example, turn:three.example], username: me, credential: 123 }
  settings:
    default: { fps: show, volume: 0.5, vsync: true }
  controls:
    snes:
      0: { 0: { value: x, value2: BUTTON_2 }, 1: { value: s } }
      _2: { 8: { value2: DPAD_UP, value: } }
scan:
  priority:
    metadata: [ss, igdb]
    artwork: [libretro]
    cover: [sgdb]
    screenshot: []
    region: [EU, " jp ", eu]
    region_mode: prefer_config
    language: [no, En]
  media: [video, box3d]
  gamelist:
    export: true
    media: { thumbnail: miximage, image: title_screen }
  pegasus: { export: true }
streaming:
  enabled: true
  containers:
    - { platform: ps2, host: box.example, broker_host: broker.example, label: Living room }
    - { platform: wii, host: box.example }
unknown: { key: 1 }
`;

describe("parseLibraryConfig", () => {
  test.each([
    "",
    "\n",
    "# only a comment",
    "---\n",
    "null",
    "{}",
    "exclude:\nscan:\n  priority:\n",
    "unknown: 1",
  ])("gives the defaults for %p", (text) => {
    expect(parseLibraryConfig(text)).toEqual({ config: DEFAULTS, problem: null });
  });

  test("reads every key", () => {
    const without = (names: string[], ...gone: string[]) => names.filter((name) => !gone.includes(name));
    const { config, problem } = parseLibraryConfig(FULL_FILE);
    expect(problem).toBeNull();
    expect(config).toEqual({
      excludePlatforms: [...without(FOLDERS, "assets"), "downloads"],
      excludeSingleFileExtensions: [...without(EXTENSIONS, "ini"), "txt", "xml"],
      excludeSingleFileNames: [...FILES, "007", "info.txt"].sort(),
      excludeMultiFileNames: [...without(FOLDERS, "assets"), "Final Fantasy XII"].sort(),
      excludeMultiFilePartExtensions: [...without(EXTENSIONS, "ini"), "nfo"].sort(),
      excludeMultiFilePartNames: [...FILES, "data.xml"].sort(),
      excludeDisabledDefaults: ["ini", "assets"],
      platformsBinding: new Map([
        ["my-homebrew-box", "arduboy"],
        ["2600", "atari2600"],
      ]),
      platformsVersions: new Map([["gba-hacks", "gba"]]),
      romsFolder: "games",
      firmwareFolder: "firmware/files",
      skipHashCalculation: true,
      skipHashPlatforms: [],
      emulatorJs: {
        debug: true,
        cacheLimitBytes: 52428800,
        disableAutoUnload: true,
        disableBatchBootup: true,
        netplay: {
          enabled: true,
          iceServers: [
            { urls: "stun:one.example" },
            { urls: "turn:two.example", username: "me", credential: "123" },
            { urls: "turn:three.example", username: "me", credential: "123" },
          ],
        },
        settings: { default: { fps: "show", volume: "0.5", vsync: "true" } },
        controls: {
          snes: [
            { 0: { value: "x", value2: "BUTTON_2" }, 1: { value: "s" } },
            {},
            { 8: { value2: "DPAD_UP" } },
            {},
          ],
        },
      },
      scan: {
        metadataPriority: ["ss", "igdb"],
        artworkPriority: ["libretro"],
        coverPriority: ["sgdb"],
        screenshotPriority: [],
        manualPriority: null,
        regionPriority: ["eu", "jp"],
        regionMode: "prefer_config",
        languagePriority: ["no", "en"],
        media: ["video", "box3d"],
        gamelist: { isExported: true, thumbnail: "miximage", image: "title_screen" },
        pegasus: { isExported: true },
      },
      streaming: {
        enabled: true,
        containers: [
          { platform: "ps2", host: "box.example", brokerHost: "broker.example", label: "Living room" },
          { platform: "wii", host: "box.example", brokerHost: null, label: null },
        ],
      },
    });
  });

  test.each([
    ["exclude:\n  platforms: x", "exclude.platforms: expected a list, found a text"],
    ["exclude: []", "exclude: expected a mapping, found a list"],
    ["exclude:\n  roms: 3", "exclude.roms: expected a mapping, found a text"],
    ["system:\n  platforms: [a]", "system.platforms: expected a mapping, found a list"],
    ["system:\n  platforms: { a: [b] }", "system.platforms.a: expected a name, found a list"],
    ["system:\n  versions: { a: '' }", "system.versions.a: expected a name, found nothing"],
    [
      "filesystem:\n  roms_folder: ''",
      "filesystem.roms_folder: expected a relative folder name, found nothing",
    ],
    [
      "filesystem:\n  roms_folder: ../x",
      "filesystem.roms_folder: expected a relative folder name, found a text",
    ],
    [
      "filesystem:\n  roms_folder: /x",
      "filesystem.roms_folder: expected a relative folder name, found a text",
    ],
    [
      "filesystem:\n  firmware_folder: .",
      "filesystem.firmware_folder: expected a relative folder name, found a text",
    ],
    [
      "filesystem:\n  skip_hash_calculation: maybe",
      "filesystem.skip_hash_calculation: expected true or false, found a text",
    ],
    [
      "emulatorjs:\n  cache_limit: -1",
      "emulatorjs.cache_limit: expected a whole number of bytes, found a text",
    ],
    [
      "emulatorjs:\n  cache_limit: 50MB",
      "emulatorjs.cache_limit: expected a whole number of bytes, found a text",
    ],
    [
      "emulatorjs:\n  netplay:\n    ice_servers: [{ username: x }]",
      "emulatorjs.netplay.ice_servers[0]: expected a mapping with urls, found a mapping",
    ],
    ["emulatorjs:\n  settings: { a: 1 }", "emulatorjs.settings.a: expected a mapping, found a text"],
    ["emulatorjs:\n  settings: { a: { b: [] } }", "emulatorjs.settings.a.b: expected a text, found a list"],
    ["emulatorjs:\n  controls: [1]", "emulatorjs.controls: expected a mapping, found a list"],
    [
      "scan:\n  priority:\n    region_mode: both",
      'scan.priority.region_mode: expected one of prefer_rom_tags, prefer_config; found "both"',
    ],
    [
      "streaming:\n  containers: [{ host: x }]",
      "streaming.containers[0]: expected a mapping with platform and host, found a mapping",
    ],
    ["exclude:\n  disable_defaults: [nope]", 'exclude.disable_defaults: "nope" is not a built-in exclusion'],
    ["just a text", "the file: expected a mapping, found a text"],
    ["- a\n- b", "the file: expected a mapping, found a list"],
  ])("keeps the default and says why for %p", (text, problem) => {
    const parsed = parseLibraryConfig(text);
    expect(parsed.problem).toBe(problem);
    const comparable: LibraryConfig = {
      ...parsed.config,
      excludeDisabledDefaults: [],
      emulatorJs: { ...parsed.config.emulatorJs, settings: {} },
    };
    expect(comparable).toEqual(DEFAULTS);
  });

  test("drops unknown words of a list and keeps the others", () => {
    const { config, problem } = parseLibraryConfig(
      "scan: { media: [box2d, hologram], priority: { artwork: [x] } }",
    );
    expect(config.scan.media).toEqual(["box2d"]);
    expect(config.scan.artworkPriority).toEqual(DEFAULTS.scan.artworkPriority);
    expect(problem).toContain("scan.media[1]: expected one of bezel, box2d,");
    expect(problem).toContain('found "hologram"');
    expect(problem).toContain("scan.priority.artwork[0]:");
  });

  test("lets one bad key leave the others alone", () => {
    const { config, problem } = parseLibraryConfig("filesystem: { roms_folder: [], firmware_folder: fw }");
    expect(config).toEqual({ ...DEFAULTS, firmwareFolder: "fw" });
    expect(problem).toBe("filesystem.roms_folder: expected a relative folder name, found a list");
  });

  test.each([
    ["scan: { export_gamelist: true }", true],
    ["scan: { export_gamelist: true, gamelist: { export: false } }", false],
    ["scan: { gamelist: { export: true } }", true],
  ])("accepts the older spelling of the gamelist switch: %s", (text, isExported) => {
    expect(parseLibraryConfig(text).config.scan.gamelist.isExported).toBe(isExported);
  });

  test("takes a built-in out even when the file lists it", () => {
    const text =
      "exclude: { roms: { single_file: { extensions: [ini, db] } }, disable_defaults: [ini, ._*] }";
    const { config, problem } = parseLibraryConfig(text);
    expect(problem).toBeNull();
    expect(config.excludeSingleFileExtensions).toEqual(EXTENSIONS.filter((extension) => extension !== "ini"));
    expect(config.excludeDisabledDefaults).toEqual(["ini", "._*"]);
  });

  test.each([
    ["exclude:\n  platforms: [a\nscan: b", "line 3, column 1"],
    ["a: b: c", "line 1, column 4"],
    ["\tx: 1", "line 1"],
    ["a: *nowhere", "Unresolved alias"],
    ['a: "open', "Missing closing"],
    ["? [a]\n: 1", "line 1"],
  ])("gives all defaults and the parser's words for %p", (text, words) => {
    const parsed = parseLibraryConfig(text);
    expect(parsed.config).toEqual(DEFAULTS);
    expect(parsed.problem).toContain(words);
  });

  test("uses the last of a repeated key and says so", () => {
    const { config, problem } = parseLibraryConfig(
      "filesystem: { roms_folder: a }\nfilesystem:\n  roms_folder: b\n",
    );
    expect(config.romsFolder).toBe("b");
    expect(problem).toBe("line 2: a key repeats an earlier one, which is ignored");
  });

  test("understands anchors, merged mappings, a byte order mark and Windows line ends", () => {
    const text =
      "\ufeffbase: &base\r\n  roms_folder: a\r\nfilesystem:\r\n  <<: *base\r\n  firmware_folder: b\r\n";
    expect(parseLibraryConfig(text)).toEqual({
      config: { ...DEFAULTS, romsFolder: "a", firmwareFolder: "b" },
      problem: null,
    });
  });

  test("refuses an alias bomb", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = level === 0 ? "x" : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => items).join(", ")}]`;
    });
    const parsed = parseLibraryConfig(levels.join("\n"));
    expect(parsed.config).toEqual(DEFAULTS);
    expect(parsed.problem).toContain("alias");
  });

  test("survives a mapping that contains itself", () => {
    const { config } = parseLibraryConfig("system: &s\n  platforms: *s\n");
    expect(config.platformsBinding.size).toBe(0);
  });

  test("survives deep nesting", () => {
    const parsed = parseLibraryConfig("[".repeat(50_000));
    expect(parsed.config).toEqual(DEFAULTS);
    expect(parsed.problem).not.toBeNull();
  });

  test("keeps keys that are also names of object members as data", () => {
    const { config, problem } = parseLibraryConfig(
      "system: { platforms: { __proto__: nes, constructor: gba } }",
    );
    expect([...config.platformsBinding]).toEqual([
      ["__proto__", "nes"],
      ["constructor", "gba"],
    ]);
    expect(problem).toBeNull();
    expect(config.platformsBinding.get("toString")).toBeUndefined();
  });

  test("refuses a file above the limit by its bytes", () => {
    const fits = `#${" ".repeat(LIBRARY_CONFIG_BYTES_MAX - 1)}`;
    expect(parseLibraryConfig(fits).problem).toBeNull();
    expect(parseLibraryConfig(`${fits} `).problem).toBe("the file is larger than 1048576 bytes");
    expect(parseLibraryConfig(`#${"é".repeat(LIBRARY_CONFIG_BYTES_MAX / 2)}`).problem).not.toBeNull();
  });

  test.each([`a: *${"x".repeat(9_000)}`, `exclude: { disable_defaults: [${"x".repeat(9_000)}] }`])(
    "keeps the problem short (case %#)",
    (text) => {
      expect(parseLibraryConfig(text).problem?.length).toBeLessThan(400);
    },
  );

  test("never repeats a secret in a problem", () => {
    const text = "emulatorjs: { netplay: { ice_servers: [{ credential: hunter2 }] } }";
    expect(parseLibraryConfig(text).problem).not.toContain("hunter2");
  });
});

describe("parseLibraryConfigValue", () => {
  test("takes numbers and switches as a YAML reader gives them", () => {
    const { config, problem } = parseLibraryConfigValue({
      exclude: { platforms: [2600, true] },
      emulatorjs: { cache_limit: 5, debug: true },
    });
    expect(problem).toBeNull();
    expect(config.excludePlatforms).toContain("2600");
    expect(config.excludePlatforms).toContain("true");
    expect(config.emulatorJs.cacheLimitBytes).toBe(5);
    expect(config.emulatorJs.debug).toBe(true);
  });

  test("refuses numbers that are no byte count", () => {
    for (const limit of [1.5, -1, Number.NaN, 2 ** 60]) {
      const { config, problem } = parseLibraryConfigValue({ emulatorjs: { cache_limit: limit } });
      expect(config.emulatorJs.cacheLimitBytes).toBeNull();
      expect(problem).toContain("emulatorjs.cache_limit");
    }
  });
});

test("DEFAULT_LIBRARY_CONFIG is the configuration of an empty file", () => {
  expect(DEFAULT_LIBRARY_CONFIG).toEqual(DEFAULTS);
});
