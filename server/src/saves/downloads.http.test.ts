// What a device counts as having because bytes went out.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ADMIN } from "../auth/calls.testing.ts";
import { openSaveScene, type SaveBody, type SaveScene } from "./scene.testing.ts";

let scene: SaveScene;
beforeAll(async () => {
  scene = await openSaveScene();
}, 30_000);
afterAll(() => scene?.close());

/** Asks for the bytes of a save; gives the status. */
async function ask(saveId: number, query: string, method = "GET"): Promise<number> {
  const response = await scene.library.app.fetch(`/api/saves/${saveId}/content?${query}`, {
    method,
    headers: { authorization: ADMIN },
  });
  await response.arrayBuffer();
  return response.status;
}

/** Whether a device has what the save holds now. */
async function isCurrent(saveId: number, deviceId: string): Promise<boolean | undefined> {
  const { body } = await scene.library.get<SaveBody>(`/api/saves/${saveId}?device_id=${deviceId}`);
  return body.device_syncs.find(({ device_id: id }) => id === deviceId)?.is_current;
}

/** A save whose bytes were replaced, so that a device has to have got them before it may say so. */
async function addReplaced(slot: string, deviceId: string): Promise<number> {
  const { body } = await scene.upload({ slot, device_id: deviceId }, { name: `${slot}.srm`, bytes: "1" });
  const { sql } = scene.library.app.database.handle;
  await sql`update saves set created_at = created_at - interval '1 minute' where id = ${body.id}`;
  return body.id;
}

test("whoever asks about the bytes has none of them", async () => {
  const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
  const saveId = await addReplaced("head", deck);
  const { body: session } = await scene.library.get<{ session_id: number }>("/api/sync/negotiate", {
    method: "POST",
    headers: { authorization: ADMIN, "content-type": "application/json" },
    body: JSON.stringify({ device_id: pocket, saves: [] }),
  });
  const query = `device_id=${pocket}&session_id=${session.session_id}`;
  const counted = async () => {
    const { body } = await scene.library.get<{ operations_completed: number }>(
      `/api/sync/sessions/${session.session_id}`,
    );
    return body.operations_completed;
  };
  expect(await ask(saveId, query, "HEAD")).toBe(200);
  expect([await isCurrent(saveId, pocket), await counted()]).toEqual([false, 0]);
  await scene.acknowledge(saveId, pocket);
  expect(await isCurrent(saveId, pocket)).toBe(false);
  expect(await ask(saveId, query)).toBe(200);
  expect([await isCurrent(saveId, pocket), await counted()]).toEqual([true, 1]);
});

test("a device is believed after its own download, or one that named none", async () => {
  const [deck, pocket] = [await scene.addDevice("Deck"), await scene.addDevice("Pocket")];
  const saveId = await addReplaced("proof", deck);
  await ask(saveId, `device_id=${deck}&optimistic=false`);
  await scene.acknowledge(saveId, pocket);
  expect(await isCurrent(saveId, pocket)).toBe(false);
  await ask(saveId, `device_id=${pocket}&optimistic=false`);
  expect(await isCurrent(saveId, pocket)).toBe(false);
  await scene.acknowledge(saveId, pocket);
  expect(await isCurrent(saveId, pocket)).toBe(true);

  const tv = await scene.addDevice("TV");
  await ask(saveId, "");
  await scene.acknowledge(saveId, tv);
  expect(await isCurrent(saveId, tv)).toBe(true);
});
