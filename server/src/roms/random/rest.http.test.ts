// A rom by chance, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, openRomScene, type RomScene, VIEWER } from "../access/scene.testing.ts";

const SLOW_MS = 60_000;
let scene: RomScene;
let n64 = 0;
let deep = 0;

beforeAll(async () => {
  scene = await openRomScene();
  deep = await scene.library.addRom("n64", "Deep.z64", "x");
  n64 = await scene.library.addPlatform("n64");
}, SLOW_MS);
afterAll(() => scene.close());

/** Ids that came in `draws` calls, ascending, each once; null for no rom. */
async function drawAll(query: string, input: object, { authorization = ADMIN, draws = 60 } = {}) {
  const drawn = new Set<number | null>();
  for (let draw = 0; draw < draws; draw += 2) {
    const { status, json } = await scene.call(`/api/roms/random${query}`, { authorization });
    expect(status).toBe(200);
    drawn.add((json as { id: number } | null)?.id ?? null);
    const { data } = await scene.ask("roms.random", input, authorization);
    drawn.add((data as { id: number } | null)?.id ?? null);
  }
  return [...drawn].toSorted((x, y) => (x ?? 0) - (y ?? 0));
}

describe("GET /api/roms/random", () => {
  test("picks any rom, in the shape of lists", async () => {
    expect(await drawAll("", {}, { draws: 120 })).toEqual(
      [scene.a, scene.b, scene.c, scene.secret, deep].toSorted((x, y) => x - y),
    );
    const random = await scene.call(`/api/roms/random?platform_ids=${n64}`);
    const listed = await scene.call(`/api/roms?platform_ids=${n64}`);
    expect(random.json).toEqual((listed.json as { items: unknown[] }).items[0]);
    const { data } = await scene.ask("roms.random", { platformIds: [n64] });
    expect(data).toEqual((await scene.ask("roms.get", { romId: deep })).data);
  });

  test("keeps to platforms and collections", async () => {
    const { sql } = scene.library.app.database.handle;
    const owner = scene.userIds.admin ?? 0;
    const [own] = await sql<
      { id: number }[]
    >`insert into collections (user_id, name) values (${owner}, 'Own') returning id`;
    const id = own?.id ?? 0;
    await scene.library.change(
      `insert into collections_roms (collection_id, rom_id) values (${id}, ${scene.b}), (${id}, ${deep})`,
    );
    await scene.library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
      select id, platform_id, 'genre', 'Puzzle' from roms where id = ${scene.c}`);
    const [smart] = await sql<{ id: number }[]>`insert into smart_collections (user_id, name, filter_criteria)
      values (${owner}, 'Smart', '{"search_term": "Deep"}') returning id`;
    expect(await drawAll(`?platform_ids=${n64}`, { platformIds: [n64] })).toEqual([deep]);
    expect(await drawAll(`?platform_id=${n64}`, { platformIds: [n64] })).toEqual([deep]);
    expect(await drawAll(`?collection_id=${id}`, { collectionId: id })).toEqual([scene.b, deep]);
    const both = { collectionId: id, platformIds: [n64] };
    expect(await drawAll(`?collection_id=${id}&platform_ids=${n64}`, both)).toEqual([deep]);
    const virtualCollectionId = Buffer.from('{"name": "Puzzle", "type": "genre"}').toString("base64url");
    expect(await drawAll(`?virtual_collection_id=${virtualCollectionId}`, { virtualCollectionId })).toEqual([
      scene.c,
    ]);
    const smartCollectionId = smart?.id ?? 0;
    expect(await drawAll(`?smart_collection_id=${smartCollectionId}`, { smartCollectionId })).toEqual([deep]);
  });

  test("is null where there is nothing", async () => {
    const { sql } = scene.library.app.database.handle;
    const [foreign] = await sql<{ id: number }[]>`insert into collections (user_id, name)
      values (${scene.userIds.edda ?? 0}, 'Hers') returning id`;
    const id = foreign?.id ?? 0;
    await scene.library.change(
      `insert into collections_roms (collection_id, rom_id) values (${id}, ${scene.a})`,
    );
    for (const [query, input] of [
      [`?collection_id=${id}`, { collectionId: id }],
      ["?collection_id=99999", { collectionId: 99_999 }],
      ["?platform_ids=99999", { platformIds: [99_999] }],
      ["?virtual_collection_id=zzz", { virtualCollectionId: "zzz" }],
      ["?smart_collection_id=99999", { smartCollectionId: 99_999 }],
    ] as const) {
      expect(await drawAll(query, input, { draws: 4 })).toEqual([null]);
    }
  });

  test("never picks what is hidden, or what the caller put away", async () => {
    await scene.call(`/api/roms/${scene.c}/props`, {
      method: "PUT",
      json: { hidden: true },
      authorization: VIEWER,
    });
    expect(await drawAll("", {}, { authorization: VIEWER, draws: 100 })).toEqual(
      [scene.a, scene.b, deep].toSorted((x, y) => x - y),
    );
  });

  test("is another one each time", async () => {
    const drawn: string[] = [];
    for (let draw = 0; draw < 30; draw += 1) drawn.push((await scene.call("/api/roms/random")).text);
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  test("refuses what is no id", async () => {
    const answer = await scene.call("/api/roms/random?collection_id=x");
    const [issue] = (answer.json as { detail: { loc: unknown }[] }).detail;
    expect([answer.status, issue?.loc]).toEqual([422, ["query", "collection_id"]]);
    expect((await scene.ask("roms.random", { collectionId: 0 })).code).toBe("INPUT_INVALID");
  });

  test(
    "gives every rom the same chance, beside gaps and in small parts of a large library",
    async () => {
      const { sql } = scene.library.app.database.handle;
      // Ids that leave gaps of all sizes; every hundredth rom is of a platform of its own.
      const gba = await scene.library.addPlatform("gba");
      const nes = await scene.library.addPlatform("nes");
      await scene.library.change(`insert into roms (id, platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
        select 1000 + i * i / 4, case when i % 100 = 0 then ${nes} else ${gba} end, 'R' || i, 'R', 'R', '', 'roms/gba'
        from generate_series(2, 1001) i`);
      const drawMany = async (query: string, draws: number) => {
        const counts = new Map<number, number>();
        for (let draw = 0; draw < draws; draw += 1) {
          const { json } = await scene.call(`/api/roms/random${query}`);
          const { id } = json as { id: number };
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        return counts;
      };
      // Ten roms, each drawn 40 times of 400 on average: six standard deviations are 36.
      const few = await drawMany(`?platform_ids=${nes}`, 400);
      expect(few.size).toBe(10);
      for (const count of few.values()) expect(Math.abs(count - 40)).toBeLessThan(36);
      // Half of all roms have ids in the first quarter: 200 of 400, and six standard deviations are 60.
      const [median] = await sql<
        { id: number }[]
      >`select id from roms order by id offset (select count(*) / 2 from roms) limit 1`;
      const all = await drawMany("", 400);
      const below = [...all].reduce((sum, [id, count]) => sum + (id < (median?.id ?? 0) ? count : 0), 0);
      expect(Math.abs(below - 200)).toBeLessThan(60);
      await scene.library.change("delete from roms where fs_name like 'R%'");
    },
    SLOW_MS,
  );
});
