// Hiding platforms and roms and showing them again, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EDITOR, openPermissionScene, type PermissionScene, seen } from "../scene.testing.ts";

let scene: PermissionScene;

beforeAll(async () => {
  scene = await openPermissionScene();
}, 30_000);
afterAll(() => scene.close());

const idsOf = (...names: readonly string[]) => names.map((name) => scene.userIds[name] ?? 0);

describe("hidden entities", () => {
  const target = () => ({ entity: "platforms", entity_id: 1, user_id: scene.userIds.ana });

  test("are hidden and shown again, as often as asked, and told of once", async () => {
    const told = await scene.listTold(async () => {
      for (const _ of [1, 2]) {
        const answer = await scene.call("/hidden", { json: target() });
        expect(seen(answer)).toEqual([200, { entity: "platforms", entity_id: 1 }]);
      }
    });
    expect(told).toEqual([scene.userIds.ana ?? 0]);
    expect((await scene.call(`/users/${scene.userIds.ana}`)).json).toMatchObject({
      hidden: [{ entity: "platforms", entity_id: 1 }],
    });
    const shown = await scene.listTold(async () => {
      for (const _ of [1, 2]) {
        const answer = await scene.remove("/hidden", target());
        expect([answer.status, answer.text]).toEqual([204, ""]);
      }
    });
    expect(shown).toEqual([scene.userIds.ana ?? 0]);
    expect((await scene.call(`/users/${scene.userIds.ana}`)).json).toMatchObject({ hidden: [] });
    expect(await scene.listAudit("entity.shown")).toContain("platforms 1");
  });

  test("are hidden from all who follow a group, who hear of it", async () => {
    const json = { entity: "platforms", entity_id: 1, group_id: scene.groupIds.Viewer };
    const told = await scene.listTold(() => scene.call("/hidden", { json }));
    expect(told).toEqual(idsOf("admin", "ana", "dora").sort((a, b) => a - b));
    expect(await scene.listTold(() => scene.remove("/hidden", json))).toHaveLength(3);
  });

  test("do the same at the tRPC door", async () => {
    const input = { entity: "platforms", entityId: 1, userId: scene.userIds.edda };
    expect((await scene.tell("hide", input)).data).toEqual({ entity: "platforms", entityId: 1 });
    expect((await scene.ask("me", undefined, EDITOR)).data).toMatchObject({
      hidden: { platformIds: [1], romIds: [] },
    });
    expect((await scene.tell("show", input)).data).toBeNull();
  });

  const ONE = { detail: "Exactly one of user_id or group_id must be set" };
  test.each([
    ["nobody", { user_id: undefined }, 400, ONE],
    ["a user and a group", { group_id: 1 }, 400, ONE],
    ["two nulls", { user_id: null, group_id: null }, 400, ONE],
    ["another entity", { entity: "users" }, 400, { detail: "Only platforms and roms can be hidden" }],
    ["no such rom", { entity: "roms", entity_id: 9999 }, 404, { detail: "Rom with id '9999' not found" }],
    ["no such platform", { entity_id: 9999 }, 404, { detail: "Platform with id '9999' not found" }],
    ["no such user", { user_id: 9999 }, 404, { detail: "User not found" }],
    [
      "no such group",
      { user_id: null, group_id: 9999 },
      404,
      { detail: "Permission group with id '9999' not found" },
    ],
  ])("refuse %s", async (_name, fields, status, body) => {
    expect(seen(await scene.call("/hidden", { json: { ...target(), ...fields } }))).toEqual([status, body]);
  });

  test.each([
    [{ entity: "moons" }, ["body", "entity"], "enum"],
    [{ entity_id: "1" }, ["body", "entity_id"], "int_type"],
    [{ entity_id: undefined }, ["body", "entity_id"], "missing"],
  ])("refuse %j in the words of a misfit, with and without a body on DELETE", async (fields, loc, type) => {
    const json = { ...target(), ...fields };
    for (const method of ["POST", "DELETE"]) {
      expect(seen(await scene.call("/hidden", { method, json }))).toMatchObject([
        422,
        { detail: [{ loc, type }] },
      ]);
    }
    expect((await scene.remove("/hidden")).status).toBe(422);
  });

  test("vanish with what they are hidden from only", async () => {
    const id = await scene.addGroup("hiders");
    await scene.call("/hidden", { json: { entity: "platforms", entity_id: 1, group_id: id } });
    await scene.remove(`/groups/${id}`);
    const rows = await scene.app.database.handle.sql`select 1 from hidden_entities`;
    expect(rows).toHaveLength(0);
  });
});
