import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ADMIN } from "../auth/calls.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

let library: TestLibrary;
let gba = 0;
let empty = 0;
/** Stands for a mount that cannot be written. */
let isReadOnly = false;
let ids: Readonly<Record<string, number>> = {};

beforeAll(async () => {
  const disk = createDiskFiles();
  const files = { ...disk, canWrite: async (path: string) => !isReadOnly && (await disk.canWrite(path)) };
  library = await openLibrary({ files });
  ids = await library.addRoms("gba", ["Alpha & Co (USA).gba", "Beta.gba", "Gone.gba"]);
  gba = await library.addPlatform("gba");
  empty = await library.addPlatform("nes");
  const { sql } = library.app.database.handle;
  await sql`update roms set missing_from_fs = true where fs_name = 'Gone.gba'`;
  const alpha = ids["Alpha & Co (USA).gba"] ?? 0;
  await sql`update roms set path_cover_l = ${`roms/1/${alpha}/cover/big.png`}, summary = 'First.',
    path_screenshots = array['roms/1/none/0.jpg'], average_rating = 50, gamelist_id = 'g' where id = ${alpha}`;
  const answer = { box3d_path: `roms/1/${alpha}/box3d/box3d.png`, bezel_path: "../assets/secret.png" };
  await sql`insert into rom_provider_metadata (rom_id, provider, data)
    values (${alpha}, 'ss', ${JSON.stringify(answer)}::text::jsonb)`;
  await putResource(`roms/1/${alpha}/cover/big.png`, "cover");
  await putResource(`roms/1/${alpha}/box3d/box3d.png`, "box");
  await writeFile(join(library.app.facts.assetsPath, "secret.png"), "secret");
}, 30_000);
beforeEach(() => rm(join(folder(), "assets"), { recursive: true, force: true }));
afterAll(() => library.close());

const folder = () => join(library.app.basePath, "library", "roms", "gba");

async function putResource(path: string, bytes: string): Promise<void> {
  const at = join(library.app.facts.resourcesPath, path);
  await mkdir(dirname(at), { recursive: true });
  await writeFile(at, bytes);
}

async function post(path: string, authorization = ADMIN) {
  const response = await library.app.fetch(path, { method: "POST", headers: { authorization } });
  return {
    status: response.status,
    length: response.headers.get("content-length"),
    text: await response.text(),
  };
}

const DONE = { status: 200, length: "0", text: "" };
const written = (name: string) => readFile(join(folder(), name), "utf8");
const withoutDate = (text: string) => text.replaceAll(/ date="\d{8}T\d{6}"/g, ' date=""');

describe("POST /api/export/gamelist-xml", () => {
  test("writes addresses of this server", async () => {
    expect(await post(`/api/export/gamelist-xml?platform_ids=${gba}`)).toEqual(DONE);
    const alpha = ids["Alpha & Co (USA).gba"];
    const resources = "http://localhost/assets/romm/resources";
    expect(withoutDate(await written("gamelist.xml"))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<gameList>
  <game>
    <path>http://localhost/api/roms/${alpha}/content/Alpha%20%26%20Co%20%28USA%29.gba</path>
    <name>Alpha &amp; Co</name>
    <desc>First.</desc>
    <thumbnail>${resources}/roms/1/${alpha}/cover/big.png</thumbnail>
    <screenshot>${resources}/roms/1/none/0.jpg</screenshot>
    <image>${resources}/roms/1/none/0.jpg</image>
    <players>1</players>
    <region>USA</region>
    <rating>0.50</rating>
    <id>g</id>
    <box3d>${resources}/roms/1/${alpha}/box3d/box3d.png</box3d>
    <scrap name="RomM" date="" />
  </game>
  <game>
    <path>http://localhost/api/roms/${ids["Beta.gba"]}/content/Beta.gba</path>
    <name>Beta</name>
    <players>1</players>
    <scrap name="RomM" date="" />
  </game>
</gameList>
`);
  });

  test("writes paths and puts media beside the roms", async () => {
    expect(await post(`/api/export/gamelist-xml?platform_ids=${gba}&local_export=true`)).toEqual(DONE);
    // A screenshot that is not stored, and a path out of the resources, are left out.
    expect(withoutDate(await written("gamelist.xml"))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<gameList>
  <game>
    <path>./Alpha &amp; Co (USA).gba</path>
    <name>Alpha &amp; Co</name>
    <desc>First.</desc>
    <thumbnail>./assets/covers/Alpha &amp; Co (USA).png</thumbnail>
    <players>1</players>
    <region>USA</region>
    <rating>0.50</rating>
    <id>g</id>
    <box3d>./assets/boxes/Alpha &amp; Co (USA).png</box3d>
    <scrap name="RomM" date="" />
  </game>
  <game>
    <path>./Beta.gba</path>
    <name>Beta</name>
    <players>1</players>
    <scrap name="RomM" date="" />
  </game>
</gameList>
`);
    expect(await written("assets/covers/Alpha & Co (USA).png")).toBe("cover");
    expect((await readdir(join(folder(), "assets"))).sort()).toEqual(["boxes", "covers"]);
    expect((await readdir(folder())).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("shares the bytes of media, and replaces none", async () => {
    const cover = join(folder(), "assets", "covers", "Alpha & Co (USA).png");
    const box = join(folder(), "assets", "boxes", "Alpha & Co (USA).png");
    await mkdir(dirname(cover), { recursive: true });
    await writeFile(cover, "the operator's own");
    await mkdir(dirname(box), { recursive: true });
    await symlink("nowhere", box);
    expect(await post(`/api/export/gamelist-xml?platform_ids=${gba}&local_export=true`)).toEqual(DONE);
    expect(await readFile(cover, "utf8")).toBe("the operator's own");
    await rm(box);
    await post(`/api/export/gamelist-xml?platform_ids=${gba}&local_export=true`);
    const stored = join(
      library.app.facts.resourcesPath,
      `roms/1/${ids["Alpha & Co (USA).gba"]}/box3d/box3d.png`,
    );
    expect(await readFile(box, "utf8")).toBe("box");
    // The temporary folder is one file system; where it makes links, so do we.
    const probe = join(folder(), "probe");
    const canLink = await link(stored, probe).then(
      () => true,
      () => false,
    );
    await rm(probe, { force: true });
    expect((await stat(box)).ino === (await stat(stored)).ino).toBe(canLink);
  });

  test("writes every platform that it can", async () => {
    const path = `/api/export/gamelist-xml?platform_ids=${empty}&platform_ids=${gba}&platform_ids=99999`;
    expect(await post(path)).toEqual(DONE);
  });

  test("writes a list without games", async () => {
    const nes = join(library.app.basePath, "library", "roms", "nes");
    await mkdir(nes, { recursive: true });
    expect(await post(`/api/export/gamelist-xml?platform_ids=${empty}`)).toEqual(DONE);
    expect(await readFile(join(nes, "gamelist.xml"), "utf8")).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<gameList>\n</gameList>\n',
    );
    await rm(nes, { recursive: true });
  });

  test("reads long libraries page by page", async () => {
    const large = await library.addPlatform("snes");
    await mkdir(join(library.app.basePath, "library", "roms", "snes"), { recursive: true });
    await library.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension,
        fs_path, name_sort_key)
      select ${large}, 'G' || i || '.sfc', 'G' || i, 'G' || i, 'sfc', 'roms/snes', 'same' from generate_series(1, 1501) i`);
    expect(await post(`/api/export/gamelist-xml?platform_ids=${large}&local_export=1`)).toEqual(DONE);
    const text = await readFile(
      join(library.app.basePath, "library", "roms", "snes", "gamelist.xml"),
      "utf8",
    );
    const paths = [...text.matchAll(/<path>(.*)<\/path>/g)].map((match) => match[1]);
    expect([paths.length, new Set(paths).size]).toEqual([1501, 1501]);
  });
});

describe("POST /api/export/pegasus", () => {
  test("writes addresses, or paths and media", async () => {
    const alpha = ids["Alpha & Co (USA).gba"];
    expect(await post(`/api/export/pegasus?platform_ids=${gba}`)).toEqual(DONE);
    expect(await written("metadata.pegasus.txt")).toContain(
      `\n\ngame: Alpha & Co\nfile: http://localhost/api/roms/${alpha}/content/Alpha%20%26%20Co%20%28USA%29.gba\n`,
    );
    expect(await post(`/api/export/pegasus?platform_ids=${gba}&local_export=true`)).toEqual(DONE);
    expect(await written("metadata.pegasus.txt")).toBe(`collection: Game Boy Advance
shortname: gba

game: Alpha & Co
file: Alpha & Co (USA).gba
players: 1
description: First.
rating: 50%
assets.box_front: assets/covers/Alpha & Co (USA).png
assets.box_full: assets/boxes/Alpha & Co (USA).png
x-region: USA
x-romm-id: ${alpha}

game: Beta
file: Beta.gba
players: 1
x-romm-id: ${ids["Beta.gba"]}
`);
  });
});

describe.each(["gamelist-xml", "pegasus"])("a refused export: %s", (format) => {
  const path = `/api/export/${format}`;

  test("asks for roms.read", async () => {
    expect((await post(`${path}?platform_ids=${gba}`, "Bearer nonsense")).status).toBe(401);
    expect((await post(`${path}?platform_ids=${gba}`, await library.tokenWith("me.read"))).status).toBe(403);
    expect(await post(`${path}?platform_ids=${gba}`, await library.tokenWith("roms.read"))).toEqual(DONE);
  });

  test.each([
    ["", 400],
    ["?local_export=true", 400],
    ["?platform_ids=99999", 500],
    ["?platform_ids=abc", 422],
    ["?platform_ids=0", 422],
    [`?platform_ids=1&local_export=perhaps`, 422],
  ])("answers %p with %p", async (query, status) => {
    expect((await post(path + query)).status).toBe(status);
  });

  test("writes nothing for a platform without a folder, nor makes one", async () => {
    expect((await post(`${path}?platform_ids=${empty}`)).status).toBe(500);
    expect(await readdir(join(library.app.basePath, "library", "roms"))).not.toContain("nes");
  });

  test("says when the library is mounted read-only", async () => {
    isReadOnly = true;
    const { status } = await post(`${path}?platform_ids=${gba}`);
    isReadOnly = false;
    expect(status).toBe(409);
  });
});

describe("exports at the typed door", () => {
  test.each([
    ["exports.gamelistXml", "gamelist.xml"],
    ["exports.pegasus", "metadata.pegasus.txt"],
  ])("%s tells what it wrote", async (procedure, name) => {
    const headers = { authorization: ADMIN, "content-type": "application/json" };
    const body = JSON.stringify({ platformIds: [gba], isLocal: true });
    const answer = await library.app.fetch(`/trpc/${procedure}`, { method: "POST", headers, body });
    expect(await answer.json()).toEqual({
      result: { data: [{ platformId: gba, path: `roms/gba/${name}` }] },
    });
  });
});
