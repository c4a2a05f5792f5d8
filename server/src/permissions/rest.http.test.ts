// What accounts may do, and who may change it, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, callApp, VIEWER } from "../auth/calls.testing.ts";
import { ACTION_KEYS } from "./contract.ts";
import { DEPUTY, EDITOR, openPermissionScene, type PermissionScene, seen } from "./scene.testing.ts";

let scene: PermissionScene;
let kiosk: PermissionScene;

beforeAll(async () => {
  scene = await openPermissionScene();
  kiosk = await openPermissionScene({ KIOSK_MODE: "true" });
}, 30_000);
afterAll(async () => {
  await scene.close();
  await kiosk.close();
});

const EVERYWHERE = { kind: "global", id: null };
const toGrants = (actions: readonly string[]) => actions.map((action) => ({ action, scope: EVERYWHERE }));
const NOTHING = { platforms: [], roms: [] };

const VIEWS = ["rom.view", "rom.play", "rom.download", "rom.favorite", "platform.view", "collection.view"];
const VIEWER_ACTIONS = [...VIEWS, "collection.create", "collection.edit", "collection.delete"];
const EDITOR_ACTIONS = ACTION_KEYS.filter((key) => !/^(user|app)\./.test(key));

describe("GET /api/permissions/me", () => {
  test("asks a guest to sign in, through both doors", async () => {
    const rest = await callApp(scene.app, "/api/permissions/me");
    expect([rest.status, rest.json, rest.headers.get("www-authenticate")]).toEqual([
      401,
      { detail: "Not authenticated" },
      "Bearer",
    ]);
    expect((await callApp(scene.app, "/trpc/permissions.me")).status).toBe(401);
  });

  const accounts: [string, string, boolean, readonly string[]][] = [
    ["an administrator", ADMIN, true, ACTION_KEYS],
    ["a viewer", VIEWER, false, VIEWER_ACTIONS],
    ["an editor", EDITOR, false, EDITOR_ACTIONS],
    [
      "a viewer with overrides",
      DEPUTY,
      false,
      [...VIEWER_ACTIONS, "user.view", "user.create", "user.edit", "user.delete"],
    ],
  ];

  test.each(accounts)(
    "tells %s what their account may do",
    async (_name, authorization, isAdmin, actions) => {
      const rest = await scene.call("/me/", { authorization });
      expect(seen(rest)).toEqual([200, { is_admin: isAdmin, grants: toGrants(actions), hidden: NOTHING }]);
      const rpc = await scene.ask("me", undefined, authorization);
      const own = { isAdmin, actions: [...actions], hidden: { platformIds: [], romIds: [] } };
      expect([rpc.status, rpc.data]).toEqual([200, own]);
    },
  );

  test("tells the visitor of a kiosk what every visitor may do", async () => {
    const { status, json } = await callApp(kiosk.app, "/api/permissions/me");
    expect([status, json]).toEqual([200, { is_admin: false, grants: toGrants(VIEWS), hidden: NOTHING }]);
  });

  test("names what the user and the group may not see", async () => {
    const hide = (fields: object) => scene.call("/hidden", { json: fields });
    await hide({ entity: "platforms", entity_id: 1, group_id: scene.groupIds.Viewer });
    await hide({ entity: "platforms", entity_id: 1, user_id: scene.userIds.ana });
    const readHidden = async (authorization: string) =>
      ((await scene.call("/me", { authorization })).json as { hidden: object }).hidden;
    expect(await readHidden(VIEWER)).toEqual({ platforms: [1], roms: [] });
    expect(await readHidden(DEPUTY)).toEqual({ platforms: [1], roms: [] });
    expect(await readHidden(EDITOR)).toEqual(NOTHING);
    expect(await readHidden(ADMIN)).toEqual(NOTHING);
    await scene.remove("/hidden", { entity: "platforms", entity_id: 1, group_id: scene.groupIds.Viewer });
    expect(await readHidden(DEPUTY)).toEqual(NOTHING);
    expect(await readHidden(VIEWER)).toEqual({ platforms: [1], roms: [] });
    await scene.remove("/hidden", { entity: "platforms", entity_id: 1, user_id: scene.userIds.ana });
  });
});

describe("who may change permissions", () => {
  const ONLY_ADMINS = { detail: "Administrator privileges required" };
  const routes = [
    ["GET", "/catalog", undefined],
    ["GET", "/groups", undefined],
    ["POST", "/groups", { name: "x" }],
    ["PUT", "/groups/1", {}],
    ["DELETE", "/groups/1", undefined],
    ["GET", "/users/1", undefined],
    ["PUT", "/users/1", {}],
    ["POST", "/hidden", { entity: "roms", entity_id: 1, user_id: 1 }],
    ["DELETE", "/hidden", { entity: "roms", entity_id: 1, user_id: 1 }],
  ] as const;

  test.each(routes)(
    "%s %s is for administrators, whatever scopes others hold",
    async (method, path, json) => {
      const told = await scene.listTold(async () => {
        expect(seen(await scene.call(path, { method, json, authorization: DEPUTY }))).toEqual([
          403,
          ONLY_ADMINS,
        ]);
        expect(seen(await scene.call(path, { method, json, authorization: VIEWER }))).toEqual([
          403,
          { detail: "Forbidden" },
        ]);
      });
      expect(told).toEqual([]);
    },
  );

  const procedures = [
    ["createGroup", { name: "x" }],
    ["updateGroup", { groupId: 1 }],
    ["removeGroup", { groupId: 1 }],
    ["updateUser", { userId: 1 }],
    ["hide", { entity: "roms", entityId: 1, userId: 1 }],
    ["show", { entity: "roms", entityId: 1, userId: 1 }],
  ] as const;

  test.each(procedures)("permissions.%s as well", async (name, input) => {
    expect(await scene.tell(name, input, DEPUTY)).toMatchObject({
      status: 403,
      code: "PERMISSIONS_ADMIN_ONLY",
    });
    expect(await scene.tell(name, input, VIEWER)).toMatchObject({ status: 403, code: "AUTH_SCOPE_MISSING" });
  });
});

describe("catalog", () => {
  test("lists entities and actions in their fixed order", async () => {
    const catalog = {
      entities: [
        "platforms",
        "roms",
        "collections",
        "playlists",
        "firmware",
        "assets",
        "devices",
        "users",
        "tasks",
        "logs",
      ],
      actions: ["read", "write", "delete"],
    };
    expect(seen(await scene.call("/catalog"))).toEqual([200, catalog]);
    expect((await scene.ask("catalog")).data).toEqual(catalog);
  });
});
