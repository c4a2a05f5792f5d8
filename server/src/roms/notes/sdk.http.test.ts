// The published client against the real server: what an account keeps beside roms, and a rom by chance.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@multitap/client";
import { codeOf, openAppClient } from "../../auth/client.testing.ts";
import { openRomScene, type RomScene } from "../access/scene.testing.ts";

let scene: RomScene;
let admin: Client;
/** The viewer. */
let ana: Client;

beforeAll(async () => {
  scene = await openRomScene();
  const { app } = scene.library;
  const scope = "roms.read roms.user.read roms.user.write";
  admin = await openAppClient(app, { scope });
  ana = await openAppClient(app, { username: "ana", password: "viewerpass", scope });
}, 30_000);
afterAll(async () => {
  await admin.close();
  await ana.close();
  await scene.close();
});

describe("client.notes", () => {
  test("goes through a note's whole life", async () => {
    const made = await admin.notes.create(scene.a, { title: "Tip", isPublic: true, tags: ["help"] });
    expect(made).toMatchObject({ romId: scene.a, title: "Tip", content: "", ownerUsername: "admin" });
    await admin.notes.create(scene.a, { title: "Private" });
    expect(await ana.notes.list(scene.a)).toEqual([made]);
    expect((await admin.notes.list(scene.a)).map(({ title }) => title)).toEqual(["Private", "Tip"]);
    expect(await admin.notes.list(scene.a, { isPublicOnly: true, search: "Ti", tags: ["help"] })).toEqual([
      made,
    ]);
    const changed = await admin.notes.update(made, { content: "x", tags: [] });
    expect(changed).toEqual({ ...made, content: "x", tags: [], updatedAt: changed.updatedAt });
    expect(await codeOf(ana.notes.update(made, {}))).toBe("not_found NOTES_NOT_FOUND");
    expect(await codeOf(admin.notes.create(scene.a, { title: "Tip" }))).toBe("conflict NOTES_TITLE_TAKEN");
    expect(await codeOf(ana.notes.list(scene.secret))).toBe("not_found ROMS_NOT_FOUND");
    expect(await admin.notes.remove(made)).toBeUndefined();
    expect(await codeOf(admin.notes.remove(made))).toBe("not_found NOTES_NOT_FOUND");
  });
});

describe("client.roms", () => {
  test("changes properties, and gives them back", async () => {
    const props = await ana.roms.updateProps(scene.a, { rating: 8, status: "finished", lastPlayed: "now" });
    expect(props).toMatchObject({ rating: 8, status: "finished", isHidden: false });
    const { user } = await ana.roms.get(scene.a, { with: ["user"] });
    expect(props).toMatchObject({ ...user });
    expect((await ana.roms.updateProps(scene.a, { lastPlayed: "never" })).lastPlayedAt).toBeNull();
    expect(await codeOf(ana.roms.updateProps(scene.a, { rating: 11 }))).toBe("invalid INPUT_INVALID");
    expect(await codeOf(ana.roms.updateProps(scene.secret, { rating: 1 }))).toBe("not_found ROMS_NOT_FOUND");
  });

  test("picks a rom by chance", async () => {
    const picked = await ana.roms.random();
    expect([scene.a, scene.b, scene.c]).toContain(picked?.id ?? 0);
    expect(await ana.roms.random({ platformIds: [99_999] })).toBeNull();
  });
});
