// The settings of config.yml, and who may change them, through both doors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { VIEWER } from "../auth/calls.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles, type FaultyFiles } from "../ports/files/faulty.ts";
import { EDITOR, openTwoDoors, seen, type TwoDoors } from "./scene.testing.ts";

let doors: TwoDoors;
let files: FaultyFiles;

beforeAll(async () => {
  files = createFaultyFiles(createDiskFiles());
  doors = await openTwoDoors({ files });
}, 30_000);
afterAll(() => doors.app.close());
beforeEach(async () => {
  files.heal();
  await doors.writeFile("");
});

const NOT_WRITABLE = { detail: "Config file is not writable. Check config.yml permissions" };
const KEYS = [
  ...["CONFIG_FILE_MOUNTED", "CONFIG_FILE_WRITABLE", "CONFIG_FILE_PARSE_ERROR", "EXCLUDED_PLATFORMS"],
  ...["EXCLUDED_SINGLE_EXT", "EXCLUDED_SINGLE_FILES", "EXCLUDED_MULTI_FILES", "EXCLUDED_MULTI_PARTS_EXT"],
  ...["EXCLUDED_MULTI_PARTS_FILES", "DEFAULT_EXCLUDED_DIRS", "DEFAULT_EXCLUDED_FILES"],
  ...["DEFAULT_EXCLUDED_EXTENSIONS", "PLATFORMS_BINDING", "PLATFORMS_VERSIONS", "SKIP_HASH_CALCULATION"],
  ...["EJS_DEBUG", "EJS_CACHE_LIMIT", "EJS_DISABLE_AUTO_UNLOAD", "EJS_DISABLE_BATCH_BOOTUP"],
  ...["EJS_NETPLAY_ENABLED", "EJS_NETPLAY_ICE_SERVERS", "EJS_SETTINGS", "EJS_CONTROLS"],
  ...["SCAN_METADATA_PRIORITY", "SCAN_ARTWORK_PRIORITY", "SCAN_ARTWORK_PRIORITY_OVERRIDES"],
  ...["SCAN_REGION_PRIORITY", "SCAN_LANGUAGE_PRIORITY", "SCAN_MEDIA", "GAMELIST_AUTO_EXPORT_ON_SCAN"],
  ...["GAMELIST_MEDIA_THUMBNAIL", "GAMELIST_MEDIA_IMAGE", "PEGASUS_AUTO_EXPORT_ON_SCAN"],
];
const readConfig = async () => (await doors.call("/api/config")).json as Record<string, unknown>;

describe("GET /api/config", () => {
  test("answers every key in its order", async () => {
    const { status, json } = await doors.call("/api/config");
    expect([status, Object.keys(json as object)]).toEqual([200, KEYS]);
  });

  test("hides passwords and mistakes from whom is not signed in", async () => {
    await doors.writeFile(`
filesystem: { roms_folder: [1] }
emulatorjs:
  netplay: { enabled: true, ice_servers: [{ urls: "turn:a", username: u, credential: hunter2 }] }
  controls: { snes9x: { 0: { A: { value: x } } } }
`);
    const guest = await doors.call("/api/config", { authorization: undefined });
    expect(guest.text).not.toMatch(/hunter2|roms_folder/);
    expect(guest.json).toMatchObject({ EJS_NETPLAY_ENABLED: true, EJS_NETPLAY_ICE_SERVERS: [] });
    expect(guest.json).toMatchObject({ CONFIG_FILE_PARSE_ERROR: null });
    const viewer = (await doors.call("/api/config", { authorization: VIEWER })).json;
    expect(viewer).toMatchObject({
      EJS_NETPLAY_ICE_SERVERS: [{ urls: "turn:a", username: "u", credential: "hunter2" }],
      EJS_CONTROLS: { snes9x: { _0: { A: { value: "x" } }, _1: {}, _2: {}, _3: {} } },
    });
    expect(String((viewer as Record<string, unknown>).CONFIG_FILE_PARSE_ERROR)).toContain("roms_folder");
    const rpc = await doors.ask("config.get", undefined, null);
    expect(JSON.stringify(rpc.data)).not.toMatch(/hunter2|roms_folder/);
    expect(JSON.stringify((await doors.ask("config.get")).data)).toContain("hunter2");
  });

  test("tells a file that cannot be written", async () => {
    expect(await readConfig()).toMatchObject({ CONFIG_FILE_MOUNTED: true, CONFIG_FILE_WRITABLE: true });
    const canWrite = (path: string) => Promise.resolve(!path.endsWith("config.yml"));
    const frozen = await openTwoDoors({ files: { ...createDiskFiles(), canWrite } });
    await frozen.writeFile("system: {}\n");
    expect((await frozen.call("/api/config")).json).toMatchObject({ CONFIG_FILE_WRITABLE: false });
    const json = { fs_slug: "a", slug: "nes" };
    expect(seen(await frozen.call("/api/config/system/platforms", { json }))).toEqual([500, NOT_WRITABLE]);
    expect(await frozen.readFile()).toBe("system: {}\n");
    await frozen.app.close();
  }, 20_000);
});

describe("bindings", () => {
  const places: [string, string, string, string][] = [
    ["platforms", "PLATFORMS_BINDING", "config.bindPlatform", "config.unbindPlatform"],
    ["versions", "PLATFORMS_VERSIONS", "config.bindVersion", "config.unbindVersion"],
  ];
  test.each(places)("of %s are stored, replaced and forgotten", async (place, key, bind, unbind) => {
    const path = `/api/config/system/${place}`;
    const post = (json: object) => doors.call(path, { json });
    expect(seen(await post({ fs_slug: "my box", slug: "arduboy", more: 1 }))).toEqual([200, null]);
    expect((await readConfig())[key]).toEqual({ "my box": "arduboy" });
    await post({ fs_slug: "my box", slug: "nes" });
    await post({ fs_slug: "2600", slug: "atari2600" });
    expect(await doors.readFile()).toBe(`system:\n  ${place}:\n    "my box": nes\n    "2600": atari2600\n`);
    expect(seen(await doors.call(`${path}/my%20box`, { method: "DELETE" }))).toEqual([200, null]);
    expect(seen(await doors.call(`${path}/absent`, { method: "DELETE" }))).toEqual([200, null]);
    expect((await readConfig())[key]).toEqual({ "2600": "atari2600" });
    expect((await doors.tell(bind, { fsSlug: "b", slug: "snes" }, EDITOR)).status).toBe(200);
    expect((await doors.tell(unbind, { fsSlug: "2600" }, EDITOR)).status).toBe(200);
    expect((await readConfig())[key]).toEqual({ b: "snes" });
  });

  const refused: [object, string][] = [
    [{ fs_slug: "a" }, "slug"],
    [{ slug: "a" }, "fs_slug"],
    [{ fs_slug: "", slug: "a" }, "fs_slug"],
    [{ fs_slug: "a/b", slug: "a" }, "fs_slug"],
    [{ fs_slug: "a", slug: " " }, "slug"],
    [{ fs_slug: "a", slug: 5 }, "slug"],
    [{ fs_slug: "x".repeat(256), slug: "a" }, "fs_slug"],
  ];
  test.each(refused)("refuse %p", async (json, field) => {
    const { status, text } = await doors.call("/api/config/system/platforms", { json });
    expect([status, text.includes(`["body","${field}"]`)]).toEqual([422, true]);
    expect(await doors.readFile()).toBe("");
  });

  test("are for those who may change platforms", async () => {
    const json = { fs_slug: "a", slug: "nes" };
    const as = async (authorization: string | undefined) =>
      seen(await doors.call("/api/config/system/platforms", { json, authorization }));
    expect(await as(VIEWER)).toEqual([403, { detail: "Forbidden" }]);
    expect((await doors.tell("config.bindPlatform", { fsSlug: "a", slug: "nes" }, VIEWER)).status).toBe(403);
    expect(await doors.readFile()).toBe("");
    expect(await as(EDITOR)).toEqual([200, null]);
  });
});

describe("exclusions", () => {
  const lists: [string, string, string][] = [
    ["EXCLUDED_PLATFORMS", "downloads", "exclude:\n  platforms:\n    - downloads\n"],
    [
      "EXCLUDED_SINGLE_FILES",
      "*.txt",
      'exclude:\n  roms:\n    single_file:\n      names:\n        - "*.txt"\n',
    ],
    ["EXCLUDED_SINGLE_EXT", "txt", "exclude:\n  roms:\n    single_file:\n      extensions:\n        - txt\n"],
    [
      "EXCLUDED_MULTI_FILES",
      "extras",
      "exclude:\n  roms:\n    multi_file:\n      names:\n        - extras\n",
    ],
    [
      "EXCLUDED_MULTI_PARTS_EXT",
      "nfo",
      "exclude:\n  roms:\n    multi_file:\n      parts:\n        extensions:\n          - nfo\n",
    ],
    [
      "EXCLUDED_MULTI_PARTS_FILES",
      "x",
      "exclude:\n  roms:\n    multi_file:\n      parts:\n        names:\n          - x\n",
    ],
  ];
  test.each(lists)("of %s are stored once and taken back", async (type, value, text) => {
    const json = { exclusion_type: type, exclusion_value: value };
    for (const path of ["/api/config/exclude", "/api/config/system/exclusions"]) {
      expect(seen(await doors.call(path, { json }))).toEqual([200, null]);
    }
    expect(await doors.readFile()).toBe(text);
    expect((await readConfig())[type]).toContain(value);
    const path = `/api/config/exclude/${type}/${encodeURIComponent(value)}`;
    expect(seen(await doors.call(path, { method: "DELETE" }))).toEqual([200, null]);
    expect((await readConfig())[type]).not.toContain(value);
  });

  test("of the older path are taken back with a body", async () => {
    const json = { exclusion_type: "EXCLUDED_SINGLE_EXT", exclusion_value: "TXT" };
    await doors.call("/api/config/exclude", { json: { ...json, exclusion_value: "txt" } });
    expect(seen(await doors.call("/api/config/system/exclusions", { method: "DELETE", json }))).toEqual([
      200,
      null,
    ]);
    expect((await readConfig()).EXCLUDED_SINGLE_EXT).not.toContain("txt");
  });

  test("that are built in are neither written nor taken away", async () => {
    const json = { exclusion_type: "EXCLUDED_SINGLE_EXT", exclusion_value: "INI" };
    await doors.call("/api/config/exclude", { json });
    await doors.call("/api/config/exclude/EXCLUDED_SINGLE_EXT/ini", { method: "DELETE" });
    expect(await doors.readFile()).toBe("");
    expect((await readConfig()).EXCLUDED_SINGLE_EXT).toContain("ini");
  });

  test("that the file disabled come back when asked for", async () => {
    await doors.writeFile("exclude:\n  disable_defaults: [ini, db]\n");
    await doors.tell("config.addExclusion", { type: "singleFileExtensions", value: "ini" });
    expect(await doors.readFile()).toBe("exclude:\n  disable_defaults: [db]\n");
    expect((await readConfig()).EXCLUDED_SINGLE_EXT).toContain("ini");
  });

  test("of a list that does not exist are refused, through both doors", async () => {
    const json = { exclusion_type: "NOPE", exclusion_value: "txt" };
    const refusal = [400, { detail: "Unknown exclusion type 'NOPE'" }];
    expect(seen(await doors.call("/api/config/exclude", { json }))).toEqual(refusal);
    expect(seen(await doors.call("/api/config/exclude/NOPE/txt", { method: "DELETE" }))).toEqual(refusal);
    for (const type of ["NOPE", "__proto__", "toString"]) {
      const rpc = await doors.tell("config.addExclusion", { type, value: "txt" });
      expect([rpc.status, rpc.code]).toEqual([400, "CONFIG_EXCLUSION_UNKNOWN"]);
    }
    const { status } = await doors.call("/api/config/exclude", { json: { exclusion_type: 5 } });
    expect(status).toBe(422);
    expect(await doors.readFile()).toBe("");
  });
});

const SCAN = {
  metadata_priority: ["igdb", "igdb", "ra"],
  artwork_priority: ["sgdb"],
  region_priority: [" US ", "us", "jp"],
  language_priority: ["EN"],
  media: [],
  gamelist_export: false,
  gamelist_thumbnail: "box3d",
  gamelist_image: "screenshot",
  pegasus_export: true,
};

describe("PUT /api/config/scan", () => {
  const put = (json: unknown) => doors.call("/api/config/scan", { method: "PUT", json });

  test("sets what is other than now and keeps the rest", async () => {
    await doors.writeFile(
      "scan:\n  # chosen by hand\n  priority:\n    region_mode: prefer_config\n    cover: [ra]\n  other: 1\n  export_gamelist: true\n",
    );
    expect(seen(await put(SCAN))).toEqual([200, null]);
    expect(await readConfig()).toMatchObject({
      SCAN_METADATA_PRIORITY: ["igdb", "ra"],
      SCAN_ARTWORK_PRIORITY: ["sgdb"],
      SCAN_ARTWORK_PRIORITY_OVERRIDES: {},
      SCAN_REGION_PRIORITY: ["us", "jp"],
      SCAN_LANGUAGE_PRIORITY: ["en"],
      SCAN_MEDIA: [],
      GAMELIST_AUTO_EXPORT_ON_SCAN: false,
      GAMELIST_MEDIA_THUMBNAIL: "box3d",
      GAMELIST_MEDIA_IMAGE: "screenshot",
      PEGASUS_AUTO_EXPORT_ON_SCAN: true,
    });
    const text = await doors.readFile();
    expect(text).toContain("  # chosen by hand\n  priority:\n    region_mode: prefer_config\n");
    expect(text).toContain("  other: 1\n");
    // Defaults are not written.
    expect(text).not.toMatch(/language|screenshot/);
    const before = await doors.readFile();
    await put(SCAN);
    expect(await doors.readFile()).toBe(before);
  });

  test("keeps orders of their own for covers, screenshots and manuals", async () => {
    await put({ ...SCAN, cover_priority: ["ra"], screenshot_priority: ["ss"], manual_priority: ["moby"] });
    expect(await readConfig()).toMatchObject({
      SCAN_ARTWORK_PRIORITY_OVERRIDES: {
        url_cover: ["ra"],
        url_screenshots: ["ss"],
        url_manual: ["moby"],
      },
    });
    await put({ ...SCAN, cover_priority: null });
    expect((await readConfig()).SCAN_ARTWORK_PRIORITY_OVERRIDES).toEqual({});
  });

  const refused: [object, string][] = [
    ...Object.keys(SCAN).map((key): [object, string] => [{ [key]: undefined }, key]),
    [{ metadata_priority: ["nope"] }, "metadata_priority"],
    [{ cover_priority: ["nope"] }, "cover_priority"],
    [{ media: ["nope"] }, "media"],
    [{ gamelist_thumbnail: "screenshot" }, "gamelist_thumbnail"],
    [{ gamelist_image: "physical" }, "gamelist_image"],
    [{ pegasus_export: "maybe" }, "pegasus_export"],
    [{ region_priority: "us" }, "region_priority"],
  ];
  test.each(refused)("refuses %p", async (change, field) => {
    const { status, text } = await put({ ...SCAN, ...change });
    expect([status, text.includes(`["body","${field}"`)]).toEqual([422, true]);
    expect(await doors.readFile()).toBe("");
  });
});

describe("a file that cannot be changed", () => {
  const bind = () => doors.call("/api/config/system/platforms", { json: { fs_slug: "a", slug: "nes" } });

  test.each(["system: [", "system: { platforms: 5 }\n", "- a\n"])("stays as it is: %p", async (text) => {
    await doors.writeFile(text);
    expect(seen(await bind())).toEqual([500, NOT_WRITABLE]);
    const rpc = await doors.tell("config.bindPlatform", { fsSlug: "a", slug: "nes" });
    expect([rpc.status, rpc.code, rpc.message]).toEqual([409, "CONFIG_NOT_WRITABLE", NOT_WRITABLE.detail]);
    expect(await doors.readFile()).toBe(text);
  });

  test.each(["EACCES", "EROFS", "EBUSY", "EIO"] as const)("answers so for %s", async (error) => {
    await doors.writeFile("a: 1\n");
    files.inject({ operation: "writeAtomic", path: /config\.yml$/, error, times: 1 });
    expect(seen(await bind())).toEqual([500, NOT_WRITABLE]);
    expect(await doors.readFile()).toBe("a: 1\n");
  });

  test("is told apart from a full disk", async () => {
    files.inject({ operation: "writeAtomic", path: /config\.yml$/, error: "ENOSPC", times: 1 });
    expect((await bind()).status).toBe(507);
    expect(seen(await bind())).toEqual([200, null]);
  });
});

describe("the file", () => {
  test("holds every one of many changes at once", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `folder-${index}`);
    const answers = await Promise.all(
      names.map((fsSlug) => doors.tell("config.bindPlatform", { fsSlug, slug: "nes" })),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    expect(Object.keys((await readConfig()).PLATFORMS_BINDING as object).sort()).toEqual(names.sort());
  });

  test("stays a link when it is one", async () => {
    const path = join(doors.app.basePath, "config", "config.yml");
    const target = join(doors.app.basePath, "elsewhere.yml");
    await Bun.write(target, "# here\n");
    await unlink(path);
    await symlink(target, path);
    await doors.call("/api/config/system/platforms", { json: { fs_slug: "a", slug: "nes" } });
    expect(await Bun.file(target).text()).toBe("# here\n\nsystem:\n  platforms:\n    a: nes\n");
    await unlink(path);
  });
});
