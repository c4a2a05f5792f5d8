import * as v from "valibot";
import { Id, list } from "../../base/schemas.ts";
import { ACTION_KEYS, type ActionKey, type Override, OverrideSchema, OverridesInput } from "../contract.ts";
import { type HiddenEntity, HiddenEntitySchema } from "../hidden/contract.ts";

/** What an administrator set for one account. */
export interface UserPermissions {
  readonly userId: number;
  /** Null: the default group. */
  readonly permissionGroupId: number | null;
  readonly overrides: readonly Override[];
  /** Hidden from this account itself; what its group may not see is not listed. */
  readonly hidden: readonly HiddenEntity[];
}

export const UserPermissionsSchema = v.object({
  userId: Id,
  permissionGroupId: v.nullable(Id),
  overrides: list(OverrideSchema),
  hidden: list(HiddenEntitySchema),
});

/** What the caller's account may do and may not see. */
export interface OwnPermissions {
  readonly isAdmin: boolean;
  /** Of the account as a whole: a token may allow less. */
  readonly actions: readonly ActionKey[];
  /** Ascending ids of what counts as absent; the roms of a hidden platform are not listed. */
  readonly hidden: { readonly platformIds: readonly number[]; readonly romIds: readonly number[] };
}

export const OwnPermissionsSchema = v.object({
  isAdmin: v.boolean(),
  actions: list(v.picklist(ACTION_KEYS)),
  hidden: v.object({ platformIds: list(Id), romIds: list(Id) }),
});

export const UserIdInput = v.strictObject({ userId: Id });

/** What is absent stays. */
export const UpdateUserPermissionsInput = v.strictObject({
  userId: Id,
  /** Null: the default group. */
  permissionGroupId: v.optional(v.nullable(Id)),
  /** Replace all that the account had; null stays. */
  overrides: v.optional(v.nullable(OverridesInput)),
});
