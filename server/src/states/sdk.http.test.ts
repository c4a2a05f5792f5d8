// The published client against the real server: both sides of every call about states and pictures.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, isMultitapError } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { type AssetScene, openAssetScene } from "./scene.testing.ts";

let scene: AssetScene;
let client: Client;
let folder = "";

beforeAll(async () => {
  scene = await openAssetScene();
  folder = await mkdtemp(join(tmpdir(), "multitap-states-"));
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
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (isMultitapError(error) ? `${error.kind} ${error.code}` : String(error)),
  );

test("a client stores a state with its picture, reads both, shows and removes them", async () => {
  const { states, screenshots } = client;
  const deviceId = await scene.addDevice("admin");
  const screenshot = { fileName: "Game.state1.png", bytes: bytesOf("picture") };
  const stored = await states.upload(scene.a, {
    fileName: "Game.state1",
    bytes: new Blob(["a state"]),
    emulator: "mgba",
    slot: "1",
    deviceId,
    screenshot,
  });
  expect([stored.emulator, stored.slot, stored.originDeviceId]).toEqual(["mgba", "1", deviceId]);
  expect(await states.get(stored.id)).toEqual(stored);
  expect(await states.list({ romId: scene.a, slot: "1" })).toEqual([stored]);
  expect(await states.list({ slot: null })).toEqual([]);
  await states.download(stored.id, fileSink(join(folder, "state")), { verify: true });
  expect(await readFile(join(folder, "state"), "utf8")).toBe("a state");
  const other = await scene.addDevice("admin");
  const behind = { fileName: "Game.state1", bytes: bytesOf("2"), slot: "1", deviceId: other };
  expect(await codeOf(states.upload(scene.a, behind))).toBe("conflict HTTP_409");
  expect((await states.upload(scene.a, { ...behind, isOverwrite: true })).id).not.toBe(stored.id);
  const pictureId = stored.screenshot?.id ?? 0;
  expect(await screenshots.get(pictureId)).toEqual(
    stored.screenshot as NonNullable<typeof stored.screenshot>,
  );
  expect((await states.setVisibility(stored.id, true)).screenshot?.isPublic).toBe(true);
  await states.remove([stored.id]);
  expect(await codeOf(states.get(stored.id))).toBe("not_found STATES_NOT_FOUND");
  expect(await codeOf(screenshots.get(pictureId))).toBe("not_found SCREENSHOTS_NOT_FOUND");
});

test("a client fills a gallery, shows a picture and takes it away", async () => {
  const { screenshots } = client;
  const shot = await screenshots.upload(scene.b, { fileName: "boss.png", bytes: bytesOf("boss") });
  expect([shot.fileName, shot.isGallery, shot.isPublic]).toEqual(["boss.png", true, false]);
  expect(await screenshots.list({ romId: scene.b })).toEqual([shot]);
  expect((await screenshots.setVisibility(shot.id, true)).isPublic).toBe(true);
  await screenshots.download(shot.id, fileSink(join(folder, "shot")), { verify: true });
  expect(await readFile(join(folder, "shot"), "utf8")).toBe("boss");
  const page = screenshots.upload(scene.b, { fileName: "page.html", bytes: bytesOf("x") });
  expect(await codeOf(page)).toBe("invalid HTTP_400");
  await screenshots.remove([shot.id]);
  expect(await screenshots.list({ romId: scene.b })).toEqual([]);
});
