// Bytes that several versions share stay as long as one of them needs them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openSyncScene, type SyncScene, sha1 } from "./scene.testing.ts";

let scene: SyncScene;
beforeAll(async () => {
  scene = await openSyncScene();
}, 30_000);
afterAll(() => scene?.close());

const storeKnown = (text: string, query: object) =>
  scene.mutate<{ readonly outcome: string }>("sync.storeKnown", {
    romId: scene.romId,
    name: "known.srm",
    sha1: sha1(text),
    sizeBytes: text.length,
    ...query,
  });

describe("bytes that the server has already", () => {
  test("stay where they are when a version of them is refused", async () => {
    const device = await scene.addDevice("Refused");
    const { body } = await scene.store({ name: "first.srm", slot: "refused 1" }, "refused bytes");
    await scene.store({ name: "other.srm", slot: "refused 2" }, "what it would bury");
    const refused = await storeKnown("refused bytes", { slot: "refused 2", deviceId: device });
    expect(refused.status).toBe(409);
    expect(await scene.read(body.version.id)).toBe("refused bytes");
  });

  test("stay where they are when the newest version has the same from elsewhere", async () => {
    const one = await scene.store({ name: "one.srm", slot: "twice 1" }, "the same twice");
    const two = await scene.store({ name: "two.srm", slot: "twice 2" }, "the same twice");
    for (const slot of ["twice 1", "twice 2"]) {
      const { status, body } = await storeKnown("the same twice", { slot });
      expect([status, body.outcome]).toEqual([200, "same"]);
    }
    expect(await scene.read(one.body.version.id)).toBe("the same twice");
    expect(await scene.read(two.body.version.id)).toBe("the same twice");
  });

  test("stay where they are when a version is brought back that is the newest already", async () => {
    const old = await scene.store({ name: "back.srm", slot: "back" }, "brought back");
    await scene.store({ name: "back.srm", slot: "back" }, "between");
    await scene.store({ name: "back.srm", slot: "back" }, "brought back");
    const restored = await scene.mutate("sync.restore", { versionId: old.body.version.id });
    expect(restored.status).toBe(200);
    expect(await scene.read(old.body.version.id)).toBe("brought back");
  });
});
