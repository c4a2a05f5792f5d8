import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createPermissions, type Permissions } from "./permissions.ts";

/** What one call sent to the server. */
async function sent(call: (permissions: Permissions) => Promise<unknown>): Promise<readonly unknown[]> {
  const calls: unknown[] = [];
  const note =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      calls.push(kind, operation, input);
      return null as T;
    };
  const rpc: Rpc = { query: note("query"), mutate: note("mutate") };
  await call(createPermissions(rpc));
  return calls;
}

describe("permissions", () => {
  const table: [string, (permissions: Permissions) => Promise<unknown>, readonly unknown[]][] = [
    ["me", (each) => each.me(), ["query", "permissions.me", {}]],
    ["catalog", (each) => each.catalog(), ["query", "permissions.catalog", {}]],
    ["listGroups", (each) => each.listGroups(), ["query", "permissions.listGroups", {}]],
    [
      "createGroup",
      (each) => each.createGroup({ name: "a" }),
      ["mutate", "permissions.createGroup", { name: "a" }],
    ],
    [
      "updateGroup",
      (each) => each.updateGroup(3, { color: null }),
      ["mutate", "permissions.updateGroup", { groupId: 3, color: null }],
    ],
    ["removeGroup", (each) => each.removeGroup(3), ["mutate", "permissions.removeGroup", { groupId: 3 }]],
    ["getUser", (each) => each.getUser(7), ["query", "permissions.getUser", { userId: 7 }]],
    [
      "updateUser",
      (each) => each.updateUser(7, { permissionGroupId: null }),
      ["mutate", "permissions.updateUser", { userId: 7, permissionGroupId: null }],
    ],
    [
      "hide",
      (each) => each.hide({ entity: "roms", entityId: 1, userId: 7 }),
      ["mutate", "permissions.hide", { entity: "roms", entityId: 1, userId: 7 }],
    ],
    [
      "show",
      (each) => each.show({ entity: "roms", entityId: 1, groupId: 3 }),
      ["mutate", "permissions.show", { entity: "roms", entityId: 1, groupId: 3 }],
    ],
  ];
  test.each(table)("%s calls its operation", async (_name, call, expected) => {
    expect(await sent(call)).toEqual([...expected]);
  });

  test("what has no answer gives none", async () => {
    const rpc: Rpc = { query: async <T>() => null as T, mutate: async <T>() => null as T };
    const permissions = createPermissions(rpc);
    expect(await permissions.removeGroup(1)).toBeUndefined();
    expect(await permissions.show({ entity: "roms", entityId: 1, userId: 1 })).toBeUndefined();
  });
});
