import { describe, expect, test } from "bun:test";
import { parseLibraryConfigValue } from "../../base/library-config.ts";
import { PENDING_ALL, type Pending, type Place } from "./contract.ts";
import { WATCHING_PENDING_MAX } from "./limits.ts";
import {
  addChange,
  chooseDue,
  createLibraryMap,
  formatPending,
  needsPolling,
  parsePending,
  withoutScanned,
} from "./rules.ts";

const { config } = parseLibraryConfigValue({ exclude: { platforms: ["drafts"] } });
const a = createLibraryMap(config, "a");
const b = createLibraryMap(config, "b");
const none = createLibraryMap(config, null);

describe("isIgnored", () => {
  test.each([
    ["roms/nes/game.nes", null, false],
    ["roms/nes/.romm_tmp_123", null, true],
    ["roms/nes/.romm_tmp_123/game.nes", null, true],
    ["roms/nes/.multitap-0123456789abcdef.partial", false, true],
    ["roms/nes/.game.zip.assembling", null, true],
    ["roms/nes/game.tmp", null, true],
    ["roms/nes/game.TMP", false, true],
    ["roms/nes/saves.db", true, false],
    ["roms/nes/@eaDir", null, true],
    ["roms/nes/@eaDir/thumb.jpg", null, true],
    ["roms/psx/Game/disc.cue", null, false],
    ["roms/psx/Game/track.log", null, true],
    ["roms/psx/Game/@eaDir/track.bin", null, true],
    ["roms/psx/Game.log/track.bin", null, false],
    ["roms/drafts/a.nes", null, true],
    ["roms/drafts", true, true],
    ["bios/psx/scph1001.bin", null, false],
    ["bios/psx/.DS_Store", null, true],
    ["roms", true, false],
    ["other/file", null, true],
    ["other", true, true],
  ] as const)("of structure A: %s (folder: %p) is %p", (path, isFolder, expected) => {
    expect(a.isIgnored(path, isFolder)).toBe(expected);
  });

  test.each([
    ["nes/roms/game.nes", null, false],
    ["nes/roms/game.ini", null, true],
    ["nes/bios/x.bin", null, false],
    ["drafts/roms/a.nes", null, true],
    ["drafts", true, true],
    ["nes", true, false],
    ["nes/cover.png", null, false],
  ] as const)("of structure B: %s (folder: %p) is %p", (path, isFolder, expected) => {
    expect(b.isIgnored(path, isFolder)).toBe(expected);
  });

  test("of a library without structure is what is on its way only", () => {
    expect(none.isIgnored("roms", true)).toBe(false);
    expect(none.isIgnored("x/.romm_tmp_1", null)).toBe(true);
  });
});

describe("locate", () => {
  const platform = (fsSlug: string): Place => ({ kind: "platform", fsSlug });
  test.each([
    ["roms/nes", "a.nes", platform("nes")],
    ["roms/nes", null, platform("nes")],
    ["roms/psx/Game", "x.bin", platform("psx")],
    ["bios/psx", null, platform("psx")],
    ["bios", "psx", platform("psx")],
    ["bios", null, { kind: "none" }],
    ["roms", "nes", { kind: "platforms" }],
    ["roms", null, { kind: "platforms" }],
    ["", "roms", { kind: "all" }],
    ["", null, { kind: "all" }],
    ["", "other", { kind: "none" }],
    ["other", "x", { kind: "none" }],
  ] as const)("of structure A: %p %p", (folder, name, expected) => {
    expect(a.locate(folder, name)).toEqual(expected);
  });

  test.each([
    ["nes/roms", "a.nes", platform("nes")],
    ["nes/roms/Game", null, platform("nes")],
    ["nes/bios", null, platform("nes")],
    ["nes", "bios", platform("nes")],
    ["nes", "roms", { kind: "platforms" }],
    ["nes", null, { kind: "platforms" }],
    ["", "nes", { kind: "platforms" }],
    ["", null, { kind: "all" }],
  ] as const)("of structure B: %p %p", (folder, name, expected) => {
    expect(b.locate(folder, name)).toEqual(expected);
  });

  test("follows folders of other names, also nested ones", () => {
    const { config: other } = parseLibraryConfigValue({ filesystem: { roms_folder: "games/roms" } });
    const map = createLibraryMap(other, "a");
    expect(map.isIgnored("games", true)).toBe(false);
    expect(map.locate("games/roms/nes", "x")).toEqual(platform("nes"));
    expect(map.locate("games", "roms")).toEqual({ kind: "all" });
    expect(map.locate("games/roms", "nes")).toEqual({ kind: "platforms" });
  });
});

const rule = { delayMs: 100, delayMaxMs: 600 };
const pendingOf = (changes: Record<string, readonly [number, number]>): Pending =>
  new Map(Object.entries(changes).map(([key, [firstAtMs, lastAtMs]]) => [key, { firstAtMs, lastAtMs }]));

describe("chooseDue", () => {
  test.each([
    ["nothing when nothing waits", {}, 1_000, []],
    ["nothing before the delay is over", { nes: [0, 0] }, 99, []],
    ["a platform that has been quiet for the delay", { nes: [0, 50] }, 150, ["nes"]],
    ["a platform that never rests, after the longest wait", { nes: [0, 590] }, 600, ["nes"]],
    ["neither end of a move while one of them goes on", { gb: [0, 0], nes: [50, 120] }, 150, []],
    ["both ends of a move at once", { gb: [0, 0], nes: [50, 120] }, 220, ["gb", "nes"]],
    ["one of two that have nothing to do with each other", { gb: [0, 0], nes: [150, 160] }, 200, ["gb"]],
    ["a chain of platforms as a whole", { c: [180, 190], a: [0, 10], b: [90, 100] }, 290, ["a", "b", "c"]],
  ] as const)("chooses %s", (_name, changes, nowMs, expected) => {
    expect(chooseDue(pendingOf(changes), nowMs, rule)).toEqual([...expected]);
  });
});

describe("pending changes", () => {
  test("remember when they began and when they were last", () => {
    const pending = addChange(addChange(new Map(), "nes", 5), "nes", 9);
    expect([...pending]).toEqual([["nes", { firstAtMs: 5, lastAtMs: 9 }]]);
  });

  test("become everything when too many platforms wait", () => {
    let pending: Pending = new Map();
    for (let index = 0; index < WATCHING_PENDING_MAX; index += 1) {
      pending = addChange(pending, `p${index}`, index + 1);
    }
    expect(pending.size).toBe(WATCHING_PENDING_MAX);
    expect([...addChange(pending, "last", 5_000)]).toEqual([
      [PENDING_ALL, { firstAtMs: 1, lastAtMs: 5_000 }],
    ]);
  });

  test("stay when they went on after they were chosen, even in the same millisecond", () => {
    const chosen = addChange(addChange(new Map(), "nes", 5), "gb", 5);
    const pending = addChange(chosen, "nes", 5);
    expect([...withoutScanned(pending, chosen).keys()]).toEqual(["nes"]);
  });

  test("come back from their text, with the delay begun anew", () => {
    const pending = pendingOf({ nes: [5, 9], "Sega CD": [6, 6], [PENDING_ALL]: [7, 7] });
    expect([...parsePending(formatPending(pending), 50)]).toEqual([
      ["nes", { firstAtMs: 5, lastAtMs: 50 }],
      ["Sega CD", { firstAtMs: 6, lastAtMs: 50 }],
      [PENDING_ALL, { firstAtMs: 7, lastAtMs: 50 }],
    ]);
  });

  test("of a clock that was set back do not lie in the future", () => {
    expect(parsePending('[["nes",900]]', 50).get("nes")).toEqual({ firstAtMs: 50, lastAtMs: 50 });
  });

  test.each(["", "{", "null", "[1]", '[["nes"]]', '[["nes","x"]]'])(
    "of damaged text %p are everything",
    (text) => {
      expect([...parsePending(text, 50).keys()]).toEqual([PENDING_ALL]);
    },
  );

  test("are none without a text", () => {
    expect(parsePending(null, 50).size).toBe(0);
  });
});

test.each([
  ["nfs", true],
  ["cifs", true],
  ["fuse", true],
  ["ext4", false],
  ["overlay", false],
  [null, false],
] as const)("a library on %p has to be polled: %p", (fsType, expected) => {
  expect(needsPolling(fsType)).toBe(expected);
});
