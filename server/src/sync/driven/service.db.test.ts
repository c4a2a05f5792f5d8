// Files of devices that the server fetches, and versions that change while it does.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readLanes } from "../../assets/lanes/service.ts";
import type { Version } from "../../assets/versions/contract.ts";
import type { Context } from "../../base/context.ts";
import { toServerFile } from "../rules.ts";
import { openSyncScene, type SyncScene } from "../scene.testing.ts";
import { listRomPlatforms, listRomsOfStems } from "./queries.ts";
import { type CopyToStore, identifyCopy, keepBoth, storeNewer } from "./service.ts";

const SAVE = "Star Pilot (USA).srm";

let scene: SyncScene;
let ctx: Context;
beforeAll(async () => {
  scene = await openSyncScene();
  ctx = scene.library.app.createContext();
}, 30_000);
afterAll(() => scene?.close());
afterEach(() => scene.library.change("delete from saves; delete from devices; delete from sync_conflicts"));

const upload = async (text: string) =>
  (await scene.upload({ slot: "main" }, { name: SAVE, bytes: text })).body.id;

async function readHead(deviceId: string): Promise<Version> {
  const { heads } = await readLanes(ctx, deviceId, { userId: 1, kinds: ["saves"] });
  return heads[0] as Version;
}

/** A file that a device has. */
async function fetched(text: string): Promise<CopyToStore> {
  const id = await scene.addDevice("Driven");
  const folder = ctx.facts.tempPath;
  const path = join(folder, `${id}.part`);
  await mkdir(folder, { recursive: true });
  await writeFile(path, text);
  return {
    device: { id, userId: 1, syncConfig: null },
    copy: await identifyCopy(ctx, path, new Date()),
    savedName: SAVE,
    platformFsSlug: "n64",
  };
}

async function textsNewestFirst(): Promise<readonly string[]> {
  const history = await scene.history({ slot: "main" });
  return await Promise.all(
    history.flatMap(({ versionId }) => (versionId === null ? [] : scene.read(versionId))),
  );
}

const MEDDLING = {
  "a newer version came": () => upload("meanwhile"),
  "its bytes were replaced": async (id: number) =>
    await scene.replace(id, "meanwhile", await scene.addDevice("Other")),
  "it was removed": (id: number) => scene.library.change(`delete from saves where id = ${id}`),
} as const;

describe.each(Object.entries(MEDDLING))("when %s after the comparison", (what, meddle) => {
  const expected = what === "it was removed" ? [] : ["meanwhile", "compared"];

  test.each(["server_wins", null] as const)("keepBoth wants another one (%p)", async (resolution) => {
    const file = await fetched("on the device");
    await upload("compared");
    const head = await readHead(file.device.id);
    await meddle(head.id);
    const kept = keepBoth(ctx, file, { head, resolution });
    await expect(kept).rejects.toMatchObject({ code: "SAVES_SLOT_NEWER" });
    expect(await textsNewestFirst()).toEqual(expected);
  });

  test("storeNewer wants another one", async () => {
    const file = await fetched("on the device");
    await upload("compared");
    const head = await readHead(file.device.id);
    await meddle(head.id);
    await expect(storeNewer(ctx, file, { head, base: null })).rejects.toMatchObject({
      code: "SAVES_SLOT_NEWER",
    });
    expect(await textsNewestFirst()).toEqual(expected);
  });
});

describe("storeNewer", () => {
  const resolutions = async () => {
    const conflicts = await scene.library.ask<{ resolution: string | null }[]>("sync.conflicts", {});
    return conflicts.body.map(({ resolution }) => resolution);
  };

  test.each([
    [null, null],
    [{ conflict_resolution: "device_wins" }, "device_wins"],
  ])("notes what it goes on top of when the device never had it (%j)", async (syncConfig, resolution) => {
    const { device, ...file } = await fetched("on the device");
    await upload("never had");
    const head = await readHead(device.id);
    await storeNewer(ctx, { ...file, device: { ...device, syncConfig } }, { head, base: null });
    expect(await textsNewestFirst()).toEqual(["on the device", "never had"]);
    expect(await resolutions()).toEqual([resolution]);
  });

  test("notes nothing when the device had it, or has the same", async () => {
    const file = await fetched("on the device");
    await upload("had");
    const head = await readHead(file.device.id);
    await storeNewer(ctx, file, { head, base: toServerFile(head) });
    const same = await readHead(file.device.id);
    await storeNewer(ctx, file, { head: same, base: null });
    expect(await textsNewestFirst()).toEqual(["on the device", "had"]);
    expect(await resolutions()).toEqual([]);
  });
});

test("roms are found of more files than a statement has parameters", async () => {
  const { db } = ctx;
  // PostgreSQL counts parameters in 16 bits.
  const ids = Array.from({ length: 70_000 }, (_, index) => index + 1);
  const homes = await listRomPlatforms(db, ids);
  const platformId = homes.find(({ id }) => id === scene.romId)?.platformId ?? 0;
  const stems = [...ids.map((id) => `Nobody ${id}`), "Star Pilot (USA)"];
  expect(await listRomsOfStems(db, platformId, stems)).toEqual([
    { id: scene.romId, stem: "Star Pilot (USA)" },
  ]);
});
