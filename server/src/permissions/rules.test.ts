import { describe, expect, test } from "bun:test";
import { EDIT_SCOPES, FULL_SCOPES, SCOPES, type Scope, WRITE_SCOPES } from "../base/scopes.ts";
import type { Action, Entity, Grant, Override } from "./contract.ts";
import { computeScopes, resolveGrants } from "./rules.ts";

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
