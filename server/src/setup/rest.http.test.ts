// The first steps of a new server, and who may still take them later, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { addAccounts, openBrowser, VIEWER } from "../auth/calls.testing.ts";
import { EDITOR, openTwoDoors, seen, type TwoDoors } from "../config/scene.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles } from "../ports/files/faulty.ts";

/** A server without accounts, and a browser on it. */
async function openFresh(folders: readonly string[], options: TestAppOptions = {}) {
  const app = await createTestApp(options);
  for (const folder of folders) await mkdir(join(app.basePath, "library", folder), { recursive: true });
  const browser = openBrowser(app);
  await browser.call("/api/heartbeat");
  const list = async (path = "roms") => (await readdir(join(app.basePath, "library", path))).sort();
  return { app, browser, list, [Symbol.asyncDispose]: () => app.close() };
}

interface Library {
  readonly detected_structure: string | null;
  readonly existing_platforms: readonly object[];
  readonly supported_platforms: readonly { readonly id: number; readonly slug: string }[];
}

describe("GET /api/setup/library of a fresh server", () => {
  test("shows folders, their entries and every platform", async () => {
    await using fresh = await openFresh(["roms/snes/a", "roms/snes/.b", "roms/gba/_cache", "roms/@eaDir"]);
    const { status, json } = await fresh.browser.call("/api/setup/library");
    const library = json as Library;
    expect([status, library.detected_structure, library.existing_platforms]).toEqual([
      200,
      "struct_a",
      [
        { fs_slug: "gba", rom_count: 0 },
        { fs_slug: "snes", rom_count: 1 },
      ],
    ]);
    expect(Object.keys(library)).toEqual(["detected_structure", "existing_platforms", "supported_platforms"]);
    expect(library.supported_platforms.length).toBeGreaterThan(400);
    expect(library.supported_platforms.find(({ slug }) => slug === "gba")).toMatchObject({ id: -1 });
  });

  test.each([
    [["snes/roms/a", "gba/roms"], "struct_b", 2],
    [["snes"], null, 0],
    [[], null, 0],
  ] as const)("knows the structure of %p", async (folders, structure, count) => {
    await using fresh = await openFresh(folders);
    const library = (await fresh.browser.call("/api/setup/library")).json as Library;
    expect([library.detected_structure, library.existing_platforms.length]).toEqual([structure, count]);
    const rpc = await fresh.app.fetch("/trpc/setup.library");
    const { result } = (await rpc.json()) as { result: { data: { structure: unknown; folders: object[] } } };
    expect([result.data.structure, result.data.folders.length]).toEqual([
      structure === null ? null : structure.slice(-1),
      count,
    ]);
  });
});

describe("POST /api/setup/platforms of a fresh server", () => {
  const post = (app: Awaited<ReturnType<typeof openFresh>>, json: unknown) =>
    app.browser.call("/api/setup/platforms", { json });

  test("refuses the name that would hide every platform beside it", async () => {
    await using fresh = await openFresh(["snes/roms"]);
    const made = await fresh.browser.call("/trpc/setup.createFolders", {
      json: { fsSlugs: ["roms", "gba"] },
    });
    expect(made.json).toMatchObject({
      error: { data: { code: "SETUP_FOLDERS_FAILED", details: { fsSlugs: ["roms"] } } },
    });
    expect(await fresh.list(".")).toEqual(["gba", "snes"]);
  });

  test("makes the default structure and counts what is new", async () => {
    await using fresh = await openFresh([]);
    const made = { success: true, created_count: 2, message: "Successfully created 2 platform folder(s)" };
    expect(seen(await post(fresh, ["gb", "snes", "gb"]))).toEqual([201, made]);
    expect(await fresh.list()).toEqual(["gb", "snes"]);
    expect(seen(await post(fresh, ["gb", "my box"]))).toEqual([
      201,
      { success: true, created_count: 1, message: "Successfully created 1 platform folder(s)" },
    ]);
    expect(seen(await post(fresh, []))).toEqual([
      201,
      { success: true, created_count: 0, message: "No platforms selected" },
    ]);
    const rpc = await fresh.browser.call("/trpc/setup.createFolders", { json: { fsSlugs: ["nes"] } });
    expect(rpc.json).toMatchObject({ result: { data: { askedCount: 1, createdCount: 1 } } });
    expect(await fresh.list()).toEqual(["gb", "my box", "nes", "snes"]);
  });

  test("keeps the structure that the library has", async () => {
    await using fresh = await openFresh(["snes/roms"]);
    expect((await post(fresh, ["gb"])).status).toBe(201);
    expect(await fresh.list("gb")).toEqual(["roms"]);
  });

  test("asks a browser for its token", async () => {
    await using fresh = await openFresh([]);
    const { status } = await fresh.browser.call("/api/setup/platforms", {
      json: ["gb"],
      headers: { "x-csrftoken": "" },
    });
    expect(status).toBe(403);
    expect(await fresh.list("")).toEqual([]);
  });

  test.each([
    [["gb", ".."]],
    [["."]],
    [[""]],
    [[" gb"]],
    [["gb "]],
    [["../gb"]],
    [["a/b"]],
    [["a\\b"]],
    [["/etc"]],
    [["a\u0000b"]],
    [["a\nb"]],
    [["é".repeat(128)]],
    [["\ud800"]],
    [[5]],
    [Array.from({ length: 1001 }, (_, index) => `p${index}`)],
    ["gb"],
    [null],
    [{ 0: "gb" }],
  ])("refuses %p and makes nothing", async (json) => {
    await using fresh = await openFresh([]);
    expect((await post(fresh, json)).status).toBe(422);
    expect(await readdir(join(fresh.app.basePath, "library"))).toEqual([]);
  });

  test("names what could not be made, after making the rest", async () => {
    const files = createFaultyFiles(createDiskFiles());
    await using fresh = await openFresh([], { files });
    files.inject({ operation: "createFolder", path: /\/gb$/, error: "EACCES" });
    expect(seen(await post(fresh, ["gb", "nes"]))).toEqual([
      500,
      { detail: "Failed to create some platform folders: gb" },
    ]);
    expect(await fresh.list()).toEqual(["nes"]);
  });

  test("does not write over a file of the name", async () => {
    await using fresh = await openFresh(["roms"]);
    await Bun.write(join(fresh.app.basePath, "library", "roms", "gb"), "a file");
    expect((await post(fresh, ["gb"])).status).toBe(500);
    expect(await Bun.file(join(fresh.app.basePath, "library", "roms", "gb")).text()).toBe("a file");
  });
});

describe("a server that was set up", () => {
  let doors: TwoDoors;
  let app: TestApp;
  beforeAll(async () => {
    doors = await openTwoDoors();
    app = doors.app;
    await mkdir(join(app.basePath, "library", "roms", "gba"), { recursive: true });
  }, 30_000);
  afterAll(() => app.close());

  const FORBIDDEN = [403, { detail: "Forbidden" }];
  const library = (authorization?: string) => doors.call("/api/setup/library", { authorization });
  const create = (authorization?: string) =>
    doors.call("/api/setup/platforms", { json: ["nes"], authorization });

  test("asks for platforms.read", async () => {
    expect(seen(await library())).toEqual(FORBIDDEN);
    expect((await library(VIEWER)).status).toBe(200);
    expect((await library("Bearer nonsense")).status).toBe(401);
    const rpc = await doors.ask("setup.library", undefined, null);
    expect([rpc.status, rpc.code]).toEqual([403, "SETUP_DONE"]);
  });

  test("asks for platforms.write", async () => {
    expect(seen(await create(VIEWER))).toEqual(FORBIDDEN);
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    expect(seen(await browser.call("/api/setup/platforms", { json: ["nes"] }))).toEqual(FORBIDDEN);
    expect((await doors.tell("setup.createFolders", { fsSlugs: ["nes"] }, VIEWER)).status).toBe(403);
    expect(await readdir(join(app.basePath, "library", "roms"))).toEqual(["gba"]);
    expect((await create(EDITOR)).status).toBe(201);
  });

  test("counts nothing once roms are known", async () => {
    const { sql } = app.database.handle;
    await sql`insert into platforms (slug, fs_slug, name, name_sort_key) values ('gba', 'gba', 'gba', 'gba')`;
    await sql`
      insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
      select id, 'a.gba', 'a', 'a', 'gba', 'roms/gba' from platforms`;
    const { json } = await library(VIEWER);
    expect((json as Library).existing_platforms).toEqual([]);
    expect((json as Library).supported_platforms.find(({ slug }) => slug === "gba")?.id).toBeGreaterThan(0);
  });
});

test("a server is open until its first account is an administrator", async () => {
  await using fresh = await openFresh([]);
  expect((await fresh.browser.call("/api/setup/platforms", { json: ["gb"] })).status).toBe(201);
  await addAccounts(fresh.app);
  expect((await fresh.browser.call("/api/setup/platforms", { json: ["gbc"] })).status).toBe(403);
  expect(await fresh.list()).toEqual(["gb"]);
});
