import { describe, expect, test } from "bun:test";
import { EDIT_SCOPES, FULL_SCOPES, SCOPES, type Scope, WRITE_SCOPES } from "../base/scopes.ts";
import type { Action, Entity, Grant, Override } from "./contract.ts";
import { NOTHING_HIDDEN, toHidden } from "./hidden/rules.ts";
import { computeScopes, dropRepeats, resolveGrants, toActionKeys, toScopes } from "./rules.ts";

const grant = (entity: Entity, action: Action, isOwnOnly = false): Grant => ({ entity, action, isOwnOnly });
const override = (entity: Entity, action: Action, isGranted: boolean, isOwnOnly = false): Override => ({
  entity,
  action,
  isGranted,
  isOwnOnly,
});

const VIEWER: readonly Grant[] = [
  ...(["roms", "platforms", "firmware", "collections", "playlists", "assets"] as const).map((entity) =>
    grant(entity, "read"),
  ),
  ...(["collections", "playlists", "assets"] as const).flatMap((entity) => [
    grant(entity, "write", true),
    grant(entity, "delete", true),
  ]),
  ...(["read", "write", "delete"] as const).map((action) => grant("devices", action, true)),
];
const EDITOR: readonly Grant[] = [
  ...VIEWER,
  ...(["roms", "platforms", "firmware"] as const).flatMap((entity) => [
    grant(entity, "write"),
    grant(entity, "delete"),
  ]),
];

describe("computeScopes", () => {
  const table: [string, boolean, readonly Grant[], readonly Override[], readonly Scope[]][] = [
    ["gives an administrator everything", true, [], [override("roms", "read", false)], FULL_SCOPES],
    ["gives the viewer group the write set", false, VIEWER, [], WRITE_SCOPES],
    ["gives the editor group the edit set", false, EDITOR, [], EDIT_SCOPES],
    [
      "leaves an account without grants its own things",
      false,
      [],
      [],
      ["me.read", "roms.user.read", "me.write", "roms.user.write"],
    ],
    [
      "adds what an override grants",
      false,
      [],
      [override("tasks", "write", true), override("logs", "read", true), override("users", "read", true)],
      ["me.read", "roms.user.read", "me.write", "roms.user.write", "users.read", "tasks.run", "logs.read"],
    ],
    [
      "takes away what an override revokes",
      false,
      VIEWER,
      [override("roms", "read", false)],
      WRITE_SCOPES.filter((scope) => scope !== "roms.read"),
    ],
    [
      "gives nothing for the right to delete or for actions without a scope",
      false,
      [grant("roms", "delete"), grant("tasks", "read"), grant("logs", "write"), grant("tasks", "delete")],
      [],
      ["me.read", "roms.user.read", "me.write", "roms.user.write"],
    ],
  ];
  test.each(table)("%s", (_name, isAdmin, grants, overrides, expected) => {
    expect([...computeScopes(isAdmin, grants, overrides)]).toEqual([...expected]);
  });

  test("knows every scope of an account of some group", () => {
    const all = computeScopes(
      false,
      [
        ...EDITOR,
        grant("users", "read"),
        grant("users", "write"),
        grant("tasks", "write"),
        grant("logs", "read"),
      ],
      [],
    );
    expect([...all]).toEqual([...SCOPES]);
  });
});

describe("resolveGrants", () => {
  test("lets an override replace the reach of a grant", () => {
    expect(
      resolveGrants([grant("assets", "write", true)], [override("assets", "write", true, false)]),
    ).toEqual([grant("assets", "write", false)]);
  });
});

describe("dropRepeats", () => {
  test("keeps the last of several for the same thing, in the place of the first", () => {
    const [one, other, last] = [grant("roms", "read"), grant("logs", "read"), grant("roms", "read", true)];
    expect(dropRepeats([one, other, last])).toEqual([last, other]);
  });
});

describe("toActionKeys", () => {
  test("needs the grant to delete beside the scope to write", () => {
    const keysOf = (...grants: readonly Grant[]) => toActionKeys(toScopes(grants), grants);
    expect(keysOf(grant("roms", "delete"))).toEqual([]);
    expect(keysOf(grant("roms", "write"))).not.toContain("rom.delete");
    expect(keysOf(grant("roms", "write"), grant("roms", "delete", true))).toContain("rom.delete");
  });

  test("never gives what only administrators have", () => {
    expect(toActionKeys(FULL_SCOPES, [])).not.toContain("app.admin");
  });
});

describe("toHidden", () => {
  test("orders ids, counts repeats once and marks equal sets alike", () => {
    const one = toHidden([
      { entity: "roms", entityId: 10 },
      { entity: "roms", entityId: 9 },
      { entity: "platforms", entityId: 1 },
      { entity: "roms", entityId: 10 },
    ]);
    const same = toHidden([
      { entity: "platforms", entityId: 1 },
      { entity: "roms", entityId: 9 },
      { entity: "roms", entityId: 10 },
    ]);
    expect([one.platformIds, one.romIds, one.mark]).toEqual([[1], [9, 10], same.mark]);
    const swapped = toHidden([
      { entity: "roms", entityId: 1 },
      { entity: "platforms", entityId: 9 },
      { entity: "platforms", entityId: 10 },
    ]);
    expect(new Set([one.mark, swapped.mark, NOTHING_HIDDEN.mark]).size).toBe(3);
    expect(NOTHING_HIDDEN.mark).toBe("");
  });
});
