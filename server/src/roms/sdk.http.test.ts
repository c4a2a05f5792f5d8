// The published client against the real server: filters, many marks, and what changed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Client, isMultitapError } from "@multitap/client";
import { openAppClient } from "../auth/client.testing.ts";
import { openLibrary, type TestLibrary } from "./library.testing.ts";

let library: TestLibrary;
let client: Client;
let ids: Readonly<Record<string, number>> = {};

beforeAll(async () => {
  library = await openLibrary();
  ids = await library.addRoms("gba", ["A (USA).gba", "B (Japan).gba", "C.gba"]);
  await library.setHashes(ids["B (Japan).gba"] ?? 0, {
    crc32: "a".repeat(8),
    md5: "a".repeat(32),
    sha1: "a".repeat(40),
  });
  client = await openAppClient(library.app, { scope: "roms.read" });
}, 30_000);
afterAll(async () => {
  await client.close();
  await library.close();
});

describe("client.roms", () => {
  test("lists by every condition at once", async () => {
    const roms = await client.roms
      .each({
        isPlayable: true,
        isDuplicate: false,
        isVerified: false,
        isPlayed: false,
        hasRetroAchievements: false,
        hasSaves: false,
        hasStates: false,
        hasSoundtrack: false,
        isGrouped: true,
        statuses: { noneOf: ["hidden", "finished"] },
        providers: { noneOf: ["igdb"] },
        regions: { noneOf: ["Japan"] },
        playerCounts: { anyOf: ["1"] },
        orderBy: "averageRating",
        direction: "desc",
        pageSize: 1,
      })
      .toArray({ max: 10 });
    expect(roms.map((rom) => rom.fsName)).toEqual(["C.gba", "A (USA).gba"]);
  });

  test("finds many at once, in order", async () => {
    const found = await client.roms.findMany([
      { md5: "b".repeat(32) },
      { sha1: "A".repeat(40) },
      { platformSlug: "gba", fsName: "C.gba" },
      // So many that they no longer fit into an address.
      ...Array.from({ length: 300 }, (_, index) => ({ md5: String(index).padStart(32, "0") })),
    ]);
    expect(found.slice(0, 4).map((rom) => rom?.fsName ?? null)).toEqual([
      null,
      "B (Japan).gba",
      "C.gba",
      null,
    ]);
    expect(found).toHaveLength(303);
  });

  test("reads what changed, page by page", async () => {
    const seen = new Map<number, string>();
    let cursor: string | null = null;
    const follow = async () => {
      for (let isMore = true; isMore; ) {
        const page: Awaited<ReturnType<typeof client.roms.changes>> = await client.roms.changes(cursor, {
          limit: 2,
        });
        for (const rom of page.items) seen.set(rom.id, rom.name);
        for (const id of page.removedIds) seen.delete(id);
        cursor = page.nextCursor;
        isMore = page.hasMore;
      }
    };
    const { "D.gba": goneId = 0 } = await library.addRoms("gba", ["D.gba"]);
    await library.change("update roms set updated_at = '2026-01-01Z'");
    await follow();
    expect(seen.size).toBe(4);
    await library.change(`update roms set name = 'new', updated_at = now() where id = ${ids["A (USA).gba"]}`);
    await library.change(`delete from roms where id = ${goneId}`);
    await follow();
    expect([...seen.values()].sort()).toEqual(["B", "C", "new"]);
    const failed = await client.roms.changes("made up").catch((error: unknown) => error);
    expect(isMultitapError(failed) && failed.code).toBe("PAGE_CURSOR_INVALID");
  });
});
