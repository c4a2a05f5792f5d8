// Groups of grants, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp, VIEWER } from "../../auth/calls.testing.ts";
import { openPermissionScene, type PermissionScene, seen, type WireGroup } from "../scene.testing.ts";

let scene: PermissionScene;

beforeAll(async () => {
  scene = await openPermissionScene();
}, 30_000);
afterAll(() => scene.close());

const idsOf = (...names: readonly string[]) => names.map((name) => scene.userIds[name] ?? 0);

const READ_ROMS = { entity: "roms", action: "read", own_only: false };
const READ_PLATFORMS = { entity: "platforms", action: "read", own_only: false };

describe("groups", () => {
  test("are listed by name with grants in their order, members and hidden entities", async () => {
    const { status, json } = await scene.call("/groups");
    const groups = (json as WireGroup[]).filter(({ name }) => name === "Viewer" || name === "Editor");
    expect([status, groups.map(({ name }) => name)]).toEqual([200, ["Editor", "Viewer"]]);
    const [editor, viewer] = groups;
    expect(Object.keys(editor ?? {})).toEqual([
      "id",
      "name",
      "description",
      "is_default",
      "is_system",
      "color",
      "grants",
      "member_count",
      "hidden",
    ]);
    // Who follows the default group without naming it does not count.
    expect(viewer).toMatchObject({ is_default: true, is_system: true, color: "#3b82f6", member_count: 0 });
    expect(editor).toMatchObject({ is_default: false, is_system: true, color: "#f59e0b", member_count: 1 });
    expect([viewer?.grants.length, editor?.grants.length]).toEqual([15, 21]);
  });

  test("are made with what is given, once per name", async () => {
    const grants = [READ_ROMS, READ_PLATFORMS];
    const first = await scene.call("/groups", {
      json: { name: "kids", description: "limited", grants, more: 1 },
    });
    const { id } = first.json as WireGroup;
    expect(seen(first)).toEqual([
      201,
      {
        id,
        name: "kids",
        description: "limited",
        is_default: false,
        is_system: false,
        color: null,
        grants,
        member_count: 0,
        hidden: [],
      },
    ]);
    expect(seen(await scene.call("/groups", { json: { name: "kids" } }))).toEqual([
      400,
      { detail: "A group with that name already exists" },
    ]);
    expect(await scene.tell("createGroup", { name: "kids" })).toMatchObject({
      status: 409,
      code: "GROUP_NAME_TAKEN",
    });
    expect(await scene.listAudit("group.created")).toContain("kids");
  });

  test("keep the last of several grants for the same thing", async () => {
    const json = { name: "twice", grants: [READ_ROMS, { ...READ_ROMS, own_only: true }] };
    const answer = await scene.call("/groups", { json });
    expect((answer.json as WireGroup).grants as unknown).toEqual([{ ...READ_ROMS, own_only: true }]);
  });

  test.each([
    [{}, ["body", "name"], "missing"],
    [{ name: "" }, ["body", "name"], "string_too_short"],
    [{ name: "a".repeat(256) }, ["body", "name"], "string_too_long"],
    [{ name: "z\0" }, ["body", "name"], "value_error"],
    [{ name: "c", color: "red" }, ["body", "color"], "value_error"],
    [{ name: "g", grants: [{ entity: "moons", action: "read" }] }, ["body", "grants", 0, "entity"], "enum"],
    [{ name: "g", grants: [{ entity: "roms", action: "eat" }] }, ["body", "grants", 0, "action"], "enum"],
    [{ name: "g", grants: "all" }, ["body", "grants"], "list_type"],
    ["text", ["body"], "model_attributes_type"],
  ])("refuse %j", async (json, loc, type) => {
    expect(seen(await scene.call("/groups", { json }))).toMatchObject([422, { detail: [{ loc, type }] }]);
  });

  test("change in what is given only", async () => {
    const id = await scene.addGroup("change me", { description: "d", color: "#112233", grants: [READ_ROMS] });
    const same = await scene.put(`/groups/${id}`, {
      name: null,
      description: null,
      is_default: null,
      grants: null,
    });
    expect(same.json).toMatchObject({
      name: "change me",
      description: "d",
      color: "#112233",
      grants: [READ_ROMS],
    });
    const changed = await scene.put(`/groups/${id}`, { name: "changed", color: null, grants: [] });
    expect(changed.json).toMatchObject({ id, name: "changed", description: "d", color: null, grants: [] });
    const clash = await scene.put(`/groups/${id}`, { name: "Viewer" });
    expect(seen(clash)).toEqual([400, { detail: "A group with that name already exists" }]);
    expect((await scene.put(`/groups/${id}`, { name: "changed" })).status).toBe(200);
    const rpc = await scene.tell("updateGroup", { groupId: id, description: "e" });
    expect(rpc.data).toMatchObject({ id, name: "changed", description: "e", isDefault: false });
  });

  test("are missing when they are", async () => {
    const missing = { detail: "Permission group with id '9999' not found" };
    expect(seen(await scene.put("/groups/9999", {}))).toEqual([404, missing]);
    expect(seen(await scene.remove("/groups/9999"))).toEqual([404, missing]);
    expect(await scene.tell("removeGroup", { groupId: 9999 })).toMatchObject({
      status: 404,
      code: "GROUP_NOT_FOUND",
    });
    expect((await scene.put("/groups/x", {})).status).toBe(422);
  });

  test("never leave the server without a default one", async () => {
    expect(seen(await scene.put(`/groups/${scene.groupIds.Viewer}`, { is_default: false }))).toEqual([
      400,
      { detail: "Set another group as default first" },
    ]);
    expect(seen(await scene.remove(`/groups/${scene.groupIds.Viewer}`))).toEqual([
      400,
      { detail: "Cannot delete the default group; set another default first" },
    ]);
  });

  test("change the default for everybody without a group, who hear of it", async () => {
    const id = await scene.addGroup("plain", { grants: [READ_PLATFORMS] });
    const groupless = idsOf("admin", "ana", "dora").sort((a, b) => a - b);
    expect(await scene.listTold(() => scene.put(`/groups/${id}`, { is_default: true }))).toEqual(groupless);
    const { json } = await scene.call("/groups");
    const defaults = (json as WireGroup[]).filter((group) => group.is_default);
    expect(defaults.map((group) => group.id)).toEqual([id]);
    // At once, although the viewer's scopes were in use a moment ago.
    expect((await callApp(scene.app, "/api/roms", { authorization: VIEWER })).status).toBe(403);
    expect(await scene.listTold(() => scene.put(`/groups/${id}`, { grants: [] }))).toEqual(groupless);
    expect(
      await scene.listTold(() => scene.put(`/groups/${scene.groupIds.Viewer}`, { is_default: true })),
    ).toHaveLength(3);
    expect((await callApp(scene.app, "/api/roms", { authorization: VIEWER })).status).toBe(200);
    expect(await scene.listTold(() => scene.remove(`/groups/${id}`))).toEqual([]);
  });

  test("let go of their members when they are removed, and tell each once", async () => {
    const id = await scene.addGroup("leavers", { grants: [READ_ROMS] });
    await scene.put(`/users/${scene.userIds.edda}`, { set_group: true, permission_group_id: id });
    expect(
      await scene.listTold(() => scene.put(`/groups/${id}`, { grants: [READ_ROMS, READ_PLATFORMS] })),
    ).toEqual([scene.userIds.edda ?? 0]);
    expect(await scene.listTold(() => scene.put(`/groups/${id}`, { description: "no matter" }))).toEqual([]);
    const told = await scene.listTold(async () => {
      expect(seen(await scene.remove(`/groups/${id}`))).toEqual([200, null]);
    });
    expect(told).toEqual([scene.userIds.edda ?? 0]);
    expect((await scene.call(`/users/${scene.userIds.edda}`)).json).toMatchObject({
      permission_group_id: null,
    });
    expect(await scene.listAudit("group.removed")).toContain("leavers");
    await scene.put(`/users/${scene.userIds.edda}`, {
      set_group: true,
      permission_group_id: scene.groupIds.Editor,
    });
  });
});
