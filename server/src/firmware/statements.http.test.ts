// The number of statements per call grows neither with the firmware nor with the roms of its platform.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { watchStatements } from "../app/statements.testing.ts";
import { ADMIN } from "../auth/calls.testing.ts";
import { type LibraryScene, openLibraryScene } from "../platforms/scene.testing.ts";

const SLOW_MS = 60_000;
let scene: LibraryScene;
let statements: string[] = [];

beforeAll(async () => {
  scene = await openLibraryScene({ environment: { MULTITAP_RESPONSE_CACHE: "false" } });
  statements = watchStatements(scene.app, /\b(?:firmware|platforms|roms|hidden_entities)\b/);
}, SLOW_MS);
afterAll(() => scene.app.close());

async function countFor(call: () => Promise<{ readonly status: number }>): Promise<number> {
  statements.length = 0;
  expect((await call()).status).toBe(200);
  return statements.length;
}

const nameOf = (index: number) => `f${index}.bin`;

function upload(platformId: number, count: number): Promise<Response> {
  const body = new FormData();
  for (let index = 0; index < count; index += 1)
    body.append("files", new Blob([nameOf(index)]), nameOf(index));
  const init = { method: "POST", headers: { authorization: ADMIN }, body };
  return scene.app.fetch(`/api/firmware?platform_id=${platformId}`, init);
}

async function countAll(firmwareCount: number, romCount: number) {
  const id = await scene.addPlatform("gba");
  await scene.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
    select ${id}, 'R' || i, 'R', 'R', '', 'roms/gba' from generate_series(1, ${romCount}) i`);
  await mkdir(join(scene.app.facts.libraryPath, "roms", `folder-${firmwareCount}`), { recursive: true });
  const known = Array.from({ length: firmwareCount }, (_, index) => [`gba:${nameOf(index)}`, { size: 6 }]);
  const table = join(scene.app.basePath, "config", "known-bios.json");
  await writeFile(table, JSON.stringify(Object.fromEntries(known)));
  const first = await countFor(() => upload(id, firmwareCount));
  const again = await countFor(() => upload(id, firmwareCount));
  const rows = await scene.rows("select id from firmware order by file_name");
  const ids = rows.map((row) => row.id);
  const counts = {
    first,
    again,
    list: await countFor(() => scene.call("/api/firmware")),
    identifiers: await countFor(() => scene.call("/api/firmware/identifiers")),
    one: await countFor(() => scene.call(`/api/firmware/${ids[0]}`)),
    content: await countFor(() => scene.call(`/api/firmware/${ids[0]}/content`)),
    folders: await countFor(() => scene.call("/api/platforms/filesystem")),
    remove: await countFor(() =>
      scene.call("/api/firmware/delete", { json: { firmware: ids, delete_from_fs: ids } }),
    ),
    rename: await countFor(() =>
      scene.call(`/api/platforms/${id}`, { method: "PUT", json: { custom_name: `N${firmwareCount}` } }),
    ),
    removePlatform: await countFor(() => scene.call(`/api/platforms/${id}`, { method: "DELETE" })),
  };
  return counts;
}

describe("statements per call", () => {
  test(
    "stay the same for one firmware and for many",
    async () => {
      // Whatever is looked up once in a while is known by the second time.
      await countAll(1, 1);
      const few = await countAll(1, 1);
      expect(await countAll(100, 500)).toEqual(few);
      expect(Math.max(...Object.values(few))).toBeLessThan(15);
    },
    SLOW_MS,
  );
});
