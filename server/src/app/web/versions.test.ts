import { describe, expect, test } from "bun:test";
import type { HistoricVersion } from "@multitap/client";
import { toLanes } from "./versions.ts";

const version = (more: Partial<HistoricVersion>): HistoricVersion => ({
  versionId: 1,
  trashId: null,
  romId: 4,
  kind: "save",
  slot: "main",
  name: "game.srm",
  fileName: "game.srm",
  sizeBytes: 8_192,
  contentHash: null,
  sha1: "",
  isBundle: false,
  originDeviceId: null,
  updatedAt: "2026-05-02T12:00:00.000Z",
  reason: null,
  trashedAt: null,
  purgedAt: null,
  ...more,
});
const at = (minute: string) => `2026-05-02T12:${minute}:00.000Z`;

describe("toLanes", () => {
  test("puts versions of one slot and name together, the newest first", () => {
    const history = [
      version({ versionId: 3, updatedAt: at("03") }),
      version({ versionId: 9, slot: null, updatedAt: at("02") }),
      version({ versionId: 5, updatedAt: at("05") }),
    ];
    const lanes = toLanes(history, new Map());
    expect(lanes.map(({ slot, newestId }) => [slot, newestId])).toEqual([
      ["main", 5],
      [null, 9],
    ]);
    expect(lanes[0]?.versions.map(({ version: each }) => each.versionId)).toEqual([5, 3]);
  });

  test("offers to restore what is older or in the trash, and not what is gone for good", () => {
    const trashed = { versionId: null, reason: "deleted", trashedAt: at("09") } as const;
    const history = [
      version({ ...trashed, trashId: 8, updatedAt: at("08") }),
      version({ versionId: 7, updatedAt: at("07") }),
      version({ versionId: 6, updatedAt: at("06") }),
      version({ ...trashed, trashId: 5, purgedAt: at("30"), updatedAt: at("05") }),
    ];
    const [lane] = toLanes(history, new Map());
    expect(lane?.newestId).toBe(7);
    expect(lane?.versions.map(({ isNewest, isRestorable }) => [isNewest, isRestorable])).toEqual([
      [false, true],
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  test("goes on top of nothing when all versions are in the trash", () => {
    const [lane] = toLanes([version({ versionId: null, trashId: 2, reason: "replaced" })], new Map());
    expect(lane?.newestId).toBeNull();
  });

  test("says the size, the device and why a version is in the trash", () => {
    const names = new Map([["d1", "Deck"]]);
    const [lane] = toLanes([version({ originDeviceId: "d1" })], names);
    expect(lane?.versions[0]?.text).toBe("newest, 8.19 KB, from Deck");
    const [other] = toLanes(
      [version({ versionId: null, trashId: 2, reason: "cleanup", originDeviceId: "d2" })],
      names,
    );
    expect(other?.versions[0]?.text).toBe("8.19 KB, cleaned up");
  });
});
