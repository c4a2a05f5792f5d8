// What a device is told to leave alone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN } from "../../auth/calls.testing.ts";
import { actionOf, FILE_AT, openSyncScene, type SyncScene, sha1 } from "../scene.testing.ts";
import type { RemotePlan } from "./contract.ts";

let scene: SyncScene;
beforeAll(async () => {
  scene = await openSyncScene();
}, 30_000);
afterAll(() => scene?.close());

async function post<T>(path: string, body: unknown) {
  return await scene.library.get<T>(path, {
    method: "POST",
    headers: { authorization: ADMIN, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("a device that was told so leaves alone", () => {
  const listed = async (device: string, files: readonly object[]) => {
    const roms = [{ rom_id: scene.romId, saves: files }];
    const { body } = await post<{ operations: { file: string }[] }>("/api/sync/negotiate", {
      device_id: device,
      roms,
    });
    return (name: string) => body.operations.find(({ file }) => file === name);
  };

  test("a save that it does not track, in every protocol", async () => {
    const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
    const name = "untracked.srm";
    const { body } = await scene.upload({ slot: "untracked", device_id: deck }, { name, bytes: "deck" });
    await post(`/api/saves/${body.id}/untrack`, { device_id: pocket });
    const told = { name, slot: "untracked", text: "pocket" };
    expect(actionOf(await scene.plan(pocket, [told]), name)).toMatchObject({
      action: "none",
      reason: "Save is untracked on this device",
    });
    expect(actionOf(await scene.plan(pocket, []), name)).toBeUndefined();
    const file = { file: name, mtime: 1_000_000_000, sha1: sha1("pocket") };
    expect((await listed(pocket, [file]))(name)).toMatchObject({
      type: "noop",
      reason: "Save is untracked on this device",
    });
    expect((await listed(pocket, []))(name)).toBeUndefined();
    const conflicts = await scene.library.ask<{ slot: string }[]>("sync.conflicts", {});
    expect(conflicts.body.some(({ slot }) => slot === "untracked")).toBe(false);
    await post(`/api/saves/${body.id}/track`, { device_id: pocket });
    expect(actionOf(await scene.plan(pocket, [told], { isDryRun: true }), name)?.action).toBe("conflict");
  });

  test.each([
    ["pull_only", ["none", "download", "trash"]],
    ["push_only", ["upload", "none", "none"]],
    ["both", ["upload", "download", "trash"]],
  ] as const)("what goes the other way in plans: %s", async (direction, actions) => {
    const [deck, oneWay] = [await scene.addDevice("Deck"), await scene.addDevice(direction)];
    await scene.library.change(
      `update devices set sync_config = '{"direction":"${direction}"}' where id = '${oneWay}'`,
    );
    const names = ["new", "offer", "gone"].map((each) => `${each}-${direction}.srm`);
    const [fresh = "", offered = "", gone = ""] = names;
    await scene.store({ name: offered, slot: `offer-${direction}`, device_id: deck }, "theirs");
    const removed = await scene.store({ name: gone, device_id: oneWay }, "gone");
    await scene.mutate("sync.removeVersions", { versions: [{ kind: "save", id: removed.body.version.id }] });
    const plan = await scene.plan(oneWay, [
      { name: fresh, text: "mine" },
      { name: gone, text: "gone" },
    ]);
    expect(names.map((name) => actionOf(plan, name)?.action)).toEqual([...actions]);
  });
});

test("a plan says nothing of a kind that is not asked for", async () => {
  const deck = await scene.addDevice("Deck");
  const stored = await scene.store({ name: "kinds.state", kind: "state", device_id: deck }, "there");
  expect(stored.status).toBe(200);
  const entry = {
    key: "kinds.state",
    rom: scene.romId,
    kind: "state",
    name: "kinds.state",
    hash: sha1("there"),
    sizeBytes: 5,
    modifiedAt: FILE_AT,
  };
  const plan = (kinds: readonly string[]) =>
    scene.mutate<RemotePlan>("sync.plan", { deviceId: deck, entries: [entry], kinds, isDryRun: true });
  expect(actionOf((await plan(["state"])).body, "kinds.state")?.action).toBe("none");
  expect(actionOf((await plan(["save"])).body, "kinds.state")).toBeUndefined();
});
