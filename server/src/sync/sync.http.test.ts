import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN } from "../auth/calls.testing.ts";
import { formatChanges } from "./changes/rules.ts";
import { actionOf, FILE_AT, openSyncScene, type SyncScene, sha1 } from "./scene.testing.ts";

let scene: SyncScene;
beforeAll(async () => {
  scene = await openSyncScene();
}, 30_000);
afterAll(() => scene?.close());

interface Operation {
  readonly action: string;
  readonly type?: string;
  readonly rom_id: number;
  readonly save_id: number | null;
  readonly file_name: string;
  readonly slot: string | null;
  readonly reason: string;
}

interface Negotiated {
  readonly session_id: number;
  readonly operations: readonly Operation[];
  readonly total_upload: number;
  readonly total_conflict: number;
  readonly detail: unknown;
}

async function post<T = Negotiated>(path: string, body?: unknown) {
  return await scene.library.get<T>(path, {
    method: "POST",
    headers: { authorization: ADMIN, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const entry = (slot: string, text: string, at = FILE_AT) => ({
  rom_id: scene.romId,
  file_name: `${slot}.srm`,
  slot,
  content_hash: sha1(text),
  updated_at: at,
  file_size_bytes: text.length,
});

const named = ({ operations }: Negotiated, slot: string) => operations.find((each) => each.slot === slot);

describe("negotiate", () => {
  test("finds what changed on one side, on the other, on both and on neither", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const slots = ["mine", "theirs", "both", "none"];
    for (const slot of slots) {
      const { body } = await scene.upload({ slot, device_id: deck }, { name: `${slot}.srm`, bytes: "base" });
      await post(`/api/saves/${body.id}/downloaded`, { device_id: pocket });
    }
    for (const slot of ["theirs", "both"]) {
      await scene.upload({ slot, device_id: pocket }, { name: `${slot}.srm`, bytes: `pocket ${slot}` });
    }
    const texts: Record<string, string> = { mine: "deck", both: "deck", theirs: "base", none: "base" };
    const { body } = await post("/api/sync/negotiate", {
      device_id: deck,
      saves: slots.map((slot) => entry(slot, texts[slot] ?? "")),
    });
    expect(slots.map((slot) => named(body, slot)?.action)).toEqual([
      "upload",
      "download",
      "conflict",
      "no_op",
    ]);
    const conflicts = await scene.library.ask<{ slot: string }[]>("sync.conflicts", { isOpen: true });
    expect(conflicts.body.filter(({ slot }) => slot === "both")).toHaveLength(1);
    await post("/api/sync/negotiate", { device_id: deck, saves: [entry("both", "deck")] });
    const again = await scene.library.ask<{ slot: string }[]>("sync.conflicts", { isOpen: true });
    expect(again.body.filter(({ slot }) => slot === "both")).toHaveLength(1);
  });

  test("offers what the device does not have, but not what was removed there on purpose", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    await scene.upload({ slot: "offer", device_id: deck }, { name: "offer.srm", bytes: "1" });
    const removed = await post("/api/sync/negotiate", { device_id: deck, saves: [] });
    expect(named(removed.body, "offer")).toBeUndefined();
    const offered = await post("/api/sync/negotiate", { device_id: pocket, saves: [] });
    expect(named(offered.body, "offer")?.reason).toBe("Save exists on server but not on client");
    const dry = await post("/api/sync/negotiate", { device_id: pocket, saves: [], dry_run: true });
    expect([dry.body.session_id, named(dry.body, "offer")?.action]).toEqual([null as never, "download"]);
  });

  test("leaves files without slot and untracked saves alone", async () => {
    const deck = await scene.addDevice("Deck");
    const { body } = await scene.upload({ slot: "lonely", device_id: deck }, { name: "l.srm", bytes: "1" });
    await post(`/api/saves/${body.id}/untrack`, { device_id: deck });
    const saves = [entry("lonely", "other"), { ...entry("none", "x"), slot: null }];
    const answer = await post("/api/sync/negotiate", { device_id: deck, saves });
    expect(answer.body.operations.slice(0, 2).map(({ action, reason }) => [action, reason])).toEqual([
      ["no_op", "Save is untracked on this device"],
      ["upload", "Save exists on client but not on server"],
    ]);
  });

  test("cancels the session before, and ends each once", async () => {
    const deck = await scene.addDevice("Deck");
    const first = await post("/api/sync/negotiate", { device_id: deck, saves: [] });
    const second = await post("/api/sync/negotiate", { device_id: deck, saves: [] });
    const done = { operations_completed: 2, operations_failed: 1 };
    const stale = await post(`/api/sync/sessions/${first.body.session_id}/complete`, done);
    expect([stale.status, stale.body.detail]).toEqual([400, "Session is already CANCELLED"]);
    const ended = await post<{ session: { status: string; uuid: string } }>(
      `/api/sync/sessions/${second.body.session_id}/complete`,
      done,
    );
    expect(ended.body.session.status).toBe("COMPLETED");
    const again = await post(`/api/sync/sessions/${ended.body.session.uuid}/complete`);
    expect([again.status, again.body.detail]).toEqual([400, "Session is already COMPLETED"]);
    const absent = await post("/api/sync/sessions/999999/complete", done);
    expect([absent.status, absent.body.detail]).toEqual([404, "Sync session with ID 999999 not found"]);
  });

  test("asks for a device that may sync", async () => {
    const off = await scene.addDevice("Off");
    await scene.library.change(`update devices set sync_enabled = false where id = '${off}'`);
    const answers = [{ saves: [] }, { device_id: "none", saves: [] }, { device_id: off, saves: [] }];
    const details = await Promise.all(
      answers.map(async (body) => {
        const { status, body: answered } = await post("/api/sync/negotiate", body);
        return [status, answered.detail];
      }),
    );
    expect(details).toEqual([
      [
        400,
        "device_id is required (either in the request payload or implicit via a device-bound client token)",
      ],
      [404, "Device with ID none not found"],
      [400, "Sync is disabled for this device"],
    ]);
  });

  test("keeps devices that sync one way to it", async () => {
    const [deck, pull] = [await scene.addDevice("Deck"), await scene.addDevice("Pull")];
    await scene.library.change(
      `update devices set sync_config = '{"direction":"pull_only"}' where id = '${pull}'`,
    );
    await scene.upload({ slot: "oneway", device_id: deck }, { name: "o.srm", bytes: "1" });
    const { body } = await post("/api/sync/negotiate", { device_id: pull, saves: [entry("fresh", "x")] });
    expect([named(body, "fresh")?.action, named(body, "oneway")?.action]).toEqual(["no_op", "download"]);
  });
});

describe("the protocol that lists roms with their files", () => {
  test("pairs by name whatever the slot, and tells where things belong", async () => {
    const [deck, seed] = [await scene.addDevice("Deck"), await scene.addDevice("Seed")];
    await scene.library.change(
      `update devices set sync_config = '{"paths":{"saves":"/sd/saves/"}}' where id = '${seed}'`,
    );
    await scene.upload({ slot: "listed", device_id: deck }, { name: "listed.srm", bytes: "same" });
    await scene.upload({ slot: "listed2", device_id: deck }, { name: "listed2.srm", bytes: "theirs" });
    await scene.upload({ slot: "unlisted", device_id: deck }, { name: "unlisted.srm", bytes: "new" });
    const file = (name: string, text: string) => ({ file: name, mtime: 1_000_000_000, sha1: sha1(text) });
    const files = [file("listed.srm", "same"), file("new.srm", "new"), file("listed2.srm", "mine")];
    const { body } = await post<{ session_id: string; operations: (Operation & Record<string, unknown>)[] }>(
      "/api/sync/negotiate",
      { device_id: seed, roms: [{ rom_id: scene.romId, saves: [...files, file("q.state1", "s")] }] },
    );
    expect(body.session_id).toMatch(/^[0-9a-f-]{36}$/);
    const of = (name: string) => body.operations.find((each) => each.file === name);
    expect(of("listed.srm")?.type).toBe("noop");
    expect([of("new.srm")?.type, of("new.srm")?.destination]).toEqual(["upload", "/api/saves"]);
    expect(of("q.state1")?.destination).toBe("/api/states");
    expect([of("listed2.srm")?.type, of("listed2.srm")?.resolution]).toEqual(["conflict", "keep_both"]);
    const offered = of("unlisted.srm");
    expect([offered?.type, offered?.dest_path]).toEqual(["download", "/sd/saves/unlisted.srm"]);
    const ended = await post(`/api/sync/sessions/${body.session_id}/complete`, {});
    expect(ended.status).toBe(200);
  });

  test("is refused together with the other one", async () => {
    const body = { device_id: "x", roms: [], saves: [] };
    expect((await post("/api/sync/negotiate", body)).status).toBe(422);
  });
});

describe("plans of many roms at once", () => {
  test("name roms by id, digest or place, and say what they mean", async () => {
    const deck = await scene.addDevice("Deck");
    await scene.store({ name: "plan.srm", device_id: deck }, "server");
    const entries = [
      { key: "a", rom: scene.romId, name: "plan.srm", hash: sha1("server") },
      {
        key: "b",
        rom: { platformSlug: "n64", fsName: "Star Pilot (USA).z64" },
        name: "new.srm",
        hash: sha1("x"),
      },
      { key: "c", rom: { sha1: "0".repeat(40) }, name: "x.srm", hash: null },
    ].map((each) => ({ ...each, kind: "save", sizeBytes: 1, modifiedAt: FILE_AT }));
    const { body } = await scene.mutate<{ actions: { key: string; action: string }[] }>("sync.plan", {
      deviceId: deck,
      entries,
      isDryRun: true,
    });
    expect(body.actions.slice(0, 3).map(({ key, action }) => [key, action])).toEqual([
      ["a", "none"],
      ["b", "upload"],
      ["c", "none"],
    ]);
  });

  test("tell a device to trash what was removed on the server and did not change there", async () => {
    const deck = await scene.addDevice("Deck");
    const { body } = await scene.store({ name: "gone.srm", device_id: deck }, "gone");
    await scene.mutate("sync.removeVersions", { versions: [{ kind: "save", id: body.version.id }] });
    const same = await scene.plan(deck, [{ name: "gone.srm", text: "gone" }], { isDryRun: true });
    expect(actionOf(same, "gone.srm")?.action).toBe("trash");
    const changed = await scene.plan(deck, [{ name: "gone.srm", text: "changed" }], { isDryRun: true });
    expect(actionOf(changed, "gone.srm")?.action).toBe("upload");
  });
});

describe("versions", () => {
  test("are refused when they grew from another one, and told which is the newest", async () => {
    const first = await scene.store({ name: "grow.srm", based_on: "none" }, "1");
    const second = await scene.store({ name: "grow.srm", based_on: first.body.version.id }, "2");
    const stale = await scene.store({ name: "grow.srm", based_on: "none" }, "3");
    expect([first.status, second.status, stale.status]).toEqual([200, 200, 409]);
    const known = await scene.mutate<{ code: string; details: { newestSaveId: number } }>("sync.storeKnown", {
      romId: scene.romId,
      name: "grow.srm",
      basedOn: null,
      sha1: sha1("1"),
      sizeBytes: 1,
    });
    expect([known.body.code, known.body.details.newestSaveId]).toEqual([
      "SAVES_SLOT_NEWER",
      second.body.version.id,
    ]);
  });

  test("are the same one when they are sent again because an answer was lost", async () => {
    const first = await scene.store({ name: "lost.srm", based_on: "none" }, "1");
    const second = await scene.store({ name: "lost.srm", based_on: first.body.version.id }, "2");
    const again = await scene.store({ name: "lost.srm", based_on: first.body.version.id }, "2");
    expect([again.status, again.body.version.id]).toEqual([200, second.body.version.id]);
  });

  test("are stored from bytes that are there already, and asked for otherwise", async () => {
    const text = "content that is known";
    await scene.store({ name: "known.srm" }, text);
    const again = { romId: scene.romId, slot: "elsewhere", name: "known.srm", sizeBytes: text.length };
    const known = await scene.mutate<{ outcome: string; version: { id: number } }>("sync.storeKnown", {
      ...again,
      sha1: sha1(text),
    });
    expect(known.body.outcome).toBe("created");
    expect(await scene.read(known.body.version.id)).toBe(text);
    const unknown = await scene.mutate<{ code: string }>("sync.storeKnown", { ...again, sha1: sha1("?") });
    expect(unknown.body.code).toBe("ASSETS_BYTES_UNKNOWN");
  });

  test("come back from the past and from the trash", async () => {
    const first = await scene.store({ name: "back.srm", slot: "back" }, "old");
    await scene.store({ name: "back.srm", slot: "back", based_on: first.body.version.id }, "new");
    await scene.mutate("sync.removeVersions", { versions: [{ kind: "save", id: first.body.version.id }] });
    const history = await scene.history({ slot: "back" });
    expect(history.map(({ reason }) => reason)).toEqual([null, "deleted"]);
    const trashId = history[1]?.trashId;
    const { body } = await scene.mutate<{ version: { id: number } }>("sync.restore", { trashId });
    expect(await scene.read(body.version.id)).toBe("old");
    const newest = await scene.history({ slot: "back" });
    expect(newest[0]?.versionId).toBe(body.version.id);
    expect(newest).toHaveLength(3);
  });

  test("count for a device only while they hold what it got", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const { body } = await scene.store({ name: "ack.srm", device_id: deck }, "first");
    const ack = (text: string) =>
      scene.mutate<{ count: number }>("sync.acknowledge", {
        deviceId: pocket,
        versions: [{ kind: "save", id: body.version.id, sha1: sha1(text) }],
      });
    expect((await ack("else")).body.count).toBe(0);
    expect((await ack("first")).body.count).toBe(1);
  });
});

describe("a device that speaks of bytes which were replaced meanwhile", () => {
  test("is not believed, so that it does not bury them", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const { body } = await scene.upload({ slot: "late", device_id: deck }, { name: "late.srm", bytes: "v1" });
    await scene.read(body.id);
    const form = new FormData();
    form.append("saveFile", new File(["v2"], "late.srm"));
    await scene.library.get(`/api/saves/${body.id}?device_id=${deck}`, { method: "PUT", body: form });
    await post(`/api/saves/${body.id}/downloaded`, { device_id: pocket });
    const refused = await scene.upload(
      { slot: "late", device_id: pocket },
      { name: "late.srm", bytes: "v1+" },
    );
    expect(refused.status).toBe(409);
  });
});

describe("changes", () => {
  interface Changes {
    readonly items: readonly { readonly id: number; readonly name: string }[];
    readonly removed: readonly { readonly id: number }[];
    readonly nextCursor: string;
    readonly hasMore: boolean;
  }
  const read = async (input: object) => (await scene.library.ask<Changes>("sync.changes", input)).body;

  async function readAll(cursor: string | null) {
    const pages: Changes[] = [];
    let next = cursor;
    do {
      const page = await read({ cursor: next, limit: 500 });
      pages.push(page);
      next = page.nextCursor;
    } while (pages.at(-1)?.hasMore);
    const items = new Map(pages.flatMap((page) => page.items.map((item) => [item.id, item] as const)));
    return { items, removed: pages.flatMap((page) => page.removed.map(({ id }) => id)), cursor: next };
  }

  test("tell what is new, changed and gone since a cursor", async () => {
    const kept = await scene.store({ name: "feed.srm", slot: "feed" }, "kept");
    const before = await readAll(null);
    expect(before.items.get(kept.body.version.id)?.name).toBe("feed.srm");
    const added = await scene.store({ name: "feed2.srm", slot: "feed" }, "added");
    await scene.mutate("sync.removeVersions", { versions: [{ kind: "save", id: kept.body.version.id }] });
    const after = await readAll(before.cursor);
    expect(after.items.has(added.body.version.id)).toBe(true);
    expect(after.removed).toContain(kept.body.version.id);
  });

  test("refuse a cursor that is too old", async () => {
    const old = { atMs: Date.parse("2020-01-01T00:00:00Z"), id: 0 };
    const cursor = formatChanges({ saves: old, states: old, removed: old });
    const { body } = await scene.library.ask<{ code: string }>("sync.changes", { cursor });
    expect(body.code).toBe("SYNC_CURSOR_INVALID");
  });
});
