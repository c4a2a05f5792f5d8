// What users keep as files of a rom, as the detailed rom of the compatible API shows it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AssetBody, type AssetScene, openAssetScene } from "../../states/scene.testing.ts";
import { ADMIN, EDITOR, VIEWER } from "../access/scene.testing.ts";

let scene: AssetScene;
beforeAll(async () => {
  scene = await openAssetScene({ MULTITAP_RESPONSE_CACHE: "false" });
}, 30_000);
afterAll(() => scene?.close());

interface Owned extends AssetBody {
  readonly username: string;
  readonly user_avatar_path: string;
  readonly user_updated_at: string;
}
type Detailed = Readonly<Record<`user_${string}`, readonly AssetBody[]>> &
  Readonly<Record<`all_user_${string}`, readonly Owned[]>>;

const readRom = async (authorization: string, romId = scene.a) =>
  (await scene.call(`/api/roms/${romId}`, { authorization })).json as Detailed;

interface Kept {
  readonly authorization: string;
  readonly isPublic: boolean;
}

async function keep(kind: "saves" | "states", name: string, { authorization, isPublic }: Kept) {
  const field = kind === "saves" ? "saveFile" : "stateFile";
  const files = [
    { field, name, bytes: name },
    { field: "screenshotFile", name: `${name}.png`, bytes: name },
  ];
  const { body } = await scene.send(`/api/${kind}?rom_id=${scene.a}`, files, { authorization });
  const json = { is_public: isPublic };
  await scene.call(`/api/${kind}/${body.id}/visibility`, { method: "PUT", json, authorization });
  return (await scene.call(`/api/${kind}/${body.id}`, { authorization })).json as AssetBody;
}

describe("the detailed rom", () => {
  test("shows the caller's own files, and with them others' public ones", async () => {
    for (const kind of ["saves", "states"] as const) {
      const hers = await keep(kind, `hers-${kind}.bin`, { authorization: VIEWER, isPublic: true });
      await keep(kind, `secret-${kind}.bin`, { authorization: VIEWER, isPublic: false });
      const mine = await keep(kind, `mine-${kind}.bin`, { authorization: ADMIN, isPublic: false });
      const rom = await readRom(ADMIN);
      expect(rom[`user_${kind}`]).toEqual([mine]);
      const all = rom[`all_user_${kind}`] ?? [];
      expect(all.map(({ username, file_name }) => [username, file_name])).toEqual([
        ["admin", `mine-${kind}.bin`],
        ["ana", `hers-${kind}.bin`],
      ]);
      const { username, user_avatar_path, user_updated_at, ...bare } = all[1] as Owned;
      expect(bare as AssetBody).toEqual(hers);
      expect([username, user_avatar_path, Number.isNaN(Date.parse(user_updated_at))]).toEqual([
        "ana",
        "",
        false,
      ]);
    }
    const gallery = await scene.send(`/api/screenshots?rom_id=${scene.a}`, [
      { field: "screenshotFile", name: "g.png", bytes: "g" },
    ]);
    const rom = await readRom(ADMIN);
    const names = (list: readonly AssetBody[] | undefined) => list?.map(({ file_name }) => file_name);
    expect(names(rom.user_screenshots)).toEqual(["mine-saves.bin.png", "mine-states.bin.png", "g.png"]);
    expect(names(rom.all_user_screenshots)).toEqual([
      "mine-saves.bin.png",
      "mine-states.bin.png",
      "g.png",
      "hers-saves.bin.png",
      "hers-states.bin.png",
    ]);
    expect(rom.user_screenshots?.at(-1)).toEqual(gallery.body);
    const seen = await readRom(EDITOR);
    expect([seen.user_saves, seen.user_states, seen.user_screenshots]).toEqual([[], [], []]);
    expect(names(seen.all_user_saves)).toEqual(["hers-saves.bin"]);
    expect((await readRom(VIEWER)).user_saves).toHaveLength(2);
  });

  test("needs as many statements for hundreds of files as for none", async () => {
    const count = () => scene.countStatements(() => scene.call(`/api/roms/${scene.c}`));
    const bare = await count();
    await fill(scene.c, 300);
    expect(await count()).toBe(bare);
    const rom = await readRom(ADMIN, scene.c);
    expect([rom.user_saves?.length, rom.all_user_states?.length, rom.user_screenshots?.length]).toEqual([
      300, 300, 300,
    ]);
    expect(rom.user_saves?.every(({ screenshot }) => screenshot !== null)).toBe(true);
  });

  test("lists no more than a page can show, the caller's own and newest first", async () => {
    await fill(scene.b, 1_100);
    const rom = await readRom(ADMIN, scene.b);
    expect([rom.user_saves?.length, rom.user_saves?.at(-1)?.file_name]).toEqual([1_000, "f1100.srm"]);
  });
});

async function fill(romId: number, count: number): Promise<void> {
  const columns = `rom_id, user_id, file_name, file_name_no_ext, file_name_no_tags, file_extension, file_path,
    stored_path`;
  const values = (
    extension: string,
  ) => `${romId}, ${scene.userIds.admin}, 'f' || i || '.${extension}', 'f' || i,
    'f' || i, '${extension}', 'p', 'p'`;
  const series = `from generate_series(1, ${count}) i`;
  await scene.library.change(`insert into screenshots (${columns}) select ${values("png")} ${series}`);
  for (const table of ["saves", "states"]) {
    await scene.library.change(`insert into ${table} (${columns}, canonical_name, content_updated_at)
      select ${values("srm")}, 'f' || i || '.srm', now() ${series}`);
  }
}
