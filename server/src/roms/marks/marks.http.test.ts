// Many marks in one call.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp } from "../../auth/calls.testing.ts";
import { ADMIN, VIEWER } from "../../collections/scene.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";
import { ROM_MARKS_MAX } from "../limits.ts";

let library: TestLibrary;
let ids: Readonly<Record<string, number>> = {};
const hex = (digit: string, count: number) => digit.repeat(count);
const A = { crc32: hex("a", 8), md5: hex("a", 32), sha1: hex("a", 40) };

beforeAll(async () => {
  library = await openLibrary();
  ids = await library.addRoms("gba", ["A.gba", "B.gba", "Copy of A.gba"]);
  await library.setHashes(ids["A.gba"] ?? 0, A);
  await library.setHashes(ids["Copy of A.gba"] ?? 0, A);
  await library.change(`update roms set ra_hash = '${hex("b", 32)}' where id = ${ids["B.gba"]}`);
});
afterAll(() => library.close());

async function find(marks: readonly object[], authorization = ADMIN) {
  const { status, body } = await library.ask<({ fsName: string } | null)[]>(
    "roms.findMany",
    { marks },
    authorization,
  );
  expect(status).toBe(200);
  return body.map((rom) => rom?.fsName ?? null);
}

const MARKS = [
  [{ crc32: A.crc32, sizeBytes: 1 }, "A.gba"],
  [{ crc32: A.crc32, sizeBytes: 2 }, null],
  [{ md5: A.md5.toUpperCase() }, "A.gba"],
  [{ sha1: A.sha1 }, "A.gba"],
  [{ sha1: hex("c", 40) }, null],
  [{ raHash: hex("b", 32) }, "B.gba"],
  [{ platformSlug: "gba", fsName: "Copy of A.gba" }, "Copy of A.gba"],
  [{ platformSlug: "n64", fsName: "A.gba" }, null],
] as const;

describe("roms.findMany", () => {
  test("answers in the order of the marks, each as roms.find does", async () => {
    expect(await find(MARKS.map(([mark]) => mark))).toEqual(MARKS.map(([, name]) => name));
    for (const [mark, name] of MARKS) {
      const { body } = await library.ask<{ fsName: string } | null>("roms.find", mark);
      expect(body?.fsName ?? null).toBe(name);
    }
  });

  test("answers the same mark as often as it is given, and nothing for none", async () => {
    expect(await find([{ sha1: A.sha1 }, { md5: hex("0", 32) }, { sha1: A.sha1 }])).toEqual([
      "A.gba",
      null,
      "A.gba",
    ]);
    expect(await find([])).toEqual([]);
  });

  test("finds the next one behind what is hidden from the caller", async () => {
    const json = { entity: "roms", entity_id: ids["A.gba"], user_id: 2 };
    await callApp(library.app, "/api/permissions/hidden", { authorization: ADMIN, json });
    expect(await find([{ sha1: A.sha1 }], VIEWER)).toEqual(["Copy of A.gba"]);
    expect(await find([{ sha1: A.sha1 }])).toEqual(["A.gba"]);
  });

  test("takes as many as are said and refuses more, and marks that are none", async () => {
    const many = (count: number) => Array.from({ length: count }, () => ({ md5: A.md5 }));
    expect(await find(many(ROM_MARKS_MAX))).toHaveLength(ROM_MARKS_MAX);
    const refused = [many(ROM_MARKS_MAX + 1), [{}], [{ md5: "x" }], [{ crc32: A.crc32 }], [null]];
    for (const marks of refused) {
      expect((await library.ask("roms.findMany", { marks })).status).toBe(400);
    }
    const guest = await library.ask("roms.findMany", { marks: [] }, null);
    expect(guest.status).toBe(401);
  });
});
