import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { storeKnownVersion, type VersionDraft } from "../assets/service.ts";
import { requireOwnVersion } from "../assets/versions/service.ts";
import { md5, openSaveScene, type SaveScene } from "./scene.testing.ts";

let scene: SaveScene;
beforeAll(async () => {
  scene = await openSaveScene();
}, 30_000);
afterAll(() => scene?.close());

const conflict = { detail: "Slot has a newer save since your last sync" };

/** Which versions stand against each other because of a device. */
async function conflictsOf(device: string): Promise<readonly (readonly [number, number])[]> {
  const { sql } = scene.library.app.database.handle;
  const rows = await sql<{ server_asset_id: number; device_asset_id: number }[]>`
    select server_asset_id, device_asset_id from sync_conflicts where device_id = ${device} order by id`;
  return rows.map((row) => [row.server_asset_id, row.device_asset_id]);
}

async function textsOf(slot: string): Promise<readonly string[]> {
  const { body } = await scene.library.get<{ id: number }[]>(`/api/saves?rom_id=${scene.romId}&slot=${slot}`);
  return (await Promise.all(body.map(({ id }) => scene.read(id)))).sort();
}

describe("uploadSave", () => {
  test("keeps a save without slot under its own name, and its bytes", async () => {
    const { status, body } = await scene.upload({ emulator: "mgba" }, { name: "a/Käse+.srm", bytes: "one" });
    expect([status, body.file_name, body.slot, body.content_hash]).toEqual([
      200,
      "Käse.srm",
      null,
      md5("one"),
    ]);
    expect(await scene.read(body.id)).toBe("one");
  });

  test("replaces a save of the same name outside of slots and keeps its id", async () => {
    const first = await scene.upload({}, { name: "same.srm", bytes: "old" });
    const second = await scene.upload({}, { name: "same.srm", bytes: "new" });
    expect(second.body.id).toBe(first.body.id);
    expect(await scene.read(first.body.id)).toBe("new");
  });

  test("adds a version per upload to a slot, with the moment in its name", async () => {
    const names: string[] = [];
    for (const bytes of ["1", "2", "3"]) {
      const { body } = await scene.upload(
        { slot: "versions" },
        { name: "Pilot [2020-01-01_00-00-00].srm", bytes },
      );
      names.push(body.file_name);
    }
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^Pilot \[\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\]\.srm$/);
    expect([...names].sort()).toEqual(names);
  });

  test("adds nothing when the newest version has these bytes, but another slot gets them", async () => {
    const first = await scene.upload({ slot: "dedup" }, { name: "d.srm", bytes: "same" });
    const again = await scene.upload({ slot: "dedup" }, { name: "d.srm", bytes: "same" });
    const other = await scene.upload({ slot: "dedup2" }, { name: "d.srm", bytes: "same" });
    expect(again.body.id).toBe(first.body.id);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test("brings an older version back as the newest", async () => {
    const old = await scene.upload({ slot: "back" }, { name: "b.srm", bytes: "old" });
    await scene.upload({ slot: "back" }, { name: "b.srm", bytes: "new" });
    const back = await scene.upload({ slot: "back" }, { name: "b.srm", bytes: "old" });
    expect(back.body.id).toBeGreaterThan(old.body.id);
  });

  test("refuses a device that never had the newest version, until it means to", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    await scene.upload({ slot: "s", device_id: deck }, { name: "s.srm", bytes: "deck" });
    const refused = await scene.upload({ slot: "s", device_id: pocket }, { name: "s.srm", bytes: "pocket" });
    expect([refused.status, refused.body]).toEqual([409, conflict as never]);
    const forced = await scene.upload(
      { slot: "s", device_id: pocket, overwrite: "true" },
      { name: "s.srm", bytes: "pocket" },
    );
    expect(forced.status).toBe(200);
    const { body } = await scene.library.get<{ id: number }[]>(
      `/api/saves?rom_id=${scene.romId}&slot=s&device_id=${pocket}`,
    );
    expect(body).toHaveLength(2);
    const { sql } = scene.library.app.database.handle;
    const rows =
      await sql`select server_asset_id, device_asset_id from sync_conflicts where device_id = ${pocket}`;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.device_asset_id).toBe(forced.body.id);
  });

  test("keeps both versions when a device replaces what it never had", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const first = await scene.upload({ slot: "put", device_id: deck }, { name: "p.srm", bytes: "deck" });
    expect((await scene.replace(first.body.id, "pocket", pocket)).status).toBe(200);
    expect(await textsOf("put")).toEqual(["deck", "pocket"]);
    const kept = await scene.library.get<{ id: number }[]>(`/api/saves?rom_id=${scene.romId}&slot=put`);
    const copy = kept.body.find(({ id }) => id !== first.body.id);
    expect(await conflictsOf(pocket)).toEqual([[copy?.id ?? 0, first.body.id]]);
  });

  test("notes the newest version as contested when a device replaces an older one unseen", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const name = "o.srm";
    const first = await scene.upload({ slot: "older", device_id: deck }, { name, bytes: "1" });
    await scene.acknowledge(first.body.id, pocket);
    const second = await scene.upload({ slot: "older", device_id: deck }, { name, bytes: "2" });
    // Clocks of servers go back, too.
    await scene.library.change(
      `update saves set content_updated_at = now() + interval '1 hour' where id = ${second.body.id}`,
    );
    const replaced = await scene.replace(first.body.id, "1 played on", pocket);
    expect(replaced.status).toBe(200);
    const summary = await scene.library.get<{ slots: { slot: string; latest: { id: number } }[] }>(
      `/api/saves/summary?rom_id=${scene.romId}`,
    );
    expect(summary.body.slots.find(({ slot }) => slot === "older")?.latest.id).toBe(first.body.id);
    expect(await conflictsOf(pocket)).toEqual([[second.body.id, first.body.id]]);
    expect(await textsOf("older")).toEqual(["1 played on", "2"]);
  });

  test("lets a device replace an older version when it has the newest one", async () => {
    const deck = await scene.addDevice("Deck");
    const name = "k.srm";
    const first = await scene.upload({ slot: "known", device_id: deck }, { name, bytes: "1" });
    await scene.upload({ slot: "known", device_id: deck }, { name, bytes: "2" });
    await scene.replace(first.body.id, "1 again", deck);
    expect(await conflictsOf(deck)).toEqual([]);
    // What it is not known to have had stays in the line.
    expect(await textsOf("known")).toEqual(["1", "1 again", "2"]);
  });

  test("keeps what was replaced in the trash", async () => {
    const { body } = await scene.upload({}, { name: "trash.srm", bytes: "gone" });
    await scene.upload({}, { name: "trash.srm", bytes: "here" });
    const { sql } = scene.library.app.database.handle;
    const [row] = await sql`select reason, md5_hash from trashed_assets where asset_id = ${body.id}`;
    expect(row).toEqual({ reason: "replaced", md5_hash: md5("gone") });
  });

  test("cleans a slot up to the number that was asked for", async () => {
    for (const bytes of ["1", "2", "3", "4"]) {
      const query = { slot: "clean", autocleanup: "true", autocleanup_limit: 2 };
      await scene.upload(query, { name: "c.srm", bytes });
    }
    const { body } = await scene.library.get<{ id: number }[]>(`/api/saves?rom_id=${scene.romId}&slot=clean`);
    expect(body).toHaveLength(2);
  });

  test.each([
    ["an unknown rom", { rom_id: 99_999 }, "x.srm", 404, "Rom with id '99999' not found"],
    ["an unknown device", { device_id: "none" }, "x.srm", 404, "Device with ID none not found"],
    [
      "a name of nothing",
      {},
      "??",
      400,
      "Invalid save filename: Filename cannot be empty after sanitization",
    ],
    ["an emulator that leads elsewhere", { emulator: "../x" }, "x.srm", 400, "Invalid emulator name"],
  ] as const)("refuses %s", async (_what, query, name, status, detail) => {
    const answer = await scene.upload(query as never, { name, bytes: "x" });
    expect([answer.status, answer.body.detail]).toEqual([status, detail]);
  });

  test("takes one of two uploads at a time, and loses neither", async () => {
    const uploads = Array.from({ length: 12 }, (_, index) =>
      scene.upload({ slot: "race" }, { name: "r.srm", bytes: `bytes ${index}` }),
    );
    const answers = await Promise.all(uploads);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.file_name)).size).toBe(12);
    for (const [index, { body }] of answers.entries())
      expect(await scene.read(body.id)).toBe(`bytes ${index}`);
  });
});

test("a version that comes back while its slot is cleaned up waits for it", async () => {
  const { app } = scene.library;
  const send = (bytes: string) =>
    scene.upload({ slot: "queue", autocleanup: "true", autocleanup_limit: 2 }, { name: "q.srm", bytes });
  const first = await send("1");
  await send("2");
  const ctx = app.createContext();
  const old = await requireOwnVersion(ctx, "saves", { id: first.body.id, userId: 1 });
  const { files } = ctx.ports;
  const cleaning: ReturnType<typeof send>[] = [];
  // The upload begins when the bytes have been found, and removes the row that they were found by.
  const find: typeof files.find = async (path) => {
    if (cleaning.length === 0) cleaning.push(send("3"));
    for (let attempt = 0; attempt < 1_000 && !(await isSomebodyWaiting()); attempt += 1) await Bun.sleep(5);
    return await files.find(path);
  };
  const draft: VersionDraft = {
    kind: "saves",
    userId: 1,
    rom: { id: scene.romId, platformFsSlug: "n64" },
    fileName: "q.srm",
    emulator: null,
    slot: "queue",
    deviceId: null,
    isBundle: false,
    gate: { by: "force" },
    keptMax: null,
  };
  const restored = await storeKnownVersion(
    { ...ctx, ports: { ...ctx.ports, files: { ...files, find } } },
    draft,
    old,
  );
  const [cleaned] = await Promise.all(cleaning);
  expect([restored.outcome, cleaned?.status]).toEqual(["created", 200]);
  expect(await textsOf("queue")).toEqual(["1", "3"]);
});

async function isSomebodyWaiting(): Promise<boolean> {
  const { sql } = scene.library.app.database.handle;
  const rows = await sql`select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return rows.length > 0;
}
