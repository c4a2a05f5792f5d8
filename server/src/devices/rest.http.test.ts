// Devices, through both doors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, openRomScene, type RomScene, VIEWER } from "../roms/access/scene.testing.ts";
import type { Device } from "./contract.ts";
import { DEVICES_PER_USER_MAX } from "./limits.ts";

const OPEN_MS = 30_000;
const KEYS = [
  "id",
  "user_id",
  "name",
  "platform",
  "client",
  "client_version",
  "ip_address",
  "mac_address",
  "hostname",
  "client_device_identifier",
  "sync_mode",
  "sync_enabled",
  "sync_config",
  "last_seen",
  "created_at",
  "updated_at",
];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface WireDevice {
  readonly id: string;
  readonly name: string | null;
  readonly sync_mode: string;
  readonly sync_config: unknown;
  readonly last_seen: string | null;
  readonly updated_at: string;
}

let scene: RomScene;
beforeAll(async () => {
  scene = await openRomScene();
}, OPEN_MS);
afterAll(() => scene.close());
beforeEach(() => scene.library.change("delete from devices"));

const register = (json: unknown, authorization = ADMIN) =>
  scene.call("/api/devices", { json, authorization });
const add = async (json: object, authorization = ADMIN) =>
  ((await register(json, authorization)).json as { id: string }).id;
const read = async (id: string) => (await scene.call(`/api/devices/${id}`)).json as WireDevice;
const change = (id: string, json: unknown, authorization = ADMIN) =>
  scene.call(`/api/devices/${id}`, { method: "PUT", json, authorization });
const remove = (id: string, authorization = ADMIN) =>
  scene.call(`/api/devices/${id}`, { method: "DELETE", authorization });
const rows = <T>(text: string) => scene.library.app.database.handle.sql.unsafe<(T & object)[]>(text);

const deck = { name: "Deck", platform: "linux", hostname: "deck", mac_address: "AA:BB:CC:DD:EE:01" };

describe("a device", () => {
  test("goes through its whole life", async () => {
    const made = await register({ ...deck, client: "app", client_version: "0.1", mood: "ignored" });
    const { device_id, id, name, created_at, ...rest } = made.json as Record<string, string>;
    expect([made.status, device_id, name, rest]).toEqual([201, id ?? "", "Deck", {}]);
    expect(id).toMatch(UUID);
    const one = await scene.call(`/api/devices/${id}`);
    expect(Object.keys(one.json as object)).toEqual(KEYS);
    expect(one.json).toMatchObject({
      id,
      created_at,
      sync_mode: "api",
      sync_enabled: true,
      sync_config: null,
    });
    expect((await scene.call("/api/devices")).json).toEqual([one.json]);
    const changed = await change(id ?? "", { name: "OLED", sync_enabled: false, hostname: null });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ name: "OLED", sync_enabled: false, hostname: "deck" });
    expect((await change(id ?? "", {})).json).toEqual(changed.json as never);
    expect([(await remove(id ?? "")).status, (await remove(id ?? "")).status]).toEqual([204, 404]);
    expect((await scene.call("/api/devices")).json).toEqual([]);
  });

  test("needs nothing at all", async () => {
    const made = await register({});
    expect([made.status, (made.json as WireDevice).name]).toEqual([201, null]);
    expect((await register({ name: null, sync_mode: null, sync_config: null })).status).toBe(201);
  });

  test("is the same behind the typed door", async () => {
    const { data } = await scene.tell("devices.register", {
      name: "Deck",
      hostname: "deck",
      platform: "linux",
    });
    const { device, isNew } = data as { device: Device; isNew: boolean };
    expect([isNew, device.name, device.isSyncEnabled]).toEqual([true, "Deck", true]);
    expect((await scene.ask("devices.list", {})).data).toEqual([device]);
    const again = await scene.tell("devices.register", { hostname: "deck", platform: "linux" });
    expect((again.data as { isNew: boolean }).isNew).toBe(false);
    const refused = await scene.tell("devices.register", {
      hostname: "deck",
      platform: "linux",
      isExistingAllowed: false,
    });
    expect([refused.status, refused.code]).toEqual([409, "DEVICES_EXISTS"]);
    const { data: changed } = await scene.tell("devices.update", { deviceId: device.id, name: "OLED" });
    expect((await scene.ask("devices.get", { deviceId: device.id })).data).toEqual(changed);
    expect((await scene.tell("devices.remove", { deviceId: device.id })).data).toBeNull();
    expect((await scene.ask("devices.get", { deviceId: device.id })).code).toBe("DEVICES_NOT_FOUND");
  });

  test("that goes leaves play sessions, and takes what it synced along", async () => {
    const id = await add(deck);
    const { admin } = scene.userIds;
    await scene.library.change(`insert into play_sessions (user_id, device_id, start_time, end_time, duration_ms)
      values (${admin}, '${id}', now() - interval '1 hour', now(), 1)`);
    await scene.library.change(`insert into sync_sessions (uuid, device_id, user_id, initiated_at)
      values ('u', '${id}', ${admin}, now())`);
    await remove(id);
    const left = await rows<{ device: string | null }>("select device_id as device from play_sessions");
    expect([...left]).toEqual([{ device: null }]);
    expect(await rows("select 1 from sync_sessions")).toHaveLength(0);
    await scene.library.change("delete from play_sessions");
  });

  test("goes also when another one that is gone told and met the same", async () => {
    const ids = [
      await add(deck),
      await add({ ...deck, allow_duplicate: true }),
      await add({ name: "third" }),
    ];
    const { admin } = scene.userIds;
    for (const id of ids) {
      await scene.library.change(`insert into play_sessions (user_id, device_id, start_time, end_time, duration_ms)
        values (${admin}, '${id}', '2026-02-01T10:00:00Z', '2026-02-01T11:00:00Z', 1)`);
      await scene.library.change(`insert into sync_conflicts (user_id, device_id, rom_id, kind, canonical_name,
        server_asset_id, reason) values (${admin}, '${id}', ${scene.a}, 'saves', 'a.srm', 1, 'test')`);
    }
    const statuses = await Promise.all(ids.map(async (id) => (await remove(id)).status));
    expect(statuses).toEqual([204, 204, 204]);
    expect(await rows("select 1 from sync_conflicts where device_id is null")).toHaveLength(3);
    expect(await rows("select 1 from play_sessions where device_id is null")).toHaveLength(3);
    await scene.library.change("delete from play_sessions; delete from sync_conflicts");
  });
});

describe("registering", () => {
  const table: [string, object, object, "same" | "other"][] = [
    [
      "the same hardware address",
      deck,
      { mac_address: deck.mac_address, hostname: "x", platform: "y" },
      "same",
    ],
    ["the documented name of it", deck, { mac: deck.mac_address }, "same"],
    ["the same host name and system", deck, { hostname: "deck", platform: "linux" }, "same"],
    ["another hardware address on the same host", deck, { ...deck, mac_address: "00" }, "same"],
    ["the same host name alone", deck, { hostname: "deck" }, "other"],
    ["the same host name on another system", deck, { hostname: "deck", platform: "windows" }, "other"],
    ["the same name", deck, { name: "Deck", platform: "linux" }, "other"],
    ["the wish for a duplicate", deck, { ...deck, allow_duplicate: true }, "other"],
    [
      "empty texts",
      { mac_address: "", hostname: "", platform: "" },
      { mac_address: "", hostname: "", platform: "" },
      "other",
    ],
  ];
  test.each(table)("with %s", async (_name, first, second, expected) => {
    const id = await add(first);
    const answer = await register(second);
    const got = (answer.json as { id: string }).id;
    expect([answer.status, got === id ? "same" : "other"]).toEqual([
      expected === "same" ? 200 : 201,
      expected,
    ]);
  });

  test("prefers the hardware address, and then the first", async () => {
    const host = await add({ hostname: "deck", platform: "linux" });
    const mac = await add({ mac_address: "AA" });
    await add({ mac_address: "AA", allow_duplicate: true });
    expect(await add({ mac_address: "AA", hostname: "deck", platform: "linux" })).toBe(mac);
    expect(await add({ mac_address: "BB", hostname: "deck", platform: "linux" })).toBe(host);
  });

  test("of a device that is there changes nothing but its last sign of life", async () => {
    const id = await add(deck);
    await scene.library.change("update devices set last_seen = '2026-01-01'");
    const before = await read(id);
    const again = await register({ ...deck, name: "Other", client: "other", sync_mode: "push_pull" });
    expect(again.json).toMatchObject({ id, device_id: id, name: "Deck" });
    const { last_seen, ...after } = await read(id);
    const { last_seen: seenBefore, ...rest } = before;
    expect(after).toEqual(rest);
    expect(Date.parse(last_seen ?? "")).toBeGreaterThan(Date.parse(seenBefore ?? ""));
  });

  test("is refused where the device is there and is not wanted", async () => {
    const id = await add(deck);
    const answer = await register({ ...deck, allow_existing: false });
    const message = "A device with this fingerprint already exists";
    expect([answer.status, answer.json]).toEqual([
      409,
      { detail: { error: "device_exists", message, device_id: id } },
    ]);
    expect((await register({ ...deck, allow_existing: false, allow_duplicate: true })).status).toBe(201);
  });

  test("finds no device of another account", async () => {
    const id = await add(deck);
    const answer = await register({ ...deck, allow_existing: false }, VIEWER);
    expect([answer.status, (answer.json as WireDevice).id === id]).toEqual([201, false]);
  });

  test("at the same moment makes one", async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => register(deck)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map(({ json }) => (json as WireDevice).id)).size).toBe(1);
  });

  test("forgets what the device synced only where that is asked for", async () => {
    const id = await add(deck);
    const baseline = `insert into sync_baselines (device_id, rom_id, kind, slot, canonical_name, asset_id, md5_hash,
      sha1_hash, content_updated_at, synced_at) values ('${id}', ${scene.a}, 'saves', '', 'A.srm', 1, '', '', now(), now())`;
    await scene.library.change(baseline);
    await register(deck);
    expect(await rows("select 1 from sync_baselines")).toHaveLength(1);
    expect((await register({ ...deck, reset_syncs: true })).status).toBe(200);
    expect(await rows("select 1 from sync_baselines")).toHaveLength(0);
  });

  test("ends at the limit of an account", async () => {
    await scene.library.change(`insert into devices (id, user_id) select 'd' || i, ${scene.userIds.admin}
      from generate_series(1, ${DEVICES_PER_USER_MAX - 1}) i`);
    expect((await register({})).status).toBe(201);
    const refused = await register({});
    const detail = `Maximum of ${DEVICES_PER_USER_MAX} devices per user reached`;
    expect([refused.status, refused.json]).toEqual([400, { detail }]);
    expect((await register({}, VIEWER)).status).toBe(201);
    expect((await scene.call("/api/devices")).json).toHaveLength(DEVICES_PER_USER_MAX);
  });
});

describe("settings of a sync", () => {
  const modes: [string, object, string, unknown][] = [
    ["api", { sync_mode: "api" }, "api", null],
    ["pull_only", { sync_mode: "pull_only" }, "api", { direction: "pull_only" }],
    ["push_only", { sync_mode: "push_only", sync_config: { a: 1 } }, "api", { a: 1, direction: "push_only" }],
    [
      "push_pull of the documented API",
      { sync_mode: "push_pull", paths: { saves: "/s", states: null } },
      "api",
      { direction: "push_pull", paths: { saves: "/s", states: null } },
    ],
    [
      "push_pull over SSH",
      { sync_mode: "push_pull", paths: { saves: "/s" }, sync_config: { ssh_host: "h" } },
      "push_pull",
      { ssh_host: "h", paths: { saves: "/s" } },
    ],
    ["push_pull alone", { sync_mode: "push_pull" }, "push_pull", null],
  ];
  test.each(modes)("of the mode %s", async (_name, json, mode, config) => {
    const device = await read(await add(json));
    expect([device.sync_mode, device.sync_config]).toEqual([mode, config]);
  });

  test("tell no secret, and keep one that comes back masked", async () => {
    const secrets = { ssh_host: "h", ssh_password: "secret", ssh_key_path: "/k" };
    const id = await add({ sync_mode: "push_pull", sync_config: secrets });
    const { sync_config: masked } = await read(id);
    expect(masked).toEqual({ ssh_host: "h", ssh_password: "********", ssh_key_path: "********" });
    const stored = async () =>
      (await rows<{ config: unknown }>("select sync_config as config from devices"))[0]?.config;
    await change(id, { sync_config: { ssh_host: "i", ssh_password: "********" } });
    expect(await stored()).toEqual({ ssh_host: "i", ssh_password: "secret" });
    await change(id, { sync_config: { ssh_password: "new", ssh_key_path: "********" } });
    expect(await stored()).toEqual({ ssh_password: "new" });
    await change(id, { sync_mode: "pull_only" });
    expect(await stored()).toEqual({ ssh_password: "new", direction: "pull_only" });
    const text = JSON.stringify((await scene.ask("devices.list", {})).data);
    expect(text).not.toContain("new");
  });

  test("by files have their folders", async () => {
    const id = await add({ sync_mode: "file_transfer" });
    const folder = (of: string) => join(scene.library.app.basePath, "sync", of);
    expect((await readdir(folder(id))).toSorted()).toEqual(["conflicts", "incoming", "outgoing"]);
    const later = await add({});
    await change(later, { sync_mode: "file_transfer" });
    expect(await readdir(folder(later))).toHaveLength(3);
    const plain = await add({});
    expect(await stat(folder(plain)).catch(() => null)).toBeNull();
  });

  test("by files survive folders that cannot be made", async () => {
    const sync = join(scene.library.app.basePath, "sync");
    await rm(sync, { recursive: true, force: true });
    await writeFile(sync, "in the way");
    expect((await register({ sync_mode: "file_transfer" })).status).toBe(201);
    await rm(sync);
  });
});

describe("refused devices", () => {
  const wrong: [string, unknown, readonly (string | number)[], string][] = [
    ["with an unknown mode", { sync_mode: "magic" }, ["body", "sync_mode"], "enum"],
    ["with a long name", { name: "x".repeat(256) }, ["body", "name"], "string_too_long"],
    ["with a long system", { platform: "x".repeat(51) }, ["body", "platform"], "string_too_long"],
    ["with a long address", { ip_address: "1".repeat(46) }, ["body", "ip_address"], "string_too_long"],
    ["with a long hardware address", { mac: "1".repeat(18) }, ["body", "mac_address"], "string_too_long"],
    ["with a zero character", { hostname: "a\0" }, ["body", "hostname"], "value_error"],
    ["with a number for a name", { name: 5 }, ["body", "name"], "string_type"],
    [
      "with too many settings",
      { sync_config: { a: "x".repeat(70_000) } },
      ["body", "sync_config"],
      "value_error",
    ],
    ["with a zero character inside", { sync_config: { a: ["\0"] } }, ["body", "sync_config"], "value_error"],
    ["with a text for a flag", { allow_existing: "maybe" }, ["body", "allow_existing"], "bool_type"],
    ["as a list", [], ["body"], "model_attributes_type"],
  ];
  test.each(wrong)("%s", async (_name, json, loc, type) => {
    const answer = await register(json);
    const [issue] = (answer.json as { detail: { loc: unknown; type: string }[] }).detail;
    expect([answer.status, issue?.loc, issue?.type]).toEqual([422, loc, type]);
    expect((await scene.call("/api/devices")).json).toEqual([]);
  });

  test("name the modes that there are", async () => {
    const { json } = await register({ sync_mode: "magic" });
    const [issue] = (json as { detail: { msg: string }[] }).detail;
    expect(issue?.msg).toBe("Input should be 'api', 'file_transfer' or 'push_pull'");
  });

  test("are those of others, as if they were not there", async () => {
    const id = await add(deck);
    const before = await read(id);
    const gone = { id: "none", detail: "Device with ID none not found" };
    for (const each of [gone, { id, detail: `Device with ID ${id} not found` }]) {
      const answers = [
        await scene.call(`/api/devices/${each.id}`, { authorization: VIEWER }),
        await change(each.id, { name: "x" }, VIEWER),
        await remove(each.id, VIEWER),
      ];
      for (const { status, json } of answers) expect([status, json]).toEqual([404, { detail: each.detail }]);
      for (const procedure of ["devices.update", "devices.remove"]) {
        expect((await scene.tell(procedure, { deviceId: each.id }, VIEWER)).code).toBe("DEVICES_NOT_FOUND");
      }
    }
    expect(await read(id)).toEqual(before);
    expect((await scene.call("/api/devices", { authorization: VIEWER })).json).toEqual([]);
  });

  test("have ids that no device can have", async () => {
    for (const id of ["%00", "x".repeat(2000), "%ED%A0%80"]) {
      const answer = await scene.call(`/api/devices/${id}`);
      expect(answer.status).toBe(404);
    }
  });
});
