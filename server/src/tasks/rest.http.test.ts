// Background work, through both doors.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { VIEWER } from "../auth/calls.testing.ts";
import { openTwoDoors, seen, type TwoDoors } from "../config/scene.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles, type FaultyFiles } from "../ports/files/faulty.ts";
import type { TaskRun } from "./contract.ts";
import { RUNS_KEPT_MAX } from "./limits.ts";
import { listRuns, storeRun } from "./runs/service.ts";
import { startTaskWorker } from "./worker.ts";

let doors: TwoDoors;
let off: TwoDoors;
let files: FaultyFiles;
let worker: { stop(): void };

beforeAll(async () => {
  files = createFaultyFiles(createDiskFiles());
  const environment = {
    ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: "true",
    SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: "1 2 * * *",
    ENABLE_RESCAN_ON_FILESYSTEM_CHANGE: "true",
    RESCAN_ON_FILESYSTEM_CHANGE_DELAY: "7",
  };
  doors = await openTwoDoors({ files, environment });
  worker = await startTaskWorker(doors.app.ports, { createContext: doors.app.createContext });
  off = await openTwoDoors();
}, 30_000);
afterAll(async () => {
  worker.stop();
  await doors.app.close();
  await off.app.close();
});
afterEach(async () => {
  files.heal();
  await doors.app.database.handle.sql`delete from platforms`;
});

const SCAN_LIBRARY = {
  name: "scan_library",
  type: "scan",
  manual_run: false,
  title: "Scheduled rescan",
  description: "Rescans the entire library",
  enabled: false,
  cron_string: "0 3 * * *",
};
const ZIPS = {
  name: "cleanup_zip_cache",
  type: "cleanup",
  manual_run: false,
  title: "Scheduled ZIP cache cleanup",
  description: "Removes stale cached ZIP files based on tiered TTL",
  enabled: true,
  cron_string: "0 4 * * *",
};
const ORPHANS = {
  name: "cleanup_orphaned_resources",
  type: "cleanup",
  manual_run: true,
  title: "Cleanup orphaned resources",
  description: "Clean up orphaned resources in the ROMs directory",
  enabled: true,
  cron_string: "1 2 * * *",
};
/** None of the compatible server's. */
const BACKUP = {
  name: "backup",
  type: "generic",
  manual_run: true,
  title: "Backup",
  description: "Saves database, keys, configuration and files of users; keeps the last 7",
  enabled: true,
  cron_string: "0 3 * * *",
};
const MISSING = {
  name: "cleanup_missing_roms",
  type: "cleanup",
  manual_run: true,
  title: "Cleanup missing ROMs",
  description: "Delete all ROMs flagged as missing from the filesystem from the database",
  enabled: true,
  cron_string: "",
};
const SYNC_FOLDERS = {
  name: "sync_folder_scan",
  type: "sync",
  manual_run: false,
  title: "Sync Folder Scan",
  description: "Scan device sync folders for new save files",
  enabled: false,
  cron_string: "",
};
const REHASH = {
  name: "recompute_save_content_hashes",
  type: "cleanup",
  manual_run: true,
  title: "Recompute save content hashes",
  description: "Recompute the content hash of every save",
  enabled: true,
  cron_string: "",
};
const WATCHER = {
  name: "filesystem_watcher",
  type: "watcher",
  manual_run: false,
  title: "Rescan on filesystem change",
  description: "Runs a scan when a change is detected in the library path, with a 7 minute delay",
  enabled: true,
  cron_string: "",
};

describe("GET /api/tasks", () => {
  test("lists what this server can do, key by key", async () => {
    const { status, json } = await doors.call("/api/tasks");
    expect([status, json]).toEqual([
      200,
      {
        scheduled: [SCAN_LIBRARY, ZIPS, ORPHANS, BACKUP],
        manual: [MISSING, SYNC_FOLDERS, REHASH],
        watcher: [WATCHER],
      },
    ]);
    const [first] = (json as { scheduled: object[] }).scheduled;
    expect(Object.keys(first ?? {})).toEqual(Object.keys(SCAN_LIBRARY));
    const rpc = await doors.ask("tasks.list");
    expect((rpc.data as { name: string }[]).map(({ name }) => name)).toContain("filesystem_watcher");
  });

  test("shows what is off as that", async () => {
    const { json } = await off.call("/api/tasks");
    expect(json).toMatchObject({
      scheduled: [
        SCAN_LIBRARY,
        ZIPS,
        { enabled: false, manual_run: false, cron_string: "0 5 * * *" },
        BACKUP,
      ],
      watcher: [{ enabled: false }],
    });
  });

  test("is for those who run tasks", async () => {
    for (const path of ["/api/tasks", "/api/tasks/status", "/api/tasks/scan-1"]) {
      const answer = await doors.call(path, { authorization: VIEWER });
      expect(seen(answer)).toEqual([403, { detail: "Forbidden" }]);
    }
  });
});

describe("POST /api/tasks/run/{task_name}", () => {
  const run = (name: string, json?: unknown) =>
    doors.call(`/api/tasks/run/${name}`, { method: "POST", ...(json === undefined ? {} : { json }) });

  test("knows no other names", async () => {
    const detail =
      "Task 'none' not found, available tasks are cleanup_missing_roms, sync_folder_scan, recompute_save_content_hashes, scan_library, cleanup_zip_cache, cleanup_orphaned_resources, backup";
    expect(seen(await run("none"))).toEqual([404, { detail }]);
    expect((await run("filesystem_watcher")).status).toBe(404);
    expect((await run("__proto__")).status).toBe(404);
    expect((await doors.tell("tasks.run", { name: "none" })).code).toBe("TASKS_NOT_FOUND");
  });

  test("refuses what is off, or starts by itself", async () => {
    const refusal = (name: string) => [400, { detail: `Task '${name}' cannot be run` }];
    const before = (await off.call("/api/tasks/status")).json as object[];
    expect(seen(await run("scan_library"))).toEqual(refusal("scan_library"));
    expect(seen(await run("cleanup_zip_cache"))).toEqual(refusal("cleanup_zip_cache"));
    const answer = await off.call("/api/tasks/run/cleanup_orphaned_resources", { method: "POST" });
    expect(seen(answer)).toEqual(refusal("cleanup_orphaned_resources"));
    expect((await off.call("/api/tasks/status")).json).toEqual(before);
  });

  test.each([{ platform_id: "x" }, { platform_id: 0 }, { other: 1 }, [1], "x"])(
    "refuses the arguments %p",
    async (json) => {
      const before = (await doors.call("/api/tasks/status")).json;
      expect((await run("cleanup_missing_roms", json)).status).toBe(422);
      expect((await doors.call("/api/tasks/status")).json).toEqual(before);
    },
  );

  test.each([undefined, null, {}, { platform_id: null }])("takes the arguments %p", async (json) => {
    const answer = await run("cleanup_missing_roms", json);
    expect(answer.status).toBe(200);
    const { task_id, created_at, ...rest } = answer.json as Record<string, string>;
    expect(rest).toEqual({
      task_name: "Cleanup missing ROMs",
      status: "queued",
      enqueued_at: created_at ?? "",
    });
    expect((await finish(task_id ?? "")).status).toBe("finished");
  });
});

interface WireRun {
  readonly status: string;
  readonly error: string | null;
  readonly meta: unknown;
}

/** Waits for the end of a run. */
async function finish(id: string): Promise<WireRun> {
  for (let tries = 0; tries < 200; tries += 1) {
    const run = (await doors.call(`/api/tasks/${id}`)).json as WireRun;
    if (run.status === "finished" || run.status === "failed") return run;
    await Bun.sleep(50);
  }
  return { status: "too late", error: null, meta: null };
}

async function runToEnd(name: string, input: object = {}): Promise<WireRun> {
  const { data } = await doors.tell("tasks.run", { name, input });
  return await finish((data as TaskRun).id);
}

/** Adds a platform with roms by name; those that begin with "-" are missing. Returns ids by name. */
async function addRoms(folder: string, names: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const { sql } = doors.app.database.handle;
  const [platform] = await sql<{ id: number }[]>`
    insert into platforms (slug, fs_slug, name, name_sort_key)
    values (${folder}, ${folder}, ${folder}, ${folder}) returning id`;
  const ids: Record<string, number> = { platform: platform?.id ?? 0 };
  for (const name of names) {
    const [rom] = await sql<{ id: number }[]>`
      insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, missing_from_fs)
      values (${platform?.id ?? 0}, ${name}, ${name}, ${name}, '', ${folder}, ${name.startsWith("-")})
      returning id`;
    ids[name] = rom?.id ?? 0;
  }
  return ids;
}

const resources = (...parts: (string | number | undefined)[]) =>
  join(doors.app.facts.resourcesPath, "roms", ...parts.map(String));
const listResources = async (...parts: (string | number | undefined)[]) =>
  (await readdir(resources(...parts))).sort();
const listRoms = async () => {
  const rows = await doors.app.database.handle.sql<{ name: string }[]>`
    select fs_name as name from roms order by fs_name`;
  return rows.map(({ name }) => name);
};

describe("cleanup_missing_roms", () => {
  test("removes missing roms with their artwork, and twice is as good as once", async () => {
    const ids = await addRoms("gba", ["-gone", "here"]);
    await mkdir(resources(ids.platform, ids["-gone"], "cover"), { recursive: true });
    await mkdir(resources(ids.platform, ids.here, "cover"), { recursive: true });
    const first = await runToEnd("cleanup_missing_roms");
    const stats = (found: number) => ({
      cleanup_stats: { platform_id: null, roms_found: found, roms_deleted: found, errors: 0 },
    });
    expect([first.status, first.error, first.meta]).toEqual(["finished", null, stats(1)]);
    expect(await listRoms()).toEqual(["here"]);
    expect(await listResources(ids.platform)).toEqual([String(ids.here)]);
    expect((await runToEnd("cleanup_missing_roms")).meta).toEqual(stats(0));
    expect(await listRoms()).toEqual(["here"]);
  });

  test("keeps to one platform when told so", async () => {
    const gba = await addRoms("gba", ["-a"]);
    await addRoms("nes", ["-b"]);
    const { meta } = await runToEnd("cleanup_missing_roms", { platformId: gba.platform });
    expect(meta).toEqual({
      cleanup_stats: { platform_id: gba.platform, roms_found: 1, roms_deleted: 1, errors: 0 },
    });
    expect(await listRoms()).toEqual(["-b"]);
  });

  test("keeps roms for which a user stored something", async () => {
    const ids = await addRoms("gba", ["-saved", "-stated", "-shown", "-bare"]);
    const { sql } = doors.app.database.handle;
    const [user] = await sql<{ id: number }[]>`select id from users where username = 'ana'`;
    const file = {
      fileName: "a",
      fileNameNoTags: "a",
      fileNameNoExt: "a",
      fileExtension: "",
      filePath: "users",
    };
    const own = { ...file, fileSizeBytes: 1, userId: user?.id ?? 0, storedPath: "users/a" };
    const { database } = doors.app.ports;
    await database
      .insert(saves)
      .values({ ...own, canonicalName: "a", romId: ids["-saved"] ?? 0, contentUpdatedAt: new Date() });
    await database
      .insert(states)
      .values({ ...own, canonicalName: "a", romId: ids["-stated"] ?? 0, contentUpdatedAt: new Date() });
    await database.insert(screenshots).values({ ...own, romId: ids["-shown"] ?? 0 });
    const { meta } = await runToEnd("cleanup_missing_roms");
    expect(meta).toMatchObject({ cleanup_stats: { roms_found: 4, roms_deleted: 1 } });
    expect(await listRoms()).toEqual(["-saved", "-shown", "-stated"]);
  });

  test("counts artwork that stays", async () => {
    const ids = await addRoms("gba", ["-a"]);
    await mkdir(resources(ids.platform, ids["-a"]), { recursive: true });
    files.inject({ operation: "remove", path: /resources/, error: "EACCES" });
    expect((await runToEnd("cleanup_missing_roms")).meta).toMatchObject({
      cleanup_stats: { roms_deleted: 1, errors: 1 },
    });
  });

  test("works through many roms", async () => {
    await addRoms("gba", []);
    await doors.app.database.handle.sql`
      insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, missing_from_fs)
      select p.id, n::text, n::text, n::text, '', 'gba', true from platforms p, generate_series(1, 450) n`;
    expect((await runToEnd("cleanup_missing_roms")).meta).toMatchObject({
      cleanup_stats: { roms_found: 450, roms_deleted: 450 },
    });
  }, 20_000);
});

describe("cleanup_orphaned_resources", () => {
  test("removes artwork without a row and nothing else", async () => {
    const ids = await addRoms("gba", ["here"]);
    const { platform, here } = ids;
    for (const folder of [[platform, here], [platform, 999_999], [999_998, 5], ["tmp"], [platform, "007"]]) {
      await mkdir(resources(...folder, "cover"), { recursive: true });
    }
    await Bun.write(resources(platform, "ra_hashes_v2.json"), "{}");
    const { meta, error } = await runToEnd("cleanup_orphaned_resources");
    expect(error).toBeNull();
    const counted = (meta as { cleanup_stats: Record<string, number> }).cleanup_stats;
    expect(counted).toMatchObject({ platforms_in_db: 1, roms_in_db: 1, removed_fs_roms: 1 });
    expect(counted.removed_fs_platforms).toBeGreaterThanOrEqual(1);
    expect(await listResources()).toEqual([String(platform), "tmp"].sort());
    expect(await listResources(platform)).toEqual(["007", String(here), "ra_hashes_v2.json"].sort());
    expect((await runToEnd("cleanup_orphaned_resources")).meta).toMatchObject({
      cleanup_stats: { platforms_in_fs: 1, removed_fs_platforms: 0, removed_fs_roms: 0 },
    });
  });

  test("refuses to remove everything", async () => {
    await mkdir(resources(1234, 5), { recursive: true });
    const { status, error } = await runToEnd("cleanup_orphaned_resources");
    expect([status, error]).toEqual([
      "failed",
      "The database has no platforms, so all artwork would be removed; nothing was changed",
    ]);
    expect(await listResources(1234)).toEqual(["5"]);
  });
});

describe("runs", () => {
  test("stand beside scans, newest first, with every key", async () => {
    const { sql } = doors.app.database.handle;
    const [scan] = await sql<{ id: number }[]>`
      insert into scans (type, status, phase, platform_fs_slugs, stats, created_at, started_at, finished_at)
      values ('quick', 'done', 'ended', '{}', '{"romsTotal": 3}', now(), now() + interval '1 hour', now())
      returning id`;
    await sql`
      insert into scans (type, status, phase, platform_fs_slugs, stats, finished_at)
      values ('quick', 'done', 'ended', '{}', '{}', now() - interval '2 days')`;
    await runToEnd("cleanup_missing_roms");
    const { json } = await doors.call("/api/tasks/status");
    const [first, second] = json as Record<string, unknown>[];
    expect(first).toMatchObject({
      task_name: "Quick Scan",
      task_id: `scan-${scan?.id}`,
      status: "finished",
      task_type: "scan",
      meta: { scan_stats: { total_roms: 3, scanned_roms: 0 } },
    });
    expect(Object.keys(second ?? {})).toEqual([
      ...["task_name", "task_id", "status", "created_at", "enqueued_at", "started_at", "ended_at"],
      ...["task_type", "meta", "error"],
    ]);
    expect((json as object[]).filter((run) => JSON.stringify(run).includes("Quick Scan"))).toHaveLength(1);
    expect((await doors.call(`/api/tasks/scan-${scan?.id}`)).json).toEqual(first ?? {});
    await sql`delete from scans`;
  });

  test.each(["nope", "scan-0", "scan-999999", "scan-99999999999", "scan-x", "%20", "x".repeat(100)])(
    "of the id %p are not known",
    async (id) => {
      const detail = `Task with ID '${decodeURIComponent(id)}' not found`;
      expect(seen(await doors.call(`/api/tasks/${id}`))).toEqual([404, { detail }]);
      const rpc = await doors.ask("tasks.getRun", { runId: decodeURIComponent(id) });
      expect([rpc.status, rpc.code]).toEqual([404, "TASKS_RUN_NOT_FOUND"]);
    },
  );

  test("make room for others once they have ended, and no sooner", async () => {
    const ctx = off.app.createContext();
    const base: Omit<TaskRun, "id" | "status"> = {
      title: "t",
      type: "cleanup",
      createdAt: "2026-01-01T00:00:00.000Z",
      enqueuedAt: "2026-01-01T00:00:00.000Z",
      startedAt: null,
      endedAt: null,
      stats: null,
      errorMessage: null,
    };
    for (let index = 0; index < RUNS_KEPT_MAX; index += 1) {
      await storeRun(ctx, { ...base, id: `run-${index}`, status: "queued" });
    }
    const start = () => off.tell("tasks.run", { name: "cleanup_missing_roms" });
    expect((await start()).code).toBe("TASKS_FULL");
    await storeRun(ctx, { ...base, id: "run-7", status: "finished" });
    expect((await start()).status).toBe(200);
    const ids = (await listRuns(ctx)).map(({ id }) => id);
    expect([ids.length, ids.includes("run-7")]).toEqual([RUNS_KEPT_MAX, false]);
    await ctx.ports.kv.set("task-run:run-8", "damaged");
    expect(await listRuns(ctx)).toHaveLength(RUNS_KEPT_MAX - 1);
  }, 20_000);
});
