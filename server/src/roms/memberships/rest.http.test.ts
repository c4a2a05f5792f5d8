// What users keep beside a rom, as the detailed rom of the compatible API shows it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { watchStatements } from "../../app/statements.testing.ts";
import { ADMIN, openRomScene, type RomScene, VIEWER } from "../access/scene.testing.ts";

const OPEN_MS = 30_000;
let scene: RomScene;
/** Statements since the last count. */
let statements: string[] = [];

beforeAll(async () => {
  scene = await openRomScene({ MULTITAP_RESPONSE_CACHE: "false" });
  statements = watchStatements(scene.library.app, /\b(?:roms|rom_\w+|collections\w*)\b/);
}, OPEN_MS);
afterAll(() => scene.close());

interface Detailed {
  readonly user_collections: readonly { readonly id: number; readonly name: string }[];
  readonly all_user_notes: readonly { readonly title: string }[];
  readonly has_notes: boolean;
}

const readRom = async (authorization: string, romId = scene.a) =>
  (await scene.call(`/api/roms/${romId}`, { authorization })).json as Detailed;

async function addCollection(owner: string, name: string, isPublic: boolean): Promise<void> {
  await scene.library.change(`with c as (
    insert into collections (user_id, name, is_public) values (${scene.userIds[owner]}, '${name}', ${isPublic}) returning id
  ) insert into collections_roms (collection_id, rom_id) select id, ${scene.a} from c`);
}

describe("the detailed rom", () => {
  test("names the caller's collections with it, then others' public ones", async () => {
    await addCollection("ana", "Shared", true);
    await addCollection("ana", "Hers", false);
    await addCollection("admin", "Public", true);
    await addCollection("admin", "Mine", false);
    const mine = await readRom(ADMIN);
    expect(mine.user_collections.map(({ name }) => name)).toEqual(["Mine", "Public", "Shared"]);
    const hers = await readRom(VIEWER);
    expect(hers.user_collections.map(({ name }) => name)).toEqual(["Hers", "Shared", "Public"]);
    expect(Object.keys(hers.user_collections[0] ?? {})).toEqual(["id", "name", "is_smart"]);
    expect((await readRom(ADMIN, scene.b)).user_collections).toEqual([]);
  });

  test(
    "shows guests public things alone, where the operator let guests in",
    async () => {
      const open = await openRomScene({ DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" });
      for (const [title, isPublic] of Object.entries({ Open: true, Closed: false })) {
        const owner = open.userIds.ana;
        await open.library.change(`insert into rom_notes (rom_id, user_id, title, content, is_public)
        values (${open.a}, ${owner}, '${title}', '', ${isPublic})`);
        await open.library.change(`with c as (
        insert into collections (user_id, name, is_public) values (${owner}, '${title}', ${isPublic}) returning id
      ) insert into collections_roms (collection_id, rom_id) select id, ${open.a} from c`);
      }
      const { json } = await open.call(`/api/roms/${open.a}`, { authorization: undefined });
      const rom = json as Detailed;
      expect(rom.all_user_notes.map(({ title }) => title)).toEqual(["Open"]);
      expect(rom.user_collections.map(({ name }) => name)).toEqual(["Open"]);
      await open.close();
    },
    OPEN_MS,
  );

  test("needs as many statements for much as for nothing", async () => {
    const count = async () => {
      await readRom(ADMIN, scene.c);
      statements.length = 0;
      await readRom(ADMIN, scene.c);
      return statements.length;
    };
    const before = await count();
    await scene.library.change(`insert into rom_notes (rom_id, user_id, title, content, is_public)
      select ${scene.c}, u.id, 'N' || i, '', true from users u, generate_series(1, 20) i`);
    await scene.library.change(`insert into collections (user_id, name, is_public)
      select u.id, 'C' || i, true from users u, generate_series(1, 20) i`);
    await scene.library.change(`insert into collections_roms (collection_id, rom_id)
      select id, ${scene.c} from collections where name like 'C%'`);
    expect(await count()).toBe(before);
    // Three of them read saves, states and pictures.
    expect(before).toBeLessThanOrEqual(9);
    const rom = await readRom(ADMIN, scene.c);
    expect([rom.all_user_notes.length, rom.user_collections.length, rom.has_notes]).toEqual([60, 60, true]);
  });
});

describe("statements of changes", () => {
  test("are a fixed number for properties and notes", async () => {
    const { sql } = scene.library.app.database.handle;
    const sent: string[] = [];
    const begin = sql.begin.bind(sql) as unknown as (work: (tx: typeof sql) => unknown) => Promise<unknown>;
    const counted = (work: (tx: typeof sql) => unknown) =>
      begin((tx) => {
        const send = tx.unsafe.bind(tx) as typeof tx.unsafe;
        const listen: typeof send = (text, ...rest) => {
          if (text !== "commit") sent.push(text);
          return send(text, ...rest);
        };
        Object.assign(tx, { unsafe: listen });
        return work(tx);
      });
    Object.assign(sql, { begin: counted });
    const countFor = async (path: string, method: string, json: unknown) => {
      sent.length = 0;
      const answer = await scene.call(`/api/roms/${path}`, { method, json });
      expect(answer.status).toBe(200);
      return sent.length;
    };
    await scene.library.change(`insert into rom_user (rom_id, user_id, is_main_sibling)
      select r.id, u.id, false from roms r, users u`);
    // The rom, the row under lock, the change; with siblings a lock and all of their rows at once.
    expect(await countFor(`${scene.b}/props`, "PUT", { rating: 3 })).toBe(3);
    expect(await countFor(`${scene.b}/props`, "PUT", { is_main_sibling: true })).toBe(5);
    await scene.library.change(`insert into rom_notes (rom_id, user_id, title, content)
      select ${scene.b}, ${scene.userIds.admin}, 'N' || i, '' from generate_series(1, 40) i`);
    // The rom, the lock, the count, the note, and the note as its owner reads it.
    expect(await countFor(`${scene.b}/notes`, "POST", { title: "New" })).toBe(5);
    const { json } = await scene.call(`/api/roms/${scene.b}/notes/identifiers`);
    const [noteId] = json as number[];
    expect(await countFor(`${scene.b}/notes/${noteId}`, "PUT", { title: "Newer" })).toBe(4);
    expect(await countFor(`${scene.b}/notes/${noteId}`, "DELETE", undefined)).toBe(2);
  });
});
