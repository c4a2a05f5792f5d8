// What administrators set for single accounts, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp, VIEWER } from "../../auth/calls.testing.ts";
import { EDIT_SCOPES, WRITE_SCOPES } from "../../base/scopes.ts";
import { openPermissionScene, type PermissionScene, seen } from "../scene.testing.ts";

let scene: PermissionScene;

beforeAll(async () => {
  scene = await openPermissionScene();
}, 30_000);
afterAll(() => scene.close());

describe("permissions of a user", () => {
  const scopesOf = async (authorization: string) =>
    ((await callApp(scene.app, "/api/users/me", { authorization })).json as { oauth_scopes: string[] })
      .oauth_scopes;
  const nothing = () => ({
    user_id: scene.userIds.ana,
    permission_group_id: null,
    overrides: [],
    hidden: [],
  });

  test("are shown, and missing with the user", async () => {
    expect(seen(await scene.call(`/users/${scene.userIds.ana}`))).toEqual([200, nothing()]);
    expect((await scene.ask("getUser", { userId: scene.userIds.edda })).data).toEqual({
      userId: scene.userIds.edda,
      permissionGroupId: scene.groupIds.Editor,
      overrides: [],
      hidden: [],
    });
    expect(seen(await scene.call("/users/9999"))).toEqual([404, { detail: "User not found" }]);
    expect(seen(await scene.put("/users/9999", {}))).toEqual([404, { detail: "User not found" }]);
  });

  test("take the group only where set_group says so, and count at once", async () => {
    expect(await scopesOf(VIEWER)).toEqual([...WRITE_SCOPES]);
    const path = `/users/${scene.userIds.ana}`;
    const ignored = await scene.put(path, { permission_group_id: scene.groupIds.Editor });
    expect(ignored.json).toEqual(nothing());
    const told = await scene.listTold(() =>
      scene.put(path, { set_group: true, permission_group_id: scene.groupIds.Editor }),
    );
    expect(told).toEqual([scene.userIds.ana ?? 0]);
    expect(await scopesOf(VIEWER)).toEqual([...EDIT_SCOPES]);
    expect(seen(await scene.put(path, { set_group: true }))).toEqual([200, nothing()]);
    expect(await scopesOf(VIEWER)).toEqual([...WRITE_SCOPES]);
    expect(seen(await scene.put(path, { set_group: true, permission_group_id: 9999 }))).toEqual([
      404,
      { detail: "Permission group with id '9999' not found" },
    ]);
    expect(await scene.listAudit("permissions.changed")).toContain("ana");
  });

  test("keep overrides for null and replace them for a list", async () => {
    const path = `/users/${scene.userIds.ana}`;
    const overrides = [
      { entity: "tasks", action: "write", granted: true, own_only: false },
      { entity: "roms", action: "read", granted: false, own_only: false },
    ];
    const set = await scene.put(path, { overrides: [...overrides, { ...overrides[0] }] });
    expect(set.json).toEqual({ ...nothing(), overrides });
    expect(await scopesOf(VIEWER)).toEqual([
      ...WRITE_SCOPES.filter((scope) => scope !== "roms.read"),
      "tasks.run",
    ]);
    expect((await scene.put(path, { overrides: null })).json).toEqual({ ...nothing(), overrides });
    expect((await scene.put(path, {})).json).toEqual({ ...nothing(), overrides });
    const rpc = await scene.tell("updateUser", {
      userId: scene.userIds.ana,
      overrides: [{ entity: "logs", action: "read", isGranted: true }],
    });
    expect(rpc.data).toMatchObject({
      overrides: [{ entity: "logs", action: "read", isGranted: true, isOwnOnly: false }],
    });
    expect((await scene.put(path, { overrides: [] })).json).toEqual(nothing());
    expect(await scopesOf(VIEWER)).toEqual([...WRITE_SCOPES]);
  });

  test.each([
    [{ set_group: "yes" }, ["body", "set_group"], "bool_type"],
    [{ set_group: true, permission_group_id: "1" }, ["body", "permission_group_id"], "int_type"],
    [{ overrides: [{ entity: "roms", action: "read" }] }, ["body", "overrides", 0, "isGranted"], "missing"],
    [{ overrides: {} }, ["body", "overrides"], "list_type"],
  ])("refuse %j", async (json, loc, type) => {
    const answer = await scene.put(`/users/${scene.userIds.ana}`, json);
    expect(seen(answer)).toMatchObject([422, { detail: [{ loc, type }] }]);
  });
});
