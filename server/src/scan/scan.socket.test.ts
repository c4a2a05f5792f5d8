import { afterEach, describe, expect, test } from "bun:test";
import { scans } from "@multitap/db/schema/scan";
import type { TestApp } from "../app/testing.ts";
import { ADMIN, callApp } from "../auth/calls.testing.ts";
import type { ScanStats } from "../base/events.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { asAdmin, asViewer, createSocketScene, putFile as put } from "../socket/scene.testing.ts";
import { SCAN_PROGRESS_MS } from "./limits.ts";
import { emptyStats } from "./rules.ts";
import type { ScanStatsWire } from "./wire.ts";

/** Opening an app on a busy machine takes a while. */
const SLOW_MS = 30_000;

const { open, openBeside, connect, close } = createSocketScene();
afterEach(close);

const withWorker = { withScanWorker: true };

const ZERO: ScanStatsWire = {
  total_platforms: 0,
  total_roms: 0,
  scanned_platforms: 0,
  new_platforms: 0,
  identified_platforms: 0,
  scanned_roms: 0,
  new_roms: 0,
  identified_roms: 0,
  scanned_firmware: 0,
  new_firmware: 0,
};

describe("a whole scan", () => {
  test.each([
    ["websocket only", ["websocket"]],
    ["polling only", ["polling"]],
    ["polling, then an upgrade", ["polling", "websocket"]],
  ] as const)(
    "is told in the recorded order by %s",
    async (_name, transports) => {
      const app = await open(withWorker);
      await put(app, "roms/gb/First (World).gb");
      await put(app, "roms/gb/Second.gb");
      await put(app, "roms/my-homebrew-box/Third.bin");
      const client = await connect(app, { ...asAdmin, transports });
      client.emit("scan", { type: "quick", platforms: [], apis: [] });
      const done = await client.waitFor<ScanStatsWire>("scan:done");
      expect(done).toEqual({
        ...ZERO,
        total_platforms: 2,
        total_roms: 3,
        scanned_platforms: 2,
        new_platforms: 2,
        identified_platforms: 1,
        scanned_roms: 3,
        new_roms: 3,
      });
      const told = client.told.filter(([event]) => event !== "scan:log");
      // The first and the last but one word are the counters, and nothing follows the end.
      expect(told[0]?.[0]).toBe("scan:update_stats");
      expect(told.at(-2)).toEqual(["scan:update_stats", done]);
      expect(told.at(-1)).toEqual(["scan:done", done]);
      const order = told
        .filter(([event]) => event === "scan:scanning_platform" || event === "scan:scanning_rom")
        .map(([event, payload]) => {
          const shown = payload as { fs_slug?: string; fs_name?: string };
          return [event, shown.fs_slug ?? shown.fs_name];
        });
      expect(order).toEqual([
        ["scan:scanning_platform", "gb"],
        ["scan:scanning_rom", "First (World).gb"],
        ["scan:scanning_rom", "Second.gb"],
        ["scan:scanning_platform", "my-homebrew-box"],
        ["scan:scanning_rom", "Third.bin"],
      ]);
    },
    SLOW_MS,
  );
});

describe("what is told of a scan", () => {
  test(
    "has the recorded shape of a platform, and of a rom the REST door's without what is nobody's",
    async () => {
      const app = await open(withWorker);
      await put(app, "roms/gb/First (World).gb");
      const client = await connect(app, asAdmin);
      const [{ job_id }] = (await client.ask("scan", {}, "an argument too many")) as [{ job_id: string }];
      expect(job_id).toMatch(/^\d+$/);
      await client.waitFor("scan:done");
      expect(client.payloadsOf("scan:scanning_platform")).toEqual([
        {
          id: 1,
          slug: "gb",
          fs_slug: "gb",
          name: "Game Boy",
          is_identified: true,
          display_name: "Game Boy",
          new_firmware_count: 0,
        },
      ]);
      const listed = await callApp(app, "/api/roms", { authorization: ADMIN });
      const [rom] = (listed.json as { items: Record<string, unknown>[] }).items;
      const nobodys = ["created_at", "updated_at", "rom_user", "last_modified", "files", "sibling_roms"];
      const [shown] = client.payloadsOf<Record<string, unknown>>("scan:scanning_rom");
      const expected = Object.keys(rom ?? {}).filter((key) => !nobodys.includes(key));
      expect(Object.keys(shown ?? {}).sort()).toEqual(expected.sort());
      expect(shown).toMatchObject({ fs_name: "First (World).gb", platform_id: 1, regions: ["World"] });
    },
    SLOW_MS,
  );

  test(
    "leaves an account's hidden platforms and roms out, and its log goes to whoever began it",
    async () => {
      const app = await open(withWorker);
      await put(app, "roms/gb/Shown.gb");
      await put(app, "roms/n64/Secret.z64");
      const admin = await connect(app, asAdmin);
      const viewer = await connect(app, asViewer);
      admin.emit("scan", {});
      await admin.waitFor("scan:done");
      await callApp(app, "/api/permissions/hidden", {
        json: { entity: "platforms", entity_id: 2, user_id: 2 },
        authorization: ADMIN,
      });
      await put(app, "roms/n64/Secret too.z64");
      await put(app, "roms/gb/Shown too.gb");
      admin.emit("scan", {});
      await viewer.waitFor("scan:done", 2);
      await admin.waitFor("scan:done", 2);
      const romsOf = (client: TestClient) =>
        client.payloadsOf<{ fs_name: string }>("scan:scanning_rom").map((rom) => rom.fs_name);
      expect(romsOf(admin)).toEqual(["Shown.gb", "Secret.z64", "Shown too.gb", "Secret too.z64"]);
      expect(romsOf(viewer)).toEqual(["Shown.gb", "Secret.z64", "Shown too.gb"]);
      const platforms = viewer.payloadsOf<{ fs_slug: string }>("scan:scanning_platform");
      expect(platforms.map((each) => each.fs_slug)).toEqual(["gb", "n64", "gb"]);
      expect(viewer.payloadsOf("scan:log")).toEqual([]);
      const lines = admin.payloadsOf<{ level: string; message: string; ts: number }>("scan:log");
      expect(lines.map(({ level, message }) => `${level} ${message}`)).toContain(
        "INFO Folder gb[gb] identified as Game Boy",
      );
      expect(Math.abs((lines[0]?.ts ?? 0) - Date.now())).toBeLessThan(60_000);
    },
    SLOW_MS,
  );

  test.each([
    ["nothing to anonymous sockets", {}, []],
    ["everything to visitors of a kiosk", { KIOSK_MODE: "true" }, ["scan:scanning_rom", "scan:done"]],
  ] as const)(
    "is %s",
    async (_name, environment, expected) => {
      const app = await open({ ...withWorker, environment });
      await put(app, "roms/gb/Game.gb");
      const [admin, visitor] = [await connect(app, asAdmin), await connect(app)];
      admin.emit("scan", {});
      await admin.waitFor("scan:done");
      if (expected.length > 0) await visitor.waitFor("scan:done");
      expect(visitor.names().filter((name) => /_rom$|done$/.test(name))).toEqual([...expected]);
    },
    SLOW_MS,
  );

  test(
    "reaches sockets of another process on the same database",
    async () => {
      const here = await open(withWorker);
      const there = await openBeside(here);
      await put(here, "roms/gb/Game.gb");
      const watcher = await connect(there, { headers: { authorization: ADMIN }, transports: ["polling"] });
      const starter = await connect(here, asAdmin);
      starter.emit("scan", {});
      const done = await watcher.waitFor<ScanStatsWire>("scan:done");
      expect(done.new_roms).toBe(1);
      expect(watcher.payloadsOf<{ fs_name: string }>("scan:scanning_rom").map((rom) => rom.fs_name)).toEqual([
        "Game.gb",
      ]);
      expect(watcher.names().filter((name) => name === "scan:done")).toHaveLength(1);
    },
    SLOW_MS,
  );

  test(
    "begins for whoever comes late with where the scan stands",
    async () => {
      const app = await open();
      const first = await connect(app, asAdmin);
      const stats = { ...emptyStats(), romsDone: 3, romsTotal: 9, platformsTotal: 2 };
      await addRunningScan(app, stats);
      app.ports.events.raise({
        topic: "scan",
        userId: null,
        data: {
          scanId: 1,
          status: "running",
          phase: "hashing",
          platformFsSlug: null,
          stats,
          errorMessage: null,
        },
      });
      const told = await first.waitFor("scan:update_stats");
      expect(told).toEqual({ ...ZERO, scanned_roms: 3, total_roms: 9, total_platforms: 2 });
      const late = await connect(app, asViewer);
      expect(await late.waitFor<unknown>("scan:update_stats")).toEqual(told);
      const anonymous = await connect(app);
      expect(await anonymous.ask("unheard of")).toEqual(["Unknown event"]);
      expect(anonymous.names()).toEqual([]);
    },
    SLOW_MS,
  );
});

/** The row of a scan that some other process works on. */
async function addRunningScan(app: TestApp, stats: ScanStats): Promise<void> {
  const row = { type: "quick", status: "running", phase: "hashing", platformFsSlugs: [], stats };
  await app.ports.database.insert(scans).values(row);
}

describe("scan", () => {
  test.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])(
    "answers a caller without a session as recorded by %p, and tells nobody else",
    async (transports) => {
      const app = await open();
      const [admin, nobody] = [await connect(app, asAdmin), await connect(app, { transports })];
      expect(await nobody.ask("scan", { type: "quick" })).toEqual(["You are not authorized to run scans"]);
      expect(nobody.told).toEqual([["scan:done_ko", "You are not authorized to run scans"]]);
      const viewer = await connect(app, asViewer);
      expect(await viewer.ask("scan")).toEqual(["You are not authorized to run scans"]);
      expect(await viewer.ask("scan:stop")).toEqual(["You are not authorized to run scans"]);
      expect(admin.told).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "refuses a second scan in the words that clients know",
    async () => {
      const app = await open();
      const client = await connect(app, asAdmin);
      expect(await client.ask("scan", { type: "QUICK" })).toEqual([{ job_id: "1" }]);
      expect(await client.ask("scan", { type: "Complete" })).toEqual(["A scan is already in progress"]);
      expect(client.told).toEqual([["scan:done_ko", "A scan is already in progress"]]);
    },
    SLOW_MS,
  );

  test(
    "answers what it cannot read to the sender alone",
    async () => {
      const app = await open();
      const [client, other] = [await connect(app, asAdmin), await connect(app, asAdmin)];
      const payloads = [
        { type: "everything" },
        { type: 7 },
        { platforms: "all" },
        { platforms: [-1] },
        { platforms: [99] },
        { roms_ids: ["x"] },
        { apis: [1] },
        "quick",
        [],
        7,
        Buffer.from("bytes"),
      ];
      for (const payload of payloads) {
        const [text] = await client.ask("scan", payload);
        expect([payload, typeof text]).toEqual([payload, "string"]);
        expect(client.told.at(-1)).toEqual(["scan:done_ko", text]);
      }
      expect(client.told).toHaveLength(payloads.length);
      expect(other.told).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "scans the named platforms alone, by id as text too and by folder",
    async () => {
      const app = await open(withWorker);
      await put(app, "roms/gb/One.gb");
      await put(app, "roms/nes/Two.nes");
      await put(app, "roms/snes/Three.sfc");
      const client = await connect(app, asAdmin);
      client.emit("scan", { platform_fs_slugs: ["gb"] });
      await client.waitFor("scan:done");
      await put(app, "roms/gb/Four.gb");
      client.emit("scan", { platforms: ["1"], platform_fs_slugs: ["snes"], apis: ["igdb"] });
      await client.waitFor("scan:done", 2);
      const found = client.payloadsOf<{ fs_name: string }>("scan:scanning_rom").map((rom) => rom.fs_name);
      expect(found).toEqual(["One.gb", "Four.gb", "Three.sfc"]);
    },
    SLOW_MS,
  );
});

describe("scan:stop", () => {
  test(
    "always answers: with nothing counted when nothing runs or a scan only waits",
    async () => {
      const app = await open();
      const [client, other] = [await connect(app, asAdmin), await connect(app, asAdmin)];
      expect(await client.ask("scan:stop")).toEqual([]);
      expect(await client.ask("scan", {})).toEqual([{ job_id: "1" }]);
      expect(await client.ask("scan:stop", null)).toEqual([]);
      expect(client.told).toEqual([
        ["scan:done", ZERO],
        ["scan:done", ZERO],
      ]);
      expect(other.told).toEqual([]);
      expect(await client.ask("scan", {})).toEqual([{ job_id: "2" }]);
    },
    SLOW_MS,
  );

  test(
    "ends a running scan for everybody, with what it counted",
    async () => {
      const app = await open();
      const [client, other] = [await connect(app, asAdmin), await connect(app, asViewer)];
      const stats = { ...emptyStats(), romsDone: 3, romsTotal: 9, platformsTotal: 2 };
      await addRunningScan(app, stats);
      const data = { scanId: 1, phase: "hashing", platformFsSlug: null, stats, errorMessage: null } as const;
      app.ports.events.raise({ topic: "scan", userId: null, data: { ...data, status: "running" } });
      await client.waitFor("scan:update_stats");
      expect(await client.ask("scan:stop")).toEqual([]);
      const [row] = await app.ports.database.select().from(scans);
      expect(row?.cancelRequested).toBe(true);
      expect(client.payloadsOf("scan:done")).toEqual([]);
      app.ports.events.raise({ topic: "scan", userId: null, data: { ...data, status: "cancelled" } });
      const partial = { ...ZERO, scanned_roms: 3, total_roms: 9, total_platforms: 2 };
      expect(await client.waitFor<unknown>("scan:done")).toEqual(partial);
      expect(await other.waitFor<unknown>("scan:done")).toEqual(partial);
      expect(client.payloadsOf("scan:done")).toHaveLength(1);
    },
    SLOW_MS,
  );

  test(
    "answers the caller with what was counted when nobody works on the scan any more",
    async () => {
      const app = await open();
      const client = await connect(app, asAdmin);
      await addRunningScan(app, emptyStats());
      expect(await client.ask("scan:stop")).toEqual([]);
      expect(await client.waitFor<unknown>("scan:done")).toEqual(ZERO);
    },
    SLOW_MS,
  );
});

describe("scan:update_stats", () => {
  test(
    "comes at most every 200 ms, and the last one always",
    async () => {
      const app = await open();
      const client = await connect(app, asAdmin);
      const startedAtMs = performance.now();
      const data = { scanId: 1, phase: "hashing", platformFsSlug: null, errorMessage: null } as const;
      for (let romsDone = 0; romsDone <= 60; romsDone += 1) {
        const stats = { ...emptyStats(), romsTotal: 60, romsDone };
        const status = romsDone === 60 ? "done" : "running";
        app.ports.events.raise({ topic: "scan", userId: null, data: { ...data, status, stats } });
        await Bun.sleep(10);
      }
      expect(await client.waitFor<unknown>("scan:done")).toEqual({
        ...ZERO,
        total_roms: 60,
        scanned_roms: 60,
      });
      const told = client.payloadsOf<ScanStatsWire>("scan:update_stats").map((stats) => stats.scanned_roms);
      expect(told.length).toBeGreaterThan(2);
      expect([told[0], told.at(-1)]).toEqual([0, 60]);
      const elapsedMs = performance.now() - startedAtMs;
      expect(told.length).toBeLessThanOrEqual(elapsedMs / SCAN_PROGRESS_MS + 2);
    },
    SLOW_MS,
  );
});

describe("a process that could not follow", () => {
  test(
    "learns of the end of the scan from the database",
    async () => {
      const app = await open();
      const client = await connect(app, asAdmin);
      const stats = { ...emptyStats(), romsTotal: 9, platformsTotal: 2 };
      await addRunningScan(app, stats);
      const data = { scanId: 1, phase: "hashing", platformFsSlug: null, stats, errorMessage: null } as const;
      app.ports.events.raise({ topic: "scan", userId: null, data: { ...data, status: "running" } });
      await client.waitFor("scan:update_stats");
      await app.ports.database.update(scans).set({ status: "done", stats: { ...stats, romsDone: 9 } });
      // More than wait for one listener, each of which costs this one a look into the database.
      for (let id = 1_000; id < 4_000; id += 1) {
        const created = { change: "created", entity: "rom", ids: [id] } as const;
        app.ports.events.raise({ topic: "library", userId: null, data: created });
      }
      const expected = { ...ZERO, scanned_roms: 9, total_roms: 9, total_platforms: 2 };
      expect(await client.waitFor<unknown>("scan:done")).toEqual(expected);
      // What comes late of a scan that is over is not told.
      app.ports.events.raise({ topic: "scan", userId: null, data: { ...data, status: "done" } });
      app.ports.events.raise({ topic: "permissions", userId: 1, data: { userId: 1 } });
      await client.waitFor("permissions:changed");
      await app.ports.events.flush();
      expect(client.payloadsOf("scan:done")).toHaveLength(1);
    },
    SLOW_MS,
  );
});

describe("a failed scan", () => {
  test(
    "is told as a plain text",
    async () => {
      const app = await open();
      const viewer = await connect(app, asViewer);
      app.ports.events.raise({
        topic: "scan",
        userId: null,
        data: {
          scanId: 7,
          status: "failed",
          phase: "ended",
          platformFsSlug: null,
          stats: emptyStats(),
          errorMessage: "Scan timed out",
        },
      });
      expect(await viewer.waitFor<unknown>("scan:done_ko")).toBe("Scan timed out");
    },
    SLOW_MS,
  );
});
