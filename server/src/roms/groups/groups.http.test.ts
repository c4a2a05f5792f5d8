// One rom per game: which roms are the same, and which of them is shown.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { VIEWER } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

/** Of each game the first is the one to be shown, by the order "us", "wor", "ss", "eu", "jp". */
const GAMES = {
  region: ["R (USA).gba", "R (Europe).gba", "R (Japan).gba", "R (Brazil).gba", "R.gba"],
  first: ["F (World, Japan).gba", "F (Europe, USA).gba"],
  early: ["P (Japan).gba", "P (USA) (Beta).gba", "P (USA) (Sample 2).gba", "P (World) (KIOSK).gba"],
  name: ["N (USA) (Rev 1).gba", "N (USA) (Rev 2).gba"],
} as const;
const NAMES = Object.values(GAMES).flat();

let library: TestLibrary;
let ids: Readonly<Record<string, number>> = {};

beforeAll(async () => {
  library = await openLibrary();
  const own = await library.addRoms("gba", [...NAMES, "Alone.gba", "Other.gba"]);
  const elsewhere = await library.addRoms("n64", ["R (USA).z64"]);
  ids = { ...own, ...elsewhere };
  let number = 0;
  for (const names of Object.values(GAMES)) {
    number += 1;
    const list = names.map((name) => ids[name]).join(",");
    await library.change(`update roms set igdb_id = ${number} where id in (${list})`);
  }
  await library.change(`update roms set igdb_id = 1 where id = ${ids["R (USA).z64"]}`);
}, 30_000);
afterAll(() => library.close());

interface Page {
  readonly items: readonly { readonly fs_name: string }[];
  readonly total: number;
  readonly rom_id_index: readonly number[];
  readonly char_index: Readonly<Record<string, number>>;
}

const WINNERS = [
  "Alone.gba",
  "F (World, Japan).gba",
  "N (USA) (Rev 1).gba",
  "Other.gba",
  "P (Japan).gba",
  "R (USA).gba",
  "R (USA).z64",
];

async function list(query = "", authorization?: string): Promise<Page> {
  const init = authorization === undefined ? {} : { headers: { authorization } };
  return (await library.get<Page>(`/api/roms?group_by_meta_id=1${query}`, init)).body;
}
const namesOf = ({ items }: Page) => items.map((rom) => rom.fs_name);

describe("group_by_meta_id", () => {
  test("keeps one rom of each game and platform, with all indexes of the list", async () => {
    const page = await list();
    expect(namesOf(page)).toEqual(WINNERS);
    expect([page.total, page.rom_id_index]).toEqual([7, WINNERS.map((name) => ids[name] ?? 0)]);
    expect(page.char_index).toEqual({ a: 0, f: 1, n: 2, o: 3, p: 4, r: 5 });
    expect(namesOf(await list("&limit=2&offset=5&with_rom_id_index=0"))).toEqual(WINNERS.slice(5));
  });

  test("chooses among what other conditions let through", async () => {
    expect(namesOf(await list("&regions=Japan"))).toEqual([
      "F (World, Japan).gba",
      "P (Japan).gba",
      "R (Japan).gba",
    ]);
    expect(namesOf(await list("&search_term=sample"))).toEqual(["P (USA) (Sample 2).gba"]);
  });

  test("does the same at the typed door, over pages", async () => {
    const names: string[] = [];
    let cursor: string | null | undefined;
    do {
      const { body } = await library.ask<{ items: { fsName: string }[]; nextCursor: string | null }>(
        "roms.list",
        { isGrouped: true, limit: 3, cursor: cursor ?? undefined },
      );
      names.push(...body.items.map((rom) => rom.fsName));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(WINNERS);
  });

  test("shows what the caller chose for the main one", async () => {
    await library.change(`insert into rom_user (rom_id, user_id, is_main_sibling)
      select ${ids["P (USA) (Beta).gba"]}, id, true from users where username = 'ana'`);
    expect(namesOf(await list("", VIEWER))).toContain("P (USA) (Beta).gba");
    expect(namesOf(await list("", VIEWER))).not.toContain("P (Japan).gba");
    expect(namesOf(await list())).toEqual(WINNERS);
    await library.change("delete from rom_user");
  });

  test("goes by the first id that a rom has: the same number of another provider is another game", async () => {
    await library.change(`update roms set ss_id = 1 where id = ${ids["Alone.gba"]}`);
    await library.change(`update roms set flashpoint_id = '1' where id = ${ids["Other.gba"]}`);
    expect((await list()).total).toBe(7);
    // The second of them is never looked at.
    await library.change(`update roms set ss_id = 9 where igdb_id = 3`);
    expect((await list()).total).toBe(7);
    await library.change(`update roms set igdb_id = 1 where id = ${ids["Alone.gba"]}`);
    expect(namesOf(await list())).toEqual(WINNERS.filter((name) => name !== "Alone.gba"));
    await library.change(`update roms set ss_id = null, flashpoint_id = null`);
    await library.change(`update roms set igdb_id = null where id = ${ids["Alone.gba"]}`);
  });
});
