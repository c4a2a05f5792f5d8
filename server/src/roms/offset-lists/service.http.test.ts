// What all pages of a list share is kept, and only for whoever sees the same.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { watchStatements } from "../../app/statements.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

let library: TestLibrary;
let ids: Readonly<Record<string, number>> = {};
let viewer = "";
/** Statements that read a whole list since the last look. */
let wholeReads: string[] = [];

interface Page {
  readonly items: readonly { readonly id: number }[];
  readonly total: number;
  readonly rom_id_index: readonly number[];
  readonly char_index: Readonly<Record<string, number>>;
}

beforeAll(async () => {
  library = await openLibrary();
  ids = await library.addRoms("gba", ["A.gba", "B.gba", "C.gba", "D.gba"]);
  await library.change(`insert into hidden_entities (entity, entity_id, user_id)
    select 'roms', ${ids["B.gba"]}, id from users where username = 'ana'`);
  await library.change(`insert into rom_user (rom_id, user_id, hidden)
    select ${ids["C.gba"]}, id, true from users where username = 'ana'`);
  viewer = await library.tokenWith("roms.read");
  wholeReads = watchStatements(library.app, /array_agg|count\(\*\)|with recursive chosen/);
}, 30_000);
afterAll(() => library.close());
beforeEach(async () => {
  await library.change("select 1");
  wholeReads.length = 0;
});

const read = async (query: string, authorization?: string) => {
  const init = authorization === undefined ? {} : { headers: { authorization } };
  return (await library.get<Page>(`/api/roms?${query}`, init)).body;
};
const idsOf = (...names: readonly string[]) => names.map((name) => ids[`${name}.gba`] ?? -1);

describe("what the pages of a list share", () => {
  test("is read once for all of them", async () => {
    const first = await read("limit=2");
    // The indexes and the values for menus.
    expect(wholeReads).toHaveLength(2);
    const second = await read("limit=2&offset=2");
    expect(wholeReads).toHaveLength(2);
    expect(first.items.map(({ id }) => id)).toEqual(idsOf("A", "B"));
    expect(second.items.map(({ id }) => id)).toEqual(idsOf("C", "D"));
    for (const { rom_id_index, char_index, total } of [first, second]) {
      expect([rom_id_index, total]).toEqual([idsOf("A", "B", "C", "D"), 4]);
      expect(char_index).toEqual({ a: 0, b: 1, c: 2, d: 3 });
    }
  });

  test("is read anew once something was written", async () => {
    await read("limit=1");
    await library.change(`update roms set name_sort_key = 'zz' where id = ${ids["A.gba"]}`);
    const page = await read("limit=1&offset=1");
    await library.change(`update roms set name_sort_key = 'a' where id = ${ids["A.gba"]}`);
    expect(page.rom_id_index).toEqual(idsOf("B", "C", "D", "A"));
    expect(page.char_index).toEqual({ b: 0, c: 1, d: 2, z: 3 });
  });

  test("is not shared with whom something is hidden from, or who put it away", async () => {
    expect((await read("limit=1")).rom_id_index).toHaveLength(4);
    const page = await read("limit=1", viewer);
    expect([page.rom_id_index, page.total]).toEqual([idsOf("A", "D"), 2]);
    const lean = "limit=1&with_rom_id_index=false&with_char_index=false&with_filter_values=false";
    expect([(await read(lean)).total, (await read(lean, viewer)).total]).toEqual([4, 2]);
  });

  test("is another one for each filter and each order", async () => {
    expect((await read("limit=1&order_dir=desc")).rom_id_index).toEqual(idsOf("D", "C", "B", "A"));
    expect((await read("limit=1&search_term=B.gba")).rom_id_index).toEqual(idsOf("B"));
    expect((await read("limit=1")).rom_id_index).toEqual(idsOf("A", "B", "C", "D"));
  });
});
