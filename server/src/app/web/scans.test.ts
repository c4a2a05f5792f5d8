import { describe, expect, test } from "bun:test";
import type { ScanStep } from "@multitap/client";
import { describeScan } from "./scans.ts";

const STEP: ScanStep = {
  scanId: 1,
  status: "running",
  phase: "discovering",
  platformFsSlug: null,
  errorMessage: null,
  platformsTotal: 2,
  romsTotal: 200,
  platformsDone: 0,
  platformsNew: 0,
  platformsIdentified: 0,
  romsDone: 0,
  romsNew: 0,
  romsIdentified: 0,
  romsMissing: 0,
  filesHashed: 0,
  bytesHashed: 0,
  firmwareDone: 0,
  firmwareNew: 0,
  problems: 0,
};
const shareOf = (more: Partial<ScanStep>) => describeScan({ ...STEP, ...more }).share;

describe("describeScan", () => {
  test("moves the bar forward from the first game to the last hash", () => {
    const hashing = { phase: "hashing", romsDone: 200, romsNew: 150 } as const;
    const shares = [
      shareOf({}),
      shareOf({ romsDone: 100 }),
      shareOf({ romsDone: 200 }),
      shareOf(hashing),
      shareOf({ ...hashing, filesHashed: 75 }),
      shareOf({ ...hashing, filesHashed: 150 }),
      shareOf({ phase: "finishing" }),
    ].map(Number);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[0]).toBe(0);
    expect(shares[4]).toBeGreaterThan(0.5);
    expect(shares.at(-1)).toBe(1);
  });

  test("knows no share before there is anything to count", () => {
    expect(shareOf({ phase: "queued", status: "queued" })).toBeNull();
    expect(shareOf({ romsTotal: 0 })).toBeNull();
  });

  test("never passes the end when folders hold more files than games", () => {
    expect(shareOf({ phase: "hashing", romsNew: 2, filesHashed: 90 })).toBeLessThanOrEqual(1);
    expect(shareOf({ phase: "hashing", romsNew: 0, filesHashed: 90 })).toBeLessThan(1);
  });

  test("says where it is, what it counted and how it ended", () => {
    const counts = { platformFsSlug: "snes", romsDone: 12, romsNew: 1 };
    expect(describeScan({ ...STEP, ...counts }).text).toBe("Looking for games in snes: 12 games, 1 new.");
    const failed = { status: "failed", phase: "ended", errorMessage: "The disk is full." } as const;
    const { text, isOver, share } = describeScan({ ...STEP, ...failed, problems: 2, romsMissing: 1 });
    expect(text).toBe("Failed: 0 games, 0 new, 1 missing, 2 entries could not be read. The disk is full.");
    expect([isOver, share]).toEqual([true, 1]);
  });
});
