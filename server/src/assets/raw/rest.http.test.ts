import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toAccountFolder } from "../../base/account-folder.ts";
import { ADMIN, EDITOR, VIEWER } from "../../roms/access/scene.testing.ts";
import { type AssetScene, openAssetScene } from "../../states/scene.testing.ts";

let scene: AssetScene;
/** Folders below the assets. */
let mine = "";
let hers = "";
beforeAll(async () => {
  scene = await openAssetScene();
  mine = toAccountFolder(scene.userIds.admin ?? 0);
  hers = toAccountFolder(scene.userIds.ana ?? 0);
  await put(`${mine}/profile/avatar.png`, "avatar");
  await put(`${mine}/saves/gba/legacy emulator/ä 100%.srm`, "before us");
  await put(`${hers}/saves/gba/hers.srm`, "hers");
  await put("outside.txt", "outside");
  const assets = join(scene.library.app.basePath, "assets");
  await symlink(join(assets, "outside.txt"), join(assets, mine, "link.txt"));
}, 30_000);
afterAll(() => scene?.close());

async function put(path: string, text: string): Promise<void> {
  const full = join(scene.library.app.basePath, "assets", path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, text);
}

const get = (path: string, authorization = ADMIN, rest = {}) =>
  scene.call(`/api/raw/assets/${path}`, { authorization, ...rest });
const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");

async function upload(kind: "saves" | "states", [name, bytes]: readonly [string, string], romId = scene.a) {
  const field = kind === "saves" ? "saveFile" : "stateFile";
  const { body } = await scene.send(`/api/${kind}?rom_id=${romId}&emulator=my%20emu`, [
    { field, name, bytes },
  ]);
  return body;
}

describe("GET /api/raw/assets", () => {
  test("hands out a file by the path that the other routes tell", async () => {
    const save = await upload("saves", ["raw ü.srm", "0123456789"]);
    const { status, text, headers } = await get(encoded(save.full_path), ADMIN, {
      headers: { range: "bytes=-2" },
    });
    expect([status, text, headers.get("x-content-type-options")]).toEqual([206, "89", "nosniff"]);
    expect(headers.get("content-disposition")).toStartWith("attachment;");
    const head = await get(encoded(save.full_path), ADMIN, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, "10", ""]);
    // Some apps encode the whole path as one name.
    expect((await get(encodeURIComponent(save.full_path))).text).toBe("0123456789");
  });

  test("takes the newest of several of one path", async () => {
    await scene.library.change(`insert into states (rom_id, user_id, file_name, file_name_no_ext,
        file_name_no_tags, file_extension, file_path, stored_path, canonical_name, content_updated_at)
      select ${scene.a}, ${scene.userIds.admin}, 'two.state', 'two', 'two', 'state', '${mine}/states/gba/1', p, 'two.state',
        '2026-01-01'::timestamptz + make_interval(days => d)
      from (values ('${mine}/profile/avatar.png', 2), ('outside.txt', 1)) as t (p, d)`);
    expect((await get(`${mine}/states/gba/1/two.state`)).text).toBe("avatar");
  });

  test("hands out what lies in the caller's own folder without a row", async () => {
    const avatar = await get(`${mine}/profile/avatar.png`);
    expect([avatar.text, avatar.headers.get("content-type")]).toEqual(["avatar", "image/png"]);
    expect((await get(encoded(`${mine}/saves/gba/legacy emulator/ä 100%.srm`))).text).toBe("before us");
  });

  test.each([
    ["its owner", ADMIN, "a", false, true],
    ["another user", VIEWER, "a", false, false],
    ["another user, public", VIEWER, "a", true, true],
    ["another user, public, of a rom hidden from them", VIEWER, "secret", true, false],
    ["another user, public, of a rom hidden from others", EDITOR, "secret", true, true],
  ] as const)("shows a file to %s", async (_what, authorization, rom, isPublic, isSeen) => {
    for (const kind of ["saves", "states"] as const) {
      const { id, full_path } = await upload(kind, [`${rom}-${isPublic}.bin`, "seen"], scene[rom]);
      await scene.call(`/api/${kind}/${id}/visibility`, { method: "PUT", json: { is_public: isPublic } });
      const { status, text, json } = await get(encoded(full_path), authorization);
      expect(status).toBe(isSeen ? 200 : 404);
      if (isSeen) expect(text).toBe("seen");
      else expect(json).toEqual({ detail: "Asset not found" });
    }
  });

  test("refuses what leads elsewhere, and what is somebody else's", async () => {
    const paths = [
      "",
      `${mine}/profile`,
      `${mine}/link.txt`,
      `${mine}/nothing.txt`,
      `${hers}/saves/gba/hers.srm`,
      "outside.txt",
      `${mine}/..%2f..%2foutside.txt`,
      `${mine}%2f..%2f..%2foutside.txt`,
      `${mine}/%2e%2e/%2e%2e/outside.txt`,
      `${mine}/%252e%252e/x`,
      `${mine}/..%5c..%5coutside.txt`,
      `${mine}//profile/avatar.png`,
      `/${mine}/profile/avatar.png`,
      `%2f${mine}/profile/avatar.png`,
      `${mine}/profile/avatar.png%00.txt`,
      `${mine}/profile/%ff`,
      `${mine}/profile/%`,
      `${mine}/${"x/".repeat(3000)}x`,
      `${mine}/${"x".repeat(2000)}`,
      "C:%5cx",
    ];
    for (const path of paths) {
      const { status, text } = await get(path);
      expect([path, status === 404 || status === 422, text.includes("outside")]).toEqual([path, true, false]);
    }
  });

  test("asks for the scope, and other methods are no business of it", async () => {
    const authorization = await scene.library.tokenWith("roms.read");
    expect((await get(`${hers}/saves/gba/hers.srm`, authorization)).status).toBe(403);
    expect((await get(`${hers}/saves/gba/hers.srm`, VIEWER)).text).toBe("hers");
    expect((await get(`${mine}/profile/avatar.png`, ADMIN, { method: "DELETE" })).status).toBe(405);
  });
});
