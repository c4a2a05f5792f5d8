import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, isMultitapError } from "@multitap/client";
import { openAppClient } from "../../auth/client.testing.ts";
import { addExif, makePicture } from "../../users/pictures.testing.ts";
import { ADMIN, EDITOR, openRomScene, type RomScene, VIEWER, type WireRom } from "./scene.testing.ts";

const OPEN_MS = 30_000;

/** Another server that has pictures. */
let outside: ReturnType<typeof Bun.serve>;
let picture: Uint8Array<ArrayBuffer>;
let scene: RomScene;
let romId: number;

beforeAll(async () => {
  picture = await makePicture("jpeg", 300, 200);
  const answers: Record<string, () => Response> = {
    "/cover.jpg": () => new Response(picture, { headers: { "content-type": "image/jpeg" } }),
    "/page": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  };
  outside = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answers[new URL(request.url).pathname]?.() ?? new Response("no", { status: 404 }),
  });
});
afterAll(() => outside.stop(true));
beforeEach(async () => {
  scene = await openRomScene({ environment: { MULTITAP_FETCH_ALLOW: `127.0.0.1:${outside.port}` } });
  romId = await scene.library.addRom("gba", "The Star Pilot (USA).gba", "bytes of the rom");
}, OPEN_MS);
afterEach(() => scene.close());

const inLibrary = (path: string) => join(scene.library.app.basePath, "library", path);
const sql = () => scene.library.app.database.handle.sql;

async function facetsOf(id: number): Promise<readonly string[]> {
  const rows = await sql()<{ kind: string; value: string }[]>`select kind, value from rom_facets
    where rom_id = ${id} order by kind, value`;
  return rows.map(({ kind, value }) => `${kind} ${value}`);
}

describe("PUT /api/roms/{id}", () => {
  test("changes only what is sent, and the date of change", async () => {
    const before = await scene.read(romId);
    const events = await scene.listEvents(async () => {
      const { status, rom } = await scene.edit(`/${romId}`, { name: "A Pilot 2", summary: "Flies" });
      expect(status).toBe(200);
      expect(rom).toMatchObject({ name: "A Pilot 2", name_sort_key: "pilot 000000000002", summary: "Flies" });
      // What a caller never touched is told with the date of asking.
      const { rom_user: _then, ...then } = before as WireRom & { readonly rom_user?: unknown };
      const { name, name_sort_key, summary, updated_at } = rom;
      expect(rom).toMatchObject({ ...then, name, name_sort_key, summary, updated_at });
      expect(rom.updated_at > before.updated_at).toBe(true);
      // The same again is no change.
      expect((await scene.edit(`/${romId}`, { name: "A Pilot 2" })).rom.updated_at).toBe(rom.updated_at);
    });
    expect(events).toEqual([`updated ${romId}`]);
    expect((await scene.edit(`/${romId}`, { name: "", summary: "" })).rom).toMatchObject({
      name: "The Star Pilot",
      summary: null,
    });
  });

  test("keeps a sort key that was set by hand until it is emptied", async () => {
    expect((await scene.edit(`/${romId}`, { name_sort_key: "zzz" })).rom.name_sort_key).toBe("zzz");
    const renamed = await scene.edit(`/${romId}`, { name: "Pilot", name_sort_key: "zzz" });
    expect(renamed.rom).toMatchObject({ name: "Pilot", name_sort_key: "zzz" });
    expect((await scene.edit(`/${romId}`, { name_sort_key: "" })).rom.name_sort_key).toBe("pilot");
    // Forms send the key along that they were shown.
    const moved = await scene.edit(`/${romId}`, { name: "The Other", name_sort_key: "pilot" });
    expect(moved.rom.name_sort_key).toBe("other");
  });

  const refused: [string, () => [string, Record<string, string>], string | null, number][] = [
    ["a guest", () => [`/${romId}`, { name: "x" }], null, 403],
    ["a viewer", () => [`/${romId}`, { name: "x" }], VIEWER, 403],
    ["an unknown rom", () => ["/999", { name: "x" }], ADMIN, 404],
    ["an id that is none", () => ["/x", { name: "x" }], ADMIN, 422],
    ["a provider id that is none", () => [`/${romId}`, { igdb_id: "seven" }], ADMIN, 422],
    ["a provider id beyond all", () => [`/${romId}`, { igdb_id: "99999999999" }], ADMIN, 422],
    ["an address of another kind", () => [`/${romId}`, { url_cover: "file:///etc/passwd" }], ADMIN, 422],
    ["metadata that is no JSON", () => [`/${romId}`, { raw_manual_metadata: "{" }], ADMIN, 422],
    ["metadata that is no object", () => [`/${romId}`, { raw_manual_metadata: "[1]" }], ADMIN, 422],
    ["a zero in metadata", () => [`/${romId}`, { raw_manual_metadata: '{"a":"\\u0000"}' }], ADMIN, 422],
    ["half a pair in metadata", () => [`/${romId}`, { raw_manual_metadata: '{"a":"\\ud800"}' }], ADMIN, 422],
    [
      "deep metadata",
      () => [`/${romId}`, { raw_manual_metadata: `{"a":${"[".repeat(99)}${"]".repeat(99)}}` }],
      ADMIN,
      422,
    ],
    ["a zero in a name", () => [`/${romId}`, { name: "a\0b" }], ADMIN, 422],
    ["a text as a cover", () => [`/${romId}`, { artwork: "cover" }], ADMIN, 422],
    ["a cover from a page", () => [`/${romId}`, { url_cover: `${outside.url.origin}/page` }], ADMIN, 502],
    ["a path as a name", () => [`/${romId}`, { fs_name: "../x.gba" }], ADMIN, 400],
    ["a name that scans leave out", () => [`/${romId}`, { fs_name: "x.tmp" }], ADMIN, 400],
    ["a name of ours", () => [`/${romId}`, { fs_name: ".multitap-0.trash" }], ADMIN, 400],
  ];
  test.each(refused)("refuses %s and changes nothing", async (_what, make, authorization, status) => {
    const before = await sql()`select * from roms`;
    const [path, fields] = make();
    const events = await scene.listEvents(async () => {
      expect((await scene.edit(path, fields, authorization)).status).toBe(status);
    });
    expect([events, await sql()`select * from roms`]).toEqual([[], before]);
    expect(await scene.list("pending")).toEqual([]);
  });

  test("takes backslashes in metadata for what they are", async () => {
    const raw = JSON.stringify({ notes: "C:\\u0000 \\ud800" });
    const { rom } = await scene.edit(`/${romId}`, { raw_manual_metadata: raw });
    expect(rom.manual_metadata).toEqual({ notes: "C:\\u0000 \\ud800" });
  });

  test("lets an editor change, and nobody what is hidden from them", async () => {
    expect((await scene.edit(`/${romId}`, { name: "Edited" }, EDITOR)).status).toBe(200);
    await scene.hideFrom("edda", romId);
    const answer = await scene.edit(`/${romId}`, { name: "Again" }, EDITOR);
    expect([answer.status, answer.json]).toEqual([404, { detail: `Rom with id '${romId}' not found` }]);
    expect((await scene.tell("update", { romId, name: "Again" }, EDITOR)).code).toBe("ROMS_NOT_FOUND");
    expect((await scene.read(romId)).name).toBe("Edited");
  });

  describe("about providers", () => {
    const igdb = { genres: ["Puzzle", "Action"], total_rating: "80", first_release_date: 86_400 };

    test("keeps what one says only while the rom has its id, and the facets with it", async () => {
      const raw = JSON.stringify(igdb);
      const unknown = await scene.edit(`/${romId}`, { raw_igdb_metadata: raw });
      expect(unknown.rom.igdb_metadata).toEqual({});
      const known = await scene.edit(`/${romId}`, { igdb_id: "7", raw_igdb_metadata: raw });
      expect(known.rom).toMatchObject({
        igdb_id: 7,
        igdb_metadata: igdb,
        metadatum: { genres: ["Action", "Puzzle"], average_rating: 80, first_release_date: 86_400_000 },
      });
      expect(await facetsOf(romId)).toEqual(["genre Action", "genre Puzzle", "region USA"]);
      // Another game: the form sends along what was said of the one before.
      await sql()`update roms set slug = 'pilot' where id = ${romId}`;
      const other = await scene.edit(`/${romId}`, { igdb_id: "8", raw_igdb_metadata: raw });
      expect(other.rom).toMatchObject({
        igdb_id: 8,
        slug: null,
        igdb_metadata: {},
        metadatum: { genres: [] },
      });
      expect(await facetsOf(romId)).toEqual(["region USA"]);
      await scene.edit(`/${romId}`, { raw_igdb_metadata: raw });
      const forgotten = await scene.edit(`/${romId}`, { igdb_id: "" });
      expect(forgotten.rom).toMatchObject({ igdb_id: null, igdb_metadata: {}, metadatum: { genres: [] } });
      expect(await facetsOf(romId)).toEqual(["region USA"]);
    });

    test("takes what people write themselves before all of them", async () => {
      const manual = { genres: ["RPG", "Action"], age_ratings: [], first_release_date: 1_000_000_000_000 };
      await scene.edit(`/${romId}`, { igdb_id: "7", raw_igdb_metadata: JSON.stringify(igdb) });
      const { rom } = await scene.edit(`/${romId}`, { raw_manual_metadata: JSON.stringify(manual) });
      expect(rom).toMatchObject({
        manual_metadata: manual,
        metadatum: { genres: ["Action", "RPG"], first_release_date: 1_000_000_000_000, average_rating: 80 },
      });
      expect((await scene.edit(`/${romId}`, { raw_manual_metadata: "{}" })).rom.manual_metadata).toEqual({});
      expect(await facetsOf(romId)).toEqual(["genre Action", "genre Puzzle", "region USA"]);
    });

    test("forgets all but what people wrote on request", async () => {
      await scene.edit(`/${romId}`, {
        igdb_id: "7",
        raw_igdb_metadata: JSON.stringify(igdb),
        raw_manual_metadata: '{"companies":["Us"]}',
        summary: "Flies",
        url_cover: `${outside.url.origin}/cover.jpg`,
      });
      const { status, rom } = await scene.edit(`/${romId}?unmatch_metadata=true`, { name: "Not this" });
      expect(status).toBe(200);
      expect(rom).toMatchObject({
        igdb_id: null,
        igdb_metadata: {},
        name: "The Star Pilot (USA).gba",
        summary: null,
        url_cover: "",
        path_cover_small: "",
        metadatum: { genres: [], companies: ["Us"] },
        regions: ["USA"],
      });
      expect(await facetsOf(romId)).toEqual(["company Us", "region USA"]);
      expect(await scene.list(`resources/roms/${rom.platform_id}/${romId}/cover`)).toEqual([]);
    });
  });

  describe("with a cover", () => {
    const coverFiles = async () => {
      const { platform_id } = await scene.read(romId);
      return await scene.list(`resources/roms/${platform_id}/${romId}/cover`);
    };

    test("stores it in two sizes, without what a camera wrote, and replaces the one before", async () => {
      const { rom } = await scene.edit(`/${romId}`, { artwork: addExif(picture, "GPS 52.5200 N") });
      const ts = Date.parse(rom.updated_at);
      const folder = `/assets/romm/resources/roms/${rom.platform_id}/${romId}/cover`;
      expect(rom.path_cover_large).toBe(`${folder}/big.jpg?ts=${ts}`);
      expect(rom.path_cover_small).toBe(`${folder}/small.jpg?ts=${ts}`);
      const path = `${scene.library.app.facts.resourcesPath}/roms/${rom.platform_id}/${romId}/cover/small.jpg`;
      const { width, height } = await new Bun.Image(await Bun.file(path).bytes()).metadata();
      expect([width, height]).toEqual([120, 80]);
      expect(Buffer.from(await Bun.file(path).bytes()).includes("GPS")).toBe(false);
      const other = await scene.edit(`/${romId}`, { artwork: await makePicture("png", 30) });
      expect(other.rom.updated_at > rom.updated_at).toBe(true);
      expect(await coverFiles()).toEqual(["big.png", "small.png"]);
      const bare = await scene.edit(`/${romId}?remove_cover=true`, {});
      expect(bare.rom).toMatchObject({ path_cover_small: "", path_cover_large: "", url_cover: "" });
      expect(await coverFiles()).toEqual([]);
    });

    test("fetches one from an address, once", async () => {
      const url = `${outside.url.origin}/cover.jpg`;
      const { rom } = await scene.edit(`/${romId}`, { url_cover: url, url_manual: "https://x.test/m.pdf" });
      expect(rom).toMatchObject({ url_cover: url, url_manual: "https://x.test/m.pdf" });
      expect(rom.path_cover_large).toContain("big.jpg");
      expect((await scene.edit(`/${romId}`, { url_cover: url })).rom.updated_at).toBe(rom.updated_at);
    });

    test("takes no bytes that are none and none that are too many", async () => {
      const script = new Uint8Array(Buffer.from("<svg onload=alert(1)>"));
      const answer = await scene.edit(`/${romId}`, { name: "x", artwork: script });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("image/svg+xml")]);
      const large = await scene.edit(`/${romId}`, { artwork: new Uint8Array(10 * 1024 * 1024 + 1) });
      expect([large.status, large.text]).toEqual([413, expect.stringContaining("at most 10485760 bytes")]);
      expect((await scene.read(romId)).name).toBe("The Star Pilot");
      expect(await coverFiles()).toEqual([]);
    });
  });

  describe("with a new name in the library", () => {
    test("renames the file, and reads its tags again", async () => {
      const [file] = (await scene.read(romId)).files;
      const { status, rom } = await scene.edit(`/${romId}`, { fs_name: "Pilot [reg-E] (Rev 1).gba" });
      expect(status).toBe(200);
      expect(rom).toMatchObject({
        name: "The Star Pilot",
        fs_name: "Pilot [reg-E] (Rev 1).gba",
        full_path: "roms/gba/Pilot [reg-E] (Rev 1).gba",
        regions: ["Europe"],
        revision: "1",
        files: [{ id: file?.id, full_path: "roms/gba/Pilot [reg-E] (Rev 1).gba" }],
      });
      expect(await scene.list("library/roms/gba")).toEqual(["Pilot [reg-E] (Rev 1).gba"]);
      expect(await facetsOf(romId)).toEqual(["region Europe"]);
      expect(await scene.list("pending")).toEqual([]);
      const bytes = await scene.library.app.fetch(`/api/roms/${romId}/content/x`, {
        headers: { authorization: ADMIN },
      });
      expect(await bytes.text()).toBe("bytes of the rom");
    });

    test("renames a folder with the paths of all its files", async () => {
      await mkdir(inLibrary("roms/psx/Epic (Europe)/disc 2"), { recursive: true });
      await writeFile(inLibrary("roms/psx/Epic (Europe)/a.bin"), "a");
      await writeFile(inLibrary("roms/psx/Epic (Europe)/disc 2/b.bin"), "b");
      const platformId = await scene.library.addPlatform("psx");
      const [row] = await sql()<
        { id: number }[]
      >`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext,
          fs_extension, fs_path, is_folder)
        values (${platformId}, 'Epic (Europe)', 'Epic', 'Epic (Europe)', '', 'roms/psx', true) returning id`;
      await sql()`insert into rom_files (rom_id, file_name, file_path) values
        (${row?.id ?? 0}, 'a.bin', 'roms/psx/Epic (Europe)'), (${row?.id ?? 0}, 'b.bin', 'roms/psx/Epic (Europe)/disc 2')`;
      const { status, rom } = await scene.edit(`/${row?.id}`, { fs_name: "Epic (Japan)" });
      expect(status).toBe(200);
      expect(rom.files.map((file) => file.full_path).toSorted()).toEqual([
        "roms/psx/Epic (Japan)/a.bin",
        "roms/psx/Epic (Japan)/disc 2/b.bin",
      ]);
      expect(await scene.list("library/roms/psx/Epic (Japan)/disc 2")).toEqual(["b.bin"]);
      expect(rom.regions).toEqual(["Japan"]);
    });

    const inTheWay: [string, () => Promise<unknown>][] = [
      ["a file", () => writeFile(inLibrary("roms/gba/New.gba"), "precious")],
      ["a folder", () => mkdir(inLibrary("roms/gba/New.gba"))],
      ["a link to nowhere", () => symlink("/nowhere", inLibrary("roms/gba/New.gba"))],
      [
        "a rom that is missing",
        () =>
          scene.library
            .addRom("gba", "New.gba", "x")
            .then(() => rename(inLibrary("roms/gba/New.gba"), inLibrary("gone"))),
      ],
    ];
    test.each(inTheWay)("does not overwrite %s", async (_what, put) => {
      await put();
      const before = await scene.list("library/roms/gba");
      const events = await scene.listEvents(async () => {
        const answer = await scene.edit(`/${romId}`, { fs_name: "New.gba", name: "Also new" });
        expect([answer.status, answer.json]).toEqual([409, { detail: "'New.gba' already exists" }]);
      });
      expect(events).toEqual([]);
      expect(await scene.list("library/roms/gba")).toEqual(before);
      expect(await scene.read(romId)).toMatchObject({
        fs_name: "The Star Pilot (USA).gba",
        name: "The Star Pilot",
      });
      expect(await scene.list("pending")).toEqual([]);
    });

    test("gives the name to one of two at the same time", async () => {
      const ids = [
        romId,
        await scene.library.addRom("gba", "B.gba", "b"),
        await scene.library.addRom("gba", "C.gba", "c"),
      ];
      const answers = await Promise.all(ids.map((id) => scene.edit(`/${id}`, { fs_name: "New.gba" })));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
      expect(await scene.list("library/roms/gba")).toHaveLength(3);
      expect(await scene.list("pending")).toEqual([]);
    });

    test("says that a file is gone, and that a library cannot be written", async () => {
      await rename(inLibrary("roms/gba/The Star Pilot (USA).gba"), inLibrary("gone"));
      expect((await scene.edit(`/${romId}`, { fs_name: "New.gba" })).status).toBe(404);
      // A name that stays is no wish.
      expect((await scene.edit(`/${romId}`, { fs_name: "The Star Pilot (USA).gba" })).status).toBe(200);
      await scene.library.change(`update roms set fs_path = '../assets' where id = ${romId}`);
      expect((await scene.edit(`/${romId}`, { fs_name: "New.gba" })).status).toBe(409);
    });
  });
});

describe("a library that cannot be written", () => {
  test("renames nothing, and is told", async () => {
    const { app } = scene.library;
    const files = { ...app.ports.files, canWrite: async () => false };
    Object.assign(app.ports, { files });
    const answer = await scene.edit(`/${romId}`, { fs_name: "New.gba", name: "Also new" });
    expect([answer.status, answer.json]).toEqual([409, { detail: "The library is mounted read-only" }]);
    expect((await scene.edit(`/${romId}`, { name: "Still works" })).status).toBe(200);
  });
});

describe("client.roms", () => {
  let client: Client;
  beforeEach(async () => {
    client = await openAppClient(scene.library.app, { scope: "roms.read roms.write" });
  });
  afterEach(() => client.close());

  test("changes a rom, its cover and its name", async () => {
    const rom = await client.roms.update(romId, {
      name: "Pilot",
      providerIds: { igdb: 7, flashpoint: "a-b" },
      metadata: { igdb: { genres: ["Action"] } },
      fsName: "Pilot (Japan).gba",
    });
    expect(rom).toMatchObject({
      name: "Pilot",
      sortKey: "pilot",
      fsName: "Pilot (Japan).gba",
      regions: ["Japan"],
      providerIds: { igdb: 7, flashpoint: "a-b", moby: null },
      isIdentified: true,
    });
    await client.roms.updateCover(romId, picture);
    const read = await client.roms.get(romId, { with: ["metadata"] });
    expect(read).toMatchObject({
      coverLarge: expect.stringContaining("big.jpg"),
      metadata: { genres: ["Action"] },
    });
    const bare = await client.roms.update(romId, { removeCover: true, summary: null, urlScreenshots: [] });
    expect(bare.coverLarge).toBeNull();
    const refused = await client.roms.update(999, { name: "x" }).catch((error: unknown) => error);
    expect(isMultitapError(refused) && refused.code).toBe("ROMS_NOT_FOUND");
  });

  test("removes roms, and tells which stay", async () => {
    await client.roms.remove([romId], { deleteFiles: true });
    expect(await scene.list("library/roms/gba")).toEqual([]);
    const other = await scene.library.addRom("gba", "B.gba", "b");
    const refused = await client.roms.remove([other, 999]).catch((error: unknown) => error);
    expect(isMultitapError(refused) && [refused.code, refused.details]).toEqual([
      "ROMS_NOT_REMOVED",
      {
        removedIds: [other],
        failures: [{ romId: 999, code: "ROMS_NOT_FOUND", message: "Rom with id '999' not found" }],
      },
    ]);
    expect(await scene.list("library/roms/gba")).toEqual(["B.gba"]);
  });
});
