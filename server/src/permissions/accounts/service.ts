import { noteAudit } from "../../audit/service.ts";
import { assert } from "../../base/assert.ts";
import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { NoInput } from "../../base/schemas.ts";
import { orderScopes } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange } from "../changes/service.ts";
import { getGrants, requireAdmin } from "../checks/service.ts";
import { ACTION_KEYS, type ActionKey } from "../contract.ts";
import { listHiddenOf } from "../hidden/queries.ts";
import { getHidden } from "../hidden/service.ts";
import { findGroupRow, listOverrides } from "../queries.ts";
import { dropRepeats, groupNotFound, toActionKeys, toScopes, userNotFound } from "../rules.ts";
import {
  type OwnPermissions,
  OwnPermissionsSchema,
  UpdateUserPermissionsInput,
  UserIdInput,
  type UserPermissions,
  UserPermissionsSchema,
} from "./contract.ts";
import { findAccountRow, lockAccountRow, replaceOverrides, setGroup } from "./queries.ts";

/** What the caller's account may do and may not see; a visitor of a kiosk gets what every visitor may. */
export const getMyPermissions = operation(
  { type: "query", scope: "me.read", input: NoInput, output: OwnPermissionsSchema },
  async (ctx): Promise<OwnPermissions> => {
    const { identity } = ctx;
    const [actions, { platformIds, romIds }] = await Promise.all([listActions(ctx), getHidden(ctx)]);
    const isAdmin = identity.kind === "user" && identity.isAdmin;
    return { isAdmin, actions, hidden: { platformIds, romIds } };
  },
);

async function listActions(ctx: Context): Promise<readonly ActionKey[]> {
  const { identity } = ctx;
  assert(identity.kind !== "anonymous", "the scope of this operation asks for a caller");
  if (identity.kind === "kiosk") return toActionKeys(orderScopes(identity.scopes), []);
  if (identity.isAdmin) return ACTION_KEYS;
  const grants = await getGrants(ctx, identity.userId);
  return toActionKeys(toScopes(grants), grants);
}

/**
 * What was set for one account. For administrators.
 * @throws AppError `USER_NOT_FOUND`.
 */
export const getUserPermissions = operation(
  { type: "query", scope: "users.read", input: UserIdInput, output: UserPermissionsSchema },
  async (ctx, { userId }) => {
    requireAdmin(ctx);
    return await readPermissions(ctx, userId);
  },
);

async function readPermissions(ctx: Context, userId: number): Promise<UserPermissions> {
  const [account, overrides, hidden] = await Promise.all([
    findAccountRow(ctx.db, userId),
    listOverrides(ctx.db, userId),
    listHiddenOf(ctx.db, { userId }),
  ]);
  if (account === null) throw userNotFound();
  return { userId, permissionGroupId: account.permissionGroupId, overrides, hidden };
}

/**
 * Sets the group and the overrides of one account; what is not given stays. For administrators.
 * @throws AppError `USER_NOT_FOUND`, `GROUP_NOT_FOUND`.
 */
export const updateUserPermissions = operation(
  {
    type: "mutation",
    scope: "users.write",
    input: UpdateUserPermissionsInput,
    output: UserPermissionsSchema,
  },
  async (ctx, { userId, permissionGroupId, overrides = null }) => {
    requireAdmin(ctx);
    const updated = await inTransaction(ctx, async (tx) => {
      const account = await lockAccountRow(tx.db, userId);
      if (account === null) throw userNotFound();
      if (permissionGroupId !== undefined) await chooseGroup(tx, userId, permissionGroupId);
      if (overrides !== null) await replaceOverrides(tx.db, userId, dropRepeats(overrides));
      const hasChanged = permissionGroupId !== undefined || overrides !== null;
      if (hasChanged) {
        const details = {
          userId,
          ...(permissionGroupId === undefined ? {} : { permissionGroupId }),
          overrides,
        };
        await noteAudit(tx, { action: "permissions.changed", subject: account.username, details });
        tx.raise({ topic: "permissions", userId, data: { userId } });
      }
      return await readPermissions(tx, userId);
    });
    noteAccessChange(ctx);
    return updated;
  },
);

async function chooseGroup(ctx: Context, userId: number, groupId: number | null): Promise<void> {
  if (groupId !== null && (await findGroupRow(ctx.db, groupId)) === null) throw groupNotFound(groupId);
  await setGroup(ctx.db, userId, groupId);
}
