import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { openSaveScene, type SaveScene } from "../../saves/scene.testing.ts";
import { rehashVersions } from "../rehashing/service.ts";
import { purgeTrash, sweepLeftovers } from "./service.ts";

let scene: SaveScene;
beforeAll(async () => {
  scene = await openSaveScene();
}, 30_000);
afterAll(() => scene?.close());

interface TrashRow {
  readonly stored_path: string;
  readonly purged_at: Date | null;
}

async function trashOf(assetId: number): Promise<readonly TrashRow[]> {
  const { sql } = scene.library.app.database.handle;
  return await sql<TrashRow[]>`select stored_path, purged_at from trashed_assets where asset_id = ${assetId}`;
}

/** Makes what became of one file old; what other tests left stays as it is. */
const age = (assetId: number, days: number) =>
  scene.library.change(
    `update trashed_assets set trashed_at = now() - interval '${days} days' where asset_id = ${assetId}`,
  );

const isThere = (storedPath: string) =>
  Bun.file(join(scene.library.app.facts.assetsPath, storedPath)).exists();

describe("purgeTrash", () => {
  test("removes the bytes of what was deleted long ago, and says so", async () => {
    const { app } = scene.library;
    const { body } = await scene.upload({}, { name: "old.srm", bytes: "old" });
    await scene.library.change(`delete from saves where id = ${body.id}`);
    const [row] = await trashOf(body.id);
    const path = row?.stored_path ?? "";
    expect(await purgeTrash(app.createContext())).toBe(0);
    expect(await isThere(path)).toBe(true);
    await age(body.id, 31);
    expect(await purgeTrash(app.createContext())).toBe(1);
    expect(await isThere(path)).toBe(false);
    expect((await trashOf(body.id))[0]?.purged_at).not.toBeNull();
  });

  test("leaves bytes that another version shares", async () => {
    const { app } = scene.library;
    const { body } = await scene.upload({}, { name: "shared.srm", bytes: "shared" });
    await scene.library.change(
      `insert into saves (file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path, rom_id,
        user_id, stored_path, canonical_name, content_updated_at)
        select 'copy.srm', 'copy', 'copy', 'srm', file_path, rom_id, user_id, stored_path, 'copy.srm', now()
        from saves where id = ${body.id}`,
    );
    await scene.library.change(`delete from saves where id = ${body.id}`);
    await age(body.id, 31);
    await purgeTrash(app.createContext());
    const [row] = await trashOf(body.id);
    expect(row?.purged_at).not.toBeNull();
    expect(await isThere(row?.stored_path ?? "")).toBe(true);
  });

  test("leaves what an open conflict is about", async () => {
    const { app } = scene.library;
    const { body } = await scene.upload({}, { name: "contested.srm", bytes: "contested" });
    await scene.library.change(
      `insert into sync_conflicts (user_id, rom_id, kind, canonical_name, server_asset_id, reason)
        select user_id, rom_id, 'saves', canonical_name, id, 'test' from saves where id = ${body.id}`,
    );
    await scene.library.change(`delete from saves where id = ${body.id}`);
    await age(body.id, 400);
    await purgeTrash(app.createContext());
    expect((await trashOf(body.id))[0]?.purged_at).toBeNull();
    await scene.library.change("update sync_conflicts set resolution = 'server_wins'");
    await purgeTrash(app.createContext());
    expect((await trashOf(body.id))[0]?.purged_at).not.toBeNull();
  });

  test("keeps what goes with its rom", async () => {
    const romId = await scene.library.addRom("gba", "Gone.gba", "gone");
    const { body } = await scene.upload({ rom_id: romId }, { name: "gone.srm", bytes: "gone with the rom" });
    await scene.library.change(`delete from roms where id = ${romId}`);
    const [row] = await trashOf(body.id);
    expect(await isThere(row?.stored_path ?? "")).toBe(true);
  });
});

describe("sweepLeftovers", () => {
  test("removes old files of ours that nothing names, and no other", async () => {
    const { app } = scene.library;
    const { body } = await scene.upload({ slot: "sweep" }, { name: "kept.srm", bytes: "kept" });
    const { sql } = app.database.handle;
    const [row] = await sql<{ stored_path: string }[]>`select stored_path from saves where id = ${body.id}`;
    const kept = row?.stored_path ?? "";
    const folder = kept.slice(0, kept.lastIndexOf("/"));
    const leftover = `${folder}/left~0123456789abcdef.srm`;
    const fresh = `${folder}/fresh~0123456789abcdef.srm`;
    const foreign = `${folder}/Taken over.srm`;
    const old = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000);
    for (const path of [leftover, fresh, foreign]) {
      await Bun.write(join(app.facts.assetsPath, path), "x");
      if (path !== fresh) await utimes(join(app.facts.assetsPath, path), old, old);
    }
    await utimes(join(app.facts.assetsPath, kept), old, old);
    expect(await sweepLeftovers(app.createContext())).toBe(1);
    const there = await Promise.all([leftover, fresh, foreign, kept].map(isThere));
    expect(there).toEqual([false, true, true, true]);
  });
});

test("rehashVersions finds hashes again without touching when bytes were stored", async () => {
  const { body } = await scene.upload({ slot: "rehash" }, { name: "h.srm", bytes: "hash me" });
  await scene.library.change(`update saves set content_hash = null, sha1_hash = '' where id = ${body.id}`);
  for await (const count of rehashVersions(scene.library.app.createContext(), { isUnhashedOnly: true })) {
    expect(count.processed).toBeGreaterThanOrEqual(0);
  }
  const { sql } = scene.library.app.database.handle;
  const [row] = await sql`select content_hash, content_updated_at from saves where id = ${body.id}`;
  expect(row?.content_hash).toBe(body.content_hash);
  expect(new Date(row?.content_updated_at).toISOString()).toBe(new Date(body.updated_at).toISOString());
});
