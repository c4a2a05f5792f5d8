import type { Action, Entity, PermissionCatalog } from "@multitap/server/contract/permissions";
import type { OwnPermissions, UserPermissions } from "@multitap/server/contract/permissions/accounts";
import type { PermissionGroup } from "@multitap/server/contract/permissions/groups";
import type { HiddenEntity, Hideable } from "@multitap/server/contract/permissions/hidden";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** A right to give to a group. */
export interface GrantInput {
  readonly entity: Entity;
  readonly action: Action;
  /** Only with objects that the account owns; `false` unless said. */
  readonly isOwnOnly?: boolean | undefined;
}

/** A deviation of one account from its group. */
export interface OverrideInput extends GrantInput {
  /** `true` adds or replaces the group's grant, `false` takes it away. */
  readonly isGranted: boolean;
}

/** What a new group is made of. */
export interface NewPermissionGroup {
  readonly name: string;
  readonly description?: string | undefined;
  /** Takes the place of the group that was the default. */
  readonly isDefault?: boolean | undefined;
  /** `#rrggbb` or `#rrggbbaa`. */
  readonly color?: string | null | undefined;
  /** Of several for the same entity and action the last one counts. */
  readonly grants?: readonly GrantInput[] | undefined;
}

/** What to change of a group; what is left out stays. */
export interface PermissionGroupChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Only `true` changes anything: a group stops being the default when another one becomes it. */
  readonly isDefault?: boolean | undefined;
  /** `null` takes the color away. */
  readonly color?: string | null | undefined;
  /** Replace all that the group had. */
  readonly grants?: readonly GrantInput[] | undefined;
}

/** What to change of one account; what is left out stays. */
export interface UserPermissionChanges {
  /** `null`: the default group. */
  readonly permissionGroupId?: number | null | undefined;
  /** Replace all that the account had. */
  readonly overrides?: readonly OverrideInput[] | undefined;
}

/** A platform or rom, and the one user or group from whom it is hidden. */
export type HiddenTarget = {
  readonly entity: Hideable;
  readonly entityId: number;
} & (
  | { readonly userId: number; readonly groupId?: undefined }
  | { readonly groupId: number; readonly userId?: undefined }
);

/** What accounts may do, and what they may not see. All but `me` is for administrators. */
export interface Permissions {
  /**
   * Tells what the caller's account may do, and which platforms and roms it has to take for absent. Ask again
   * after each event of the topic `permissions`.
   * @example
   * const { actions, hidden } = await client.permissions.me();
   * if (actions.includes("rom.delete")) showDeleteButton();
   */
  me(options?: CallOptions): Promise<OwnPermissions>;
  /**
   * Gives every entity and action that can be granted.
   * @throws MultitapError `forbidden`, as do all that follow for whom is no administrator.
   * @example
   * const { entities, actions } = await client.permissions.catalog();
   */
  catalog(options?: CallOptions): Promise<PermissionCatalog>;
  /**
   * Gives all groups by name.
   * @example
   * const standard = (await client.permissions.listGroups()).find((group) => group.isDefault);
   */
  listGroups(options?: CallOptions): Promise<readonly PermissionGroup[]>;
  /**
   * Makes a group.
   * @throws MultitapError `conflict` (`GROUP_NAME_TAKEN`).
   * @example
   * const kids = await client.permissions.createGroup({
   *   name: "Kids",
   *   grants: [{ entity: "roms", action: "read" }, { entity: "platforms", action: "read" }],
   * });
   */
  createGroup(input: NewPermissionGroup, options?: WriteOptions): Promise<PermissionGroup>;
  /**
   * Changes a group.
   * @throws MultitapError `not_found`; `conflict` for a name that is taken, or `isDefault: false` on the default.
   * @example
   * await client.permissions.updateGroup(kids.id, { isDefault: true });
   */
  updateGroup(
    groupId: number,
    changes: PermissionGroupChanges,
    options?: WriteOptions,
  ): Promise<PermissionGroup>;
  /**
   * Removes a group; its members follow the default group from then on.
   * @throws MultitapError `not_found`; `conflict` (`GROUP_IS_DEFAULT`) for the default group.
   * @example
   * await client.permissions.removeGroup(kids.id);
   */
  removeGroup(groupId: number, options?: WriteOptions): Promise<void>;
  /**
   * Reads what was set for one account.
   * @throws MultitapError `not_found`.
   * @example
   * const { permissionGroupId, overrides } = await client.permissions.getUser(7);
   */
  getUser(userId: number, options?: CallOptions): Promise<UserPermissions>;
  /**
   * Sets the group and the overrides of one account; they count at once.
   * @throws MultitapError `not_found` for the account or the group.
   * @example
   * await client.permissions.updateUser(7, {
   *   permissionGroupId: kids.id,
   *   overrides: [{ entity: "assets", action: "write", isGranted: false }],
   * });
   */
  updateUser(
    userId: number,
    changes: UserPermissionChanges,
    options?: WriteOptions,
  ): Promise<UserPermissions>;
  /**
   * Hides a platform, with its roms and firmware, or one rom from a user or a group. Hiding twice is as good as
   * once.
   * @throws MultitapError `not_found` for what is not there.
   * @example
   * await client.permissions.hide({ entity: "platforms", entityId: 3, groupId: kids.id });
   */
  hide(target: HiddenTarget, options?: WriteOptions): Promise<HiddenEntity>;
  /**
   * Shows something hidden again; what is not hidden stays as it is.
   * @example
   * await client.permissions.show({ entity: "platforms", entityId: 3, groupId: kids.id });
   */
  show(target: HiddenTarget, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createPermissions(rpc: Rpc): Permissions {
  return {
    me: (options) => rpc.query("permissions.me", {}, options),
    catalog: (options) => rpc.query("permissions.catalog", {}, options),
    listGroups: (options) => rpc.query("permissions.listGroups", {}, options),
    createGroup: (input, options) => rpc.mutate("permissions.createGroup", input, options),
    updateGroup: (groupId, changes, options) =>
      rpc.mutate("permissions.updateGroup", { ...changes, groupId }, options),
    async removeGroup(groupId, options) {
      await rpc.mutate("permissions.removeGroup", { groupId }, options);
    },
    getUser: (userId, options) => rpc.query("permissions.getUser", { userId }, options),
    updateUser: (userId, changes, options) =>
      rpc.mutate("permissions.updateUser", { ...changes, userId }, options),
    hide: (target, options) => rpc.mutate("permissions.hide", target, options),
    async show(target, options) {
      await rpc.mutate("permissions.show", target, options);
    },
  };
}
