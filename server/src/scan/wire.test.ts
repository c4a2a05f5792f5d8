import { describe, expect, test } from "bun:test";
import { isAppError } from "../base/errors.ts";
import { StartScanInput } from "./contract.ts";
import { readScanRequest, toScanLogWire } from "./wire.ts";

const EVERYTHING = { type: "quick", platformIds: [], platformFsSlugs: [] };
/** Sources are handed on once the operation knows of them. */
const withSources = (sources: readonly string[]) => ("sources" in StartScanInput.entries ? { sources } : {});

describe("readScanRequest", () => {
  test.each([
    ["no payload", undefined, { ...EVERYTHING, ...withSources([]) }],
    ["null", null, { ...EVERYTHING, ...withSources([]) }],
    ["an empty object", {}, { ...EVERYTHING, ...withSources([]) }],
    ["fields of null", { type: null, platforms: null }, { ...EVERYTHING, ...withSources([]) }],
    [
      "a type in any case",
      { type: "New_Platforms" },
      { ...EVERYTHING, type: "new_platforms", ...withSources([]) },
    ],
    [
      "platforms by id and by folder",
      { type: "complete", platforms: [1, "2"], platform_fs_slugs: ["gb"] },
      { type: "complete", platformIds: [1, 2], platformFsSlugs: ["gb"], ...withSources([]) },
    ],
    [
      "roms, which alone count then",
      { roms_ids: ["7", 8], platforms: [1], platform_fs_slugs: ["gb"] },
      { type: "quick", romIds: [7, 8], ...withSources([]) },
    ],
    [
      "sources, of which one is switched off",
      { apis: ["igdb", "playmatch"], playmatch_enabled: false, launchbox_remote_enabled: false },
      { ...EVERYTHING, ...withSources(["igdb"]) },
    ],
    ["what it does not know", { extra: 1 }, { ...EVERYTHING, ...withSources([]) }],
  ])("reads %s", (_name, payload, expected) => {
    expect(readScanRequest(payload)).toEqual(expected as never);
  });

  test.each([
    [[]],
    [7],
    ["quick"],
    [new Uint8Array(3)],
    [{ type: "everything" }],
    [{ type: 1 }],
    [{ platforms: [0] }],
    [{ platforms: ["1.5"] }],
    [{ platforms: [99_999_999_999] }],
    [{ platforms: { length: 1 } }],
    [{ platform_fs_slugs: [1] }],
    [{ roms_ids: [null] }],
    [{ apis: "igdb" }],
    [{ playmatch_enabled: "no" }],
  ])("refuses %p", (payload) => {
    let thrown: unknown = null;
    try {
      readScanRequest(payload);
    } catch (error) {
      thrown = error;
    }
    expect(isAppError(thrown) && thrown.code).toBe("INPUT_INVALID");
  });
});

describe("toScanLogWire", () => {
  test("names a rom or platform only when there is one", () => {
    expect(toScanLogWire({ level: "INFO", message: "m" }, 5)).toEqual({ ts: 5, level: "INFO", message: "m" });
    expect(toScanLogWire({ level: "ERROR", message: "m", romId: 1, platformId: 2 }, 5)).toEqual({
      ts: 5,
      level: "ERROR",
      message: "m",
      rom_id: 1,
      platform_id: 2,
    });
  });
});
