import type { OwnPermissions, UserPermissions } from "./accounts/contract.ts";
import type { Grant, Override } from "./contract.ts";
import type { PermissionGroup } from "./groups/contract.ts";
import type { HiddenEntity } from "./hidden/contract.ts";

/** The only reach that grants of user interfaces have. */
const EVERYWHERE = { kind: "global", id: null } as const;

/** What the caller may do, in the compatible shape. */
export function toOwnPermissionsWire({ isAdmin, actions, hidden }: OwnPermissions) {
  return {
    is_admin: isAdmin,
    grants: actions.map((action) => ({ action, scope: EVERYWHERE })),
    hidden: { platforms: hidden.platformIds, roms: hidden.romIds },
  };
}

/** Something hidden, in the compatible shape. */
export function toHiddenWire({ entity, entityId }: HiddenEntity) {
  return { entity, entity_id: entityId };
}

function toGrantWire({ entity, action, isOwnOnly }: Grant) {
  return { entity, action, own_only: isOwnOnly };
}

function toOverrideWire({ entity, action, isGranted, isOwnOnly }: Override) {
  return { entity, action, granted: isGranted, own_only: isOwnOnly };
}

/** A group in the compatible shape. */
export function toGroupWire(group: PermissionGroup) {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    is_default: group.isDefault,
    is_system: group.isSystem,
    color: group.color,
    grants: group.grants.map(toGrantWire),
    member_count: group.memberCount,
    hidden: group.hidden.map(toHiddenWire),
  };
}

/** What was set for one account, in the compatible shape. */
export function toUserPermissionsWire(permissions: UserPermissions) {
  return {
    user_id: permissions.userId,
    permission_group_id: permissions.permissionGroupId,
    overrides: permissions.overrides.map(toOverrideWire),
    hidden: permissions.hidden.map(toHiddenWire),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Renames fields of an object; apps may send more, which is ignored. Anything else is left for the schema. */
function pick(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!isFields(value)) return value;
  const pairs = Object.entries(names).map(([name, field]) => [name, value[field]] as const);
  return Object.fromEntries(pairs.filter(([, field]) => field !== undefined));
}

const GRANT_FIELDS = { entity: "entity", action: "action", isOwnOnly: "own_only" };

function pickEach(value: unknown, names: Readonly<Record<string, string>>): unknown {
  return Array.isArray(value) ? value.map((each) => pick(each, names)) : value;
}

/** The fields of a new or changed group out of a JSON body. */
export function fromGroupWire(body: unknown): unknown {
  const names = {
    name: "name",
    description: "description",
    isDefault: "is_default",
    color: "color",
    grants: "grants",
  };
  const fields = pick(body, names);
  if (!isFields(fields) || !("grants" in fields)) return fields;
  return { ...fields, grants: pickEach(fields.grants, GRANT_FIELDS) };
}

/** The fields of an account's permissions out of a JSON body: the group counts only where `set_group` says so. */
export function fromUserPermissionsWire(body: unknown): unknown {
  if (!isFields(body)) return body;
  const overrides = pickEach(body.overrides, { ...GRANT_FIELDS, isGranted: "granted" });
  return {
    ...(body.set_group === true ? { permissionGroupId: body.permission_group_id ?? null } : {}),
    ...(overrides === undefined ? {} : { overrides }),
  };
}

/** What to hide or show out of a JSON body. */
export function fromHiddenWire(body: unknown): unknown {
  return pick(body, { entity: "entity", entityId: "entity_id", userId: "user_id", groupId: "group_id" });
}
