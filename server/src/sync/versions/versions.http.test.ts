import { afterAll, beforeAll, expect, test } from "bun:test";
import { ADMIN } from "../../auth/calls.testing.ts";
import { FILE_AT, openSyncScene, type SyncScene, sha1 } from "../scene.testing.ts";

let scene: SyncScene;
beforeAll(async () => {
  scene = await openSyncScene();
}, 30_000);
afterAll(() => scene?.close());

test("versions come back as themselves when nobody knows their digest", async () => {
  const { sql } = scene.library.app.database.handle;
  const texts = ["not this one", "this is mine"];
  const ids: number[] = [];
  for (const text of texts) {
    const { body } = await scene.store({ name: `${text}.srm`, slot: text }, text);
    ids.push(body.version.id);
  }
  // As of a library that was taken over.
  await sql`update saves set sha1_hash = '', content_hash = null where id in ${sql(ids)}`;
  for (const [index, text] of texts.entries()) {
    const id = ids[index] ?? 0;
    await scene.store({ name: `${text}.srm`, slot: text, based_on: id }, `${text} played on`);
    const { body } = await scene.mutate<{ version: { id: number } }>("sync.restore", { versionId: id });
    expect(await scene.read(body.version.id)).toBe(text);
  }
});

test("a device may tell of the same versions twice at once, in whatever order", async () => {
  const deck = await scene.addDevice("Deck");
  const { sql } = scene.library.app.database.handle;
  const rows = await sql<{ id: number }[]>`
    insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
      stored_path, slot, canonical_name, content_updated_at, sha1_hash)
    select ${scene.romId}, (select min(id) from users where role = 'admin'), 'v' || i, 'v', 'v', '', 'x', 'x' || i,
      'ack ' || i, 'v', ${FILE_AT}::timestamptz, ${sha1("v")} from generate_series(1, 2000) i returning id`;
  const versions = rows.map(({ id }) => ({ kind: "save", id, sha1: sha1("v") }));
  const tell = (told: typeof versions) =>
    scene.mutate<{ count: number }>("sync.acknowledge", { deviceId: deck, versions: told });
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all([tell(versions), tell(versions.toReversed())]);
    expect(answers.map(({ body }) => body.count)).toEqual([2000, 2000]);
  }
});

test("versions whose name or slot holds half a character go on top of each other", async () => {
  const deviceId = await scene.addDevice("Deck");
  const send = async (sizeBytes: number, text: string) => {
    await scene.store({ name: "known.srm" }, text);
    const { status, body } = await scene.mutate<{ outcome: string; version: { slot: string } }>(
      "sync.storeKnown",
      { romId: scene.romId, name: "\ud800.srm", slot: "s\udfff", sha1: sha1(text), sizeBytes, deviceId },
    );
    return [status, body.outcome, body.version.slot];
  };
  expect(await send(3, "one")).toEqual([200, "created", "s\ufffd"]);
  expect(await send(3, "two")).toEqual([200, "created", "s\ufffd"]);
  expect(await send(3, "two")).toEqual([200, "same", "s\ufffd"]);
});

test("a version is of the device that the token is bound to, unless it is said to be of none", async () => {
  const deviceId = await scene.addDevice("Bound");
  const made = await scene.library.get<{ raw_token: string }>("/api/client-tokens", {
    method: "POST",
    headers: { authorization: ADMIN, "content-type": "application/json" },
    body: JSON.stringify({ name: "bound", scopes: ["assets.write", "roms.read"] }),
  });
  await scene.library.change(`update client_tokens set device_id = '${deviceId}' where name = 'bound'`);
  const send = async (name: string, device: string) => {
    const path = `/api/sync/versions?rom_id=${scene.romId}&name=${name}&slot=${name}${device}`;
    const headers = { authorization: `Bearer ${made.body.raw_token}` };
    const { body } = await scene.library.get<{ version: { originDeviceId: string | null } }>(path, {
      method: "POST",
      body: name,
      headers,
    });
    return body.version.originDeviceId;
  };
  expect([await send("own.srm", ""), await send("nobody.srm", "&device_id=none")]).toEqual([deviceId, null]);
});
