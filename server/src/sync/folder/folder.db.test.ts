// Devices that leave their saves in a folder of the server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SyncEvent } from "../../base/events.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles, type Fault } from "../../ports/files/faulty.ts";
import { createDiskWatch } from "../../ports/watch/disk.ts";
import { startFolderWatching } from "../folder-watching/service.ts";
import { openSyncScene, type SyncScene } from "../scene.testing.ts";
import { startFolderWorker, syncAllFolders, syncFolder } from "./service.ts";

const SAVE = "Star Pilot (USA).srm";
const QUICK = { stableMs: 20 };

let scene: SyncScene;
let root: string;
const events: SyncEvent[] = [];
beforeAll(async () => {
  scene = await openSyncScene();
  root = scene.library.app.facts.sync.folderPath;
  scene.library.app.ports.events.on("sync", ({ data }) => void events.push(data));
}, 30_000);
afterAll(() => scene?.close());
afterEach(async () => {
  events.length = 0;
  await scene.library.change("delete from saves; delete from devices; delete from sync_conflicts");
  await rm(root, { recursive: true, force: true });
});

async function addDevice(name: string, config: object = {}): Promise<string> {
  const id = await scene.addDevice(name);
  await scene.library.change(
    `update devices set sync_mode = 'file_transfer', sync_config = '${JSON.stringify(config)}' where id = '${id}'`,
  );
  return id;
}

/** Writes an incoming file; its path begins with the platform's folder. */
async function put(deviceId: string, file: string, text: string): Promise<string> {
  const path = join(root, deviceId, "incoming", file);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
}

const run = (deviceId: string) => syncFolder(scene.library.app.createContext(), deviceId, QUICK);

/** A run on a disk that meets a fault. */
async function runWith(deviceId: string, fault: Fault): Promise<number | null> {
  const files = createFaultyFiles(createDiskFiles());
  files.inject(fault);
  const ctx = scene.library.app.createContext();
  return await syncFolder({ ...ctx, ports: { ...ctx.ports, files } }, deviceId, QUICK);
}

async function list(deviceId: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, deviceId, folder), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).sort();
}

async function texts(): Promise<readonly string[]> {
  const { body } = await scene.library.get<{ id: number }[]>("/api/saves");
  return (await Promise.all(body.map(({ id }) => scene.read(id)))).sort();
}

const slotSave = (text: string) => scene.upload({ slot: "main" }, { name: SAVE, bytes: text });
const phases = () => events.map(({ phase }) => phase);

describe("syncFolder", () => {
  test("takes a file in as a new save of the rom that has its stem, in one session", async () => {
    const device = await addDevice("new");
    await put(device, `n64/${SAVE}`, "one");
    await put(device, "n64/Star Pilot (USA).rtc", "clock");
    expect(await run(device)).toBe(2);
    expect(await texts()).toEqual(["clock", "one"]);
    expect(await list(device, "incoming")).toEqual([]);
    expect(phases()).toEqual(["started", "completed"]);
    expect(events[1]).toMatchObject({
      syncMode: "file_transfer",
      operationsPlanned: 2,
      operationsCompleted: 2,
    });
  });

  test("adds what was played on as the newest version, also from a folder below", async () => {
    const device = await addDevice("played");
    await put(device, `n64/${SAVE}`, "one");
    await run(device);
    await put(device, `n64/core/${SAVE}`, "two");
    expect(await run(device)).toBe(1);
    expect(await texts()).toEqual(["one", "two"]);
    expect(await list(device, "incoming")).toEqual([]);
  });

  test("removes what is known already, and hands out what is newer here", async () => {
    const device = await addDevice("behind");
    await slotSave("one");
    await put(device, `n64/${SAVE}`, "one");
    await run(device);
    expect([await list(device, "incoming"), await list(device, "outgoing")]).toEqual([[], []]);
    await slotSave("two");
    await put(device, `n64/${SAVE}`, "one");
    await run(device);
    expect(await list(device, "incoming")).toEqual([]);
    expect(await readFile(join(root, device, "outgoing", "n64", SAVE), "utf8")).toBe("two");
  });

  test("moves what both sides changed aside, and never over another one", async () => {
    const device = await addDevice("quarrel");
    await put(device, `n64/${SAVE}`, "start");
    await run(device);
    await slotSave("other slot");
    for (const text of ["mine", "mine again"]) {
      await put(device, `n64/${SAVE}`, text);
      await run(device);
    }
    expect(await list(device, "conflicts")).toEqual(["Star Pilot (USA) (2).srm", SAVE]);
    expect(await readFile(join(root, device, "conflicts", "n64", SAVE), "utf8")).toBe("mine");
    expect(await texts()).toEqual(["other slot", "start"]);
    expect(events.filter(({ phase }) => phase === "conflict")).toMatchObject([
      { fileName: SAVE, romId: scene.romId, reason: "Both sides changed since last sync" },
      { fileName: SAVE },
    ]);
    const { sql } = scene.library.app.database.handle;
    expect((await sql`select id from sync_conflicts`).length).toBe(2);
  });

  test.each([
    ["device_wins", ["mine", "start", "theirs"], []],
    ["server_wins", ["start", "theirs"], [SAVE]],
  ])("does about a conflict what the device is set to: %s", async (resolution, kept, aside) => {
    const device = await addDevice(`set-${resolution}`, { conflict_resolution: resolution });
    await put(device, `n64/${SAVE}`, "start");
    await run(device);
    await slotSave("theirs");
    await put(device, `n64/${SAVE}`, "mine");
    await run(device);
    expect(await texts()).toEqual(kept);
    expect(await list(device, "conflicts")).toEqual(aside);
    expect(await list(device, "outgoing")).toEqual(aside);
    expect(await list(device, "incoming")).toEqual([]);
  });

  test("leaves in place what belongs to nothing, and names that cannot be saves", async () => {
    const device = await addDevice("stranger");
    await put(device, `no-such-platform/${SAVE}`, "x");
    await put(device, "n64/Nobody Knows.srm", "x");
    await put(device, "n64/.hidden.srm", "x");
    await put(device, "n64/back\\slash.srm", "x");
    await put(device, `n64/${"x".repeat(250)}.srm`, "x");
    await put(device, "n64/Star Pilot (USA).state", "x");
    await put(device, "n64/empty.srm", "");
    await symlink("/etc/hostname", join(root, device, "incoming", "n64", "Star Pilot (USA).sav"));
    expect(await run(device)).toBe(0);
    expect(await texts()).toEqual([]);
    expect((await list(device, "incoming")).length).toBe(8);
    expect(phases()).toEqual([]);
  });

  test("waits until a file is whole", async () => {
    const device = await addDevice("slow");
    const path = await put(device, `n64/${SAVE}`, "part");
    let pieces = 0;
    const pause = async () => {
      if (pieces === 5) return;
      pieces += 1;
      await writeFile(path, "more", { flag: "a" });
    };
    expect(await syncFolder(scene.library.app.createContext(), device, { pause })).toBe(1);
    expect(await texts()).toEqual(["partmoremoremoremoremore"]);
  });

  test("leaves a device alone that somebody else is at", async () => {
    const device = await addDevice("taken");
    await put(device, `n64/${SAVE}`, "x");
    const { kv } = scene.library.app.ports;
    const lock = await kv.lock(`sync-folder:${device}`, { ttlMs: 10_000 });
    expect(await run(device)).toBeNull();
    await lock?.release();
    expect(await run(device)).toBe(1);
  });

  test("ignores devices of other modes, and those that are set not to sync", async () => {
    const device = await addDevice("off");
    await put(device, `n64/${SAVE}`, "x");
    await scene.library.change("update devices set sync_enabled = false");
    expect(await syncAllFolders(scene.library.app.createContext(), QUICK)).toBe(0);
    await scene.library.change("update devices set sync_enabled = true, sync_mode = 'api'");
    expect(await syncAllFolders(scene.library.app.createContext(), QUICK)).toBe(0);
    expect(await list(device, "incoming")).toEqual([SAVE]);
  });

  test("keeps a file that cannot be removed, and finds it identical the next time", async () => {
    const device = await addDevice("read-only");
    await put(device, `n64/${SAVE}`, "kept");
    expect(await runWith(device, { operation: "remove", path: /\/incoming\//, error: "EROFS" })).toBe(0);
    expect(await texts()).toEqual(["kept"]);
    expect(await list(device, "incoming")).toEqual([SAVE]);
    expect(events.at(-1)).toMatchObject({ phase: "completed", operationsFailed: 1 });
    expect(await run(device)).toBe(1);
    expect(await texts()).toEqual(["kept"]);
    expect(await list(device, "incoming")).toEqual([]);
  });
});

describe("a file whose bytes are nowhere else", () => {
  test("stays when its device only downloads", async () => {
    const device = await addDevice("pulls", { direction: "pull_only" });
    await slotSave("one");
    await put(device, `n64/${SAVE}`, "one");
    await run(device);
    await put(device, `n64/${SAVE}`, "mine");
    expect(await run(device)).toBe(0);
    expect(await list(device, "incoming")).toEqual([SAVE]);
    expect(await texts()).toEqual(["one"]);
  });

  test.each([
    ["a newer one", 1],
    ["two newer ones", 2],
  ])("is not taken for the one that was read when %s came in the last moment", async (_what, count) => {
    const device = await addDevice("quick");
    const path = await put(device, `n64/${SAVE}`, "one");
    const ctx = scene.library.app.createContext();
    const { files } = ctx.ports;
    const newer = ["two", "three"].slice(0, count);
    // Devices replace files by renaming, at any time.
    const replace = async (touched: string) => {
      const text = touched === path ? newer.shift() : undefined;
      if (text === undefined) return;
      await writeFile(join(root, "newer"), text);
      await rename(join(root, "newer"), path);
    };
    const meddling: typeof files = {
      ...files,
      rename: async (from, to) => {
        await replace(from);
        await files.rename(from, to);
        await replace(from);
      },
      remove: async (removed, options) => {
        await replace(removed);
        return await files.remove(removed, options);
      },
    };
    expect(await syncFolder({ ...ctx, ports: { ...ctx.ports, files: meddling } }, device, QUICK)).toBe(1);
    expect(newer).toEqual([]);
    const aside = count === 1 ? [] : [SAVE];
    expect([await list(device, "incoming"), await list(device, "conflicts")]).toEqual([[], aside]);
    expect(await texts()).toEqual(count === 1 ? ["one", "two"] : ["one", "three"]);
  });

  test("is an old one still when it could not be removed after the newer was handed out", async () => {
    const device = await addDevice("stuck");
    await slotSave("one");
    await put(device, `n64/${SAVE}`, "one");
    await run(device);
    await slotSave("two");
    await put(device, `n64/${SAVE}`, "one");
    expect(await runWith(device, { operation: "remove", path: /\/incoming\//, error: "EROFS" })).toBe(0);
    expect(await run(device)).toBe(1);
    expect(await texts()).toEqual(["one", "two"]);
    expect(await readFile(join(root, device, "outgoing", "n64", SAVE), "utf8")).toBe("two");
  });

  test("is contested still when it could not be put aside after the server won", async () => {
    const device = await addDevice("yields", { conflict_resolution: "server_wins" });
    await put(device, `n64/${SAVE}`, "start");
    await run(device);
    await slotSave("theirs");
    await put(device, `n64/${SAVE}`, "mine");
    expect(await runWith(device, { operation: "publish", path: /\/conflicts\//, error: "EROFS" })).toBe(0);
    expect(await run(device)).toBe(1);
    expect(await texts()).toEqual(["start", "theirs"]);
    expect(await list(device, "conflicts")).toEqual([SAVE]);
  });
});

describe("the session of a batch", () => {
  const sessions = async (device: string) => {
    const { sql } = scene.library.app.database.handle;
    const rows = await sql<{ status: string; error_message: string | null }[]>`
      select status, error_message from sync_sessions where device_id = ${device} order by id`;
    return rows.map(({ status, error_message: message }) => [status, message]);
  };

  test("is cancelled when another process took the folder over", async () => {
    const device = await addDevice("lost");
    await put(device, `n64/${SAVE}`, "x");
    const ctx = scene.library.app.createContext();
    const { kv } = ctx.ports;
    const lock: typeof kv.lock = async (...given) => {
      const held = await kv.lock(...given);
      return held && { extend: async () => false, release: () => held.release() };
    };
    const ports = { ...ctx.ports, kv: { ...kv, lock } };
    expect(await syncFolder({ ...ctx, ports }, device, QUICK)).toBe(0);
    expect(await sessions(device)).toEqual([["cancelled", null]]);
    expect(await list(device, "incoming")).toEqual([SAVE]);
  });

  test("fails when the disk is full, and says so", async () => {
    const device = await addDevice("full");
    await put(device, `n64/${SAVE}`, "x");
    const full = { operation: "writeAtomic", path: /\/assets\//, error: "ENOSPC" } as const;
    await expect(runWith(device, full)).rejects.toMatchObject({ kind: "storage_full" });
    expect(await sessions(device)).toEqual([["failed", expect.stringMatching(/./)]]);
    expect(phases()).toEqual(["started", "error"]);
    expect(await list(device, "incoming")).toEqual([SAVE]);
  });
});

describe("startFolderWatching", () => {
  test("takes in what lies there at the start and what comes later", async () => {
    const { app } = scene.library;
    const device = await addDevice("watched");
    await put(device, `n64/${SAVE}`, "at the start");
    const createContext = () => app.createContext();
    const worker = await startFolderWorker(app.ports, { createContext, ...QUICK });
    const watching = startFolderWatching(app.ports, { createContext, watch: createDiskWatch() });
    await watching.ready;
    const until = async (expected: readonly string[]) => {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if ((await list(device, "incoming")).length === 0) break;
        await Bun.sleep(100);
      }
      expect(await texts()).toEqual(expected);
    };
    await until(["at the start"]);
    const path = await put(device, `n64/${SAVE}`, "later");
    const past = new Date("2021-01-01T00:00:00Z");
    await utimes(path, past, past);
    await until(["at the start", "later"]);
    await watching.stop();
    worker.stop();
  });
});
