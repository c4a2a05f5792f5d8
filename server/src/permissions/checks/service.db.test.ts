// Fine checks, and how long a process may act on what it remembers of permissions.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { permissionGroupGrants, userPermissionOverrides, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { openScene, type TestScene } from "../../auth/scene.testing.ts";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { ANONYMOUS, type Identity } from "../../base/identity.ts";
import { FULL_SCOPES, READ_SCOPES, type Scope } from "../../base/scopes.ts";
import { findAccount } from "../../users/accounts/service.ts";
import { noteAccessChange } from "../changes/service.ts";
import type { Action, Entity } from "../contract.ts";
import { getHidden } from "../hidden/service.ts";
import { SCOPES_TTL_MS } from "../limits.ts";
import { findSeededGroup, getScopes } from "../service.ts";
import { requireAdmin, requireGrant } from "./service.ts";

let scene: TestScene;
let viewerId = 0;
let editorId = 0;

beforeAll(async () => {
  scene = await openScene();
  const group = await findSeededGroup(scene.context(), "editor");
  const rows = await scene.ports.database
    .insert(users)
    .values([{ username: "ana" }, { username: "edda", permissionGroupId: group }])
    .returning({ id: users.id });
  [viewerId = 0, editorId = 0] = rows.map((row) => row.id);
}, 30_000);
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.ports.database.delete(userPermissionOverrides);
  noteAccessChange(scene);
});

function caller(userId: number, scopes: readonly Scope[] = FULL_SCOPES, isAdmin = false): Identity {
  return {
    kind: "user",
    userId,
    username: "x",
    isAdmin,
    scopes: new Set(scopes),
    proof: "access_token",
    deviceId: null,
    sessionId: null,
  };
}

async function judge(work: Promise<void>): Promise<string> {
  try {
    await work;
    return "allowed";
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `${error.kind} ${error.code} ${error.message}`;
  }
}

const REFUSED = "forbidden PERMISSIONS_INSUFFICIENT Insufficient permissions";
const NO_SCOPE = "forbidden AUTH_SCOPE_MISSING Forbidden";

describe("requireGrant", () => {
  const as = (who: "viewer" | "editor", scopes?: readonly Scope[]) =>
    caller(who === "viewer" ? viewerId : editorId, scopes);
  const kiosk: Identity = { kind: "kiosk", scopes: new Set(READ_SCOPES) };
  const table: [string, () => Identity, Entity, Action, (() => number) | null, string][] = [
    ["an administrator do anything", () => caller(99, FULL_SCOPES, true), "roms", "delete", null, "allowed"],
    [
      "an administrator's token delete nothing without the scope",
      () => caller(99, ["roms.read"], true),
      "roms",
      "delete",
      null,
      NO_SCOPE,
    ],
    ["a viewer read", () => as("viewer"), "roms", "read", null, "allowed"],
    ["a viewer write no roms", () => as("viewer"), "roms", "write", null, REFUSED],
    ["an editor write roms", () => as("editor"), "roms", "write", null, "allowed"],
    ["an editor delete roms", () => as("editor"), "roms", "delete", null, "allowed"],
    [
      "an editor delete no roms without the scope",
      () => as("editor", ["roms.read"]),
      "roms",
      "delete",
      null,
      NO_SCOPE,
    ],
    ["an owner write their own", () => as("viewer"), "collections", "write", () => viewerId, "allowed"],
    ["an owner delete their own", () => as("viewer"), "collections", "delete", () => viewerId, "allowed"],
    [
      "nobody write another's with a grant for own ones",
      () => as("viewer"),
      "collections",
      "write",
      () => editorId,
      REFUSED,
    ],
    [
      "nobody act on what nobody owns with a grant for own ones",
      () => as("viewer"),
      "collections",
      "write",
      null,
      REFUSED,
    ],
    ["the visitor of a kiosk read", () => kiosk, "roms", "read", null, "allowed"],
    ["the visitor of a kiosk write nothing", () => kiosk, "roms", "write", null, REFUSED],
    ["an anonymous caller read what is open", () => ANONYMOUS, "roms", "read", null, "allowed"],
    ["an anonymous caller write nothing", () => ANONYMOUS, "roms", "write", null, REFUSED],
  ];
  test.each(table)("lets %s", async (_name, who, entity, action, ownerOf, expected) => {
    const ctx = scene.context({ identity: who() });
    const target = ownerOf === null ? {} : { ownerId: ownerOf() };
    expect(await judge(requireGrant(ctx, { entity, action, ...target }))).toBe(expected);
  });

  test("follows overrides of the account", async () => {
    await scene.ports.database.insert(userPermissionOverrides).values([
      { userId: viewerId, entity: "roms", action: "write", granted: true },
      { userId: viewerId, entity: "platforms", action: "write", granted: true, ownOnly: true },
      { userId: viewerId, entity: "roms", action: "read", granted: false },
    ]);
    const ctx = scene.context({ identity: caller(viewerId) });
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "write" }))).toBe("allowed");
    expect(await judge(requireGrant(ctx, { entity: "platforms", action: "write" }))).toBe(REFUSED);
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "read" }))).toBe(REFUSED);
  });
});

describe("requireAdmin", () => {
  test("lets administrators through and nobody else", () => {
    expect(() => requireAdmin({ identity: caller(1, [], true) })).not.toThrow();
    for (const identity of [caller(1), ANONYMOUS]) {
      expect(() => requireAdmin({ identity })).toThrow("Administrator privileges required");
    }
  });
});

describe("what a process remembers", () => {
  /** The same call in a process that does not hear of changes made here. */
  function elsewhere(identity: Identity): Context {
    const ports = scene.openOtherProcess();
    return { ...scene.context({ identity }), ports, db: ports.database };
  }

  test("is as old as the limit at most, and an account takes its scopes from no older memory", async () => {
    const ctx = elsewhere(caller(editorId));
    const holder = { id: editorId, role: "user", permissionGroupId: null } as const;
    const readOnly = async () => !(await getScopes(ctx, holder)).includes("collections.read");
    expect([await readOnly(), await judge(requireGrant(ctx, { entity: "roms", action: "write" }))]).toEqual([
      false,
      "allowed",
    ]);
    await scene.ports.database.insert(userPermissionOverrides).values([
      { userId: editorId, entity: "roms", action: "write", granted: false },
      { userId: editorId, entity: "collections", action: "read", granted: false },
    ]);
    expect([await readOnly(), await judge(requireGrant(ctx, { entity: "roms", action: "write" }))]).toEqual([
      false,
      "allowed",
    ]);
    expect((await findAccount(ctx, editorId))?.scopes).not.toContain("collections.read");
    scene.advance(SCOPES_TTL_MS);
    expect([await readOnly(), await judge(requireGrant(ctx, { entity: "roms", action: "write" }))]).toEqual([
      true,
      REFUSED,
    ]);
  });

  test("is forgotten at once where the change was made", async () => {
    const ctx = scene.context({ identity: caller(viewerId) });
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "read" }))).toBe("allowed");
    expect((await findAccount(ctx, viewerId))?.scopes).toContain("roms.read");
    await scene.ports.database
      .insert(userPermissionOverrides)
      .values([{ userId: viewerId, entity: "roms", action: "read", granted: false }]);
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "read" }))).toBe("allowed");
    noteAccessChange(ctx);
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "read" }))).toBe(REFUSED);
    expect((await findAccount(ctx, viewerId))?.scopes).not.toContain("roms.read");
  });

  test("of hidden entities is as old as the limit at most", async () => {
    const { database } = scene.ports;
    const ctx = elsewhere(caller(viewerId));
    expect(await getHidden(ctx)).toMatchObject({ platformIds: [], romIds: [], mark: "" });
    await database.execute(`insert into hidden_entities (entity, entity_id, user_id)
      values ('roms', 9, ${viewerId}), ('roms', 3, ${viewerId}), ('platforms', 4, ${viewerId}), ('moons', 1, ${viewerId})`);
    await database.execute(`insert into hidden_entities (entity, entity_id, group_id)
      select 'roms', unnest(array[3, 5]), id from permission_groups where is_default`);
    expect((await getHidden(ctx)).mark).toBe("");
    scene.advance(SCOPES_TTL_MS);
    const hidden = await getHidden(ctx);
    expect([hidden.platformIds, hidden.romIds]).toEqual([[4], [3, 5, 9]]);
    expect(hidden.mark).not.toBe("");
    expect((await getHidden(elsewhere(ANONYMOUS))).romIds).toEqual([3, 5]);
    expect((await getHidden(elsewhere(caller(editorId)))).romIds).toEqual([]);
    expect((await getHidden(elsewhere(caller(viewerId, FULL_SCOPES, true)))).mark).toBe("");
    await database.execute("delete from hidden_entities");
  });

  test("is not asked inside a transaction, which may hold changes of its own", async () => {
    const ctx = scene.context({ identity: caller(editorId) });
    expect(await judge(requireGrant(ctx, { entity: "roms", action: "write" }))).toBe("allowed");
    const undone = ctx.ports.database.transaction(async (db) => {
      await db.delete(permissionGroupGrants).where(eq(permissionGroupGrants.entity, "roms"));
      expect(await judge(requireGrant({ ...ctx, db }, { entity: "roms", action: "write" }))).toBe(REFUSED);
      await db.execute(`insert into permission_group_grants (group_id, entity, action)
        select id, 'roms', 'write' from permission_groups`);
      expect(await judge(requireGrant({ ...ctx, db }, { entity: "roms", action: "write" }))).toBe("allowed");
      db.rollback();
    });
    expect(String(await undone.catch((error: unknown) => error))).toContain("Rollback");
  });
});
