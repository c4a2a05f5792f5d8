import type { UpdateUserPermissionsInput, UserIdInput } from "@multitap/server/contract/permissions/accounts";
import type {
  CreateGroupInput,
  GroupIdInput,
  UpdateGroupInput,
} from "@multitap/server/contract/permissions/groups";
import type { HiddenInput } from "@multitap/server/contract/permissions/hidden";
import type * as v from "valibot";
import {
  type ActionKey,
  type Client,
  type Grant,
  type HiddenTarget,
  hasErrorCode,
  type NewPermissionGroup,
  type OverrideInput,
  type PermissionGroupChanges,
  type UserPermissionChanges,
} from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** Schemas ask for arrays that they could change; they do not. */
type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<Mutable<NewPermissionGroup>, v.InferInput<typeof CreateGroupInput>>,
  true satisfies Fits<
    Mutable<PermissionGroupChanges & { groupId: number }>,
    v.InferInput<typeof UpdateGroupInput>
  >,
  true satisfies Fits<{ groupId: number }, v.InferInput<typeof GroupIdInput>>,
  true satisfies Fits<{ userId: number }, v.InferInput<typeof UserIdInput>>,
  true satisfies Fits<
    Mutable<UserPermissionChanges & { userId: number }>,
    v.InferInput<typeof UpdateUserPermissionsInput>
  >,
  true satisfies Fits<Mutable<HiddenTarget>, v.InferInput<typeof HiddenInput>>,
  // What was read can be given back.
  true satisfies Fits<Grant, OverrideInput | NonNullable<NewPermissionGroup["grants"]>[number]>,
];

/** The words that apps branch on are the server's. */
export async function calls(client: Client): Promise<void> {
  const { actions, hidden, isAdmin } = await client.permissions.me();
  actions satisfies readonly ActionKey[];
  hidden.platformIds satisfies readonly number[];
  isAdmin satisfies boolean;
  // @ts-expect-error there is no such action
  actions.includes("rom.eat");
  const [group] = await client.permissions.listGroups();
  if (group !== undefined)
    await client.permissions.updateGroup(group.id, { grants: group.grants, color: undefined });
  await client.permissions.updateUser(7, { permissionGroupId: null, overrides: undefined });
  // @ts-expect-error only platforms and roms can be hidden
  await client.permissions.hide({ entity: "users", entityId: 1, userId: 1 });
  // @ts-expect-error from exactly one
  await client.permissions.hide({ entity: "roms", entityId: 1, userId: 1, groupId: 1 });
  // @ts-expect-error from exactly one
  await client.permissions.show({ entity: "roms", entityId: 1 });
}

export const isNameTaken = (thrown: unknown): boolean => hasErrorCode(thrown, "GROUP_NAME_TAKEN");
