// The published client against the real server: both sides of every call about saves.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, hasErrorCode, isMultitapError } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { openSaveScene, type SaveScene } from "./scene.testing.ts";

let scene: SaveScene;
let client: Client;
let folder = "";

beforeAll(async () => {
  scene = await openSaveScene();
  folder = await mkdtemp(join(tmpdir(), "multitap-saves-"));
  const { app } = scene.library;
  const scope = "assets.read assets.write devices.read devices.write";
  const body = new URLSearchParams({ username: "admin", password: "adminpass", scope });
  const granted = await app.fetch("/api/token", { method: "POST", body });
  const { access_token: auth } = (await granted.json()) as { access_token: string };
  const fetch = (url: string, init: RequestInit) => app.fetch(url.replace("http://nas", ""), init);
  client = createClient({ url: "http://nas", fetch, auth, retry: false });
}, 30_000);
afterAll(async () => {
  await client.close();
  await scene.close();
  await rm(folder, { recursive: true, force: true });
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (thrown: unknown) => thrown,
  );

test("a client stores versions on top of each other, and learns which one came in between", async () => {
  const { romId } = scene;
  const slot = "sdk";
  const first = await client.saves.store(new File(["one"], "Pilot.srm"), { romId, slot, basedOn: null });
  expect([first.outcome, first.version.name, first.version.slot]).toEqual(["created", "Pilot.srm", slot]);
  const second = await client.saves.store(bytesOf("two"), { romId, slot, basedOn: first.version.id });
  expect(second.version.name).toBe("Pilot.srm");
  const failure = await failureOf(
    client.saves.store(bytesOf("3"), { romId, slot, basedOn: first.version.id }),
  );
  expect(hasErrorCode(failure, "SAVES_SLOT_NEWER") && failure.details.newestSaveId).toBe(second.version.id);
  const forced = await client.saves.store(bytesOf("3"), { romId, slot, name: "Pilot.srm", force: true });
  const versions = await client.saves.versions({ romId, slot });
  expect(versions.map(({ versionId }) => versionId)).toEqual(
    [forced, second, first].map(({ version }) => version.id),
  );
});

test("a client lists, reads, shows, removes and restores saves", async () => {
  const { romId } = scene;
  const slot = "life";
  const deviceId = await scene.addDevice("Deck");
  const stored = await client.saves.store(bytesOf("one"), {
    romId,
    slot,
    name: "a.srm",
    deviceId,
    emulator: "mgba",
  });
  const { id } = stored.version;
  expect((await client.saves.list({ romId, slot })).map((save) => save.id)).toEqual([id]);
  const save = await client.saves.get(id, { deviceId });
  expect([save.emulator, save.originDeviceId, save.deviceSyncs[0]?.isCurrent]).toEqual([
    "mgba",
    deviceId,
    true,
  ]);
  expect((await client.saves.setVisibility(id, true)).isPublic).toBe(true);
  await client.saves.download(id, fileSink(join(folder, "a.srm")), { verify: true });
  expect(await readFile(join(folder, "a.srm"), "utf8")).toBe("one");
  await client.saves.remove([id]);
  expect(isMultitapError(await failureOf(client.saves.get(id)), "not_found")).toBe(true);
  const [trashed] = await client.saves.versions({ romId, slot });
  expect([trashed?.versionId, trashed?.reason]).toEqual([null, "deleted"]);
  const back = await client.saves.restore({ trashId: trashed?.trashId ?? 0 });
  expect((await client.saves.list({ romId, slot })).map((each) => each.id)).toEqual([back.version.id]);
});

test("a client reads and decides conflicts", async () => {
  const { romId } = scene;
  const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
  const about = { romId, slot: "war", name: "w.srm" };
  await client.saves.store(bytesOf("deck"), { ...about, deviceId: deck });
  await client.saves.store(bytesOf("pocket"), { ...about, deviceId: pocket, force: true });
  const open = await client.saves.conflicts({ isOpen: true, romId });
  const conflict = open.find(({ slot }) => slot === "war");
  expect(conflict?.deviceId).toBe(pocket);
  const decided = await client.saves.resolveConflict(conflict?.id ?? 0, "keep_both");
  expect(decided.resolution).toBe("keep_both");
  expect((await client.saves.conflicts({ isOpen: true, romId })).some(({ slot }) => slot === "war")).toBe(
    false,
  );
});

test("versions of states are stored, listed and restored the same way", async () => {
  const { romId } = scene;
  const about = { romId, slot: "0", name: "Pilot.state" };
  const first = await client.states.store(bytesOf("one"), { ...about, basedOn: null });
  await client.states.store(bytesOf("two"), { ...about, basedOn: first.version.id });
  expect(await client.states.versions({ romId, slot: "0" })).toHaveLength(2);
  const back = await client.states.restore({ versionId: first.version.id });
  expect([back.version.kind, back.version.sha1]).toEqual(["state", first.version.sha1]);
});
