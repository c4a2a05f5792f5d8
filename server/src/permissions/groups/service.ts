import type * as v from "valibot";
import { noteAudit } from "../../audit/service.ts";
import { assert } from "../../base/assert.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { NoInput, Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange } from "../changes/service.ts";
import { requireAdmin } from "../checks/service.ts";
import { GROUPS_MAX } from "../limits.ts";
import { findGroupByName, findGroupRow, type GroupRow, listAffected } from "../queries.ts";
import { dropRepeats, groupNotFound } from "../rules.ts";
import {
  CreateGroupInput,
  GroupIdInput,
  type PermissionGroup,
  PermissionGroupListSchema,
  PermissionGroupSchema,
  UpdateGroupInput,
} from "./contract.ts";
import {
  countGroups,
  deleteGroup,
  type GroupColumns,
  insertGroup,
  listGroupRows,
  lockGroups,
  replaceGrants,
  setDefaultGroup,
  updateGroupRow,
} from "./queries.ts";

/** All groups by name. For administrators. */
export const listGroups = operation(
  { type: "query", scope: "users.read", input: NoInput, output: PermissionGroupListSchema },
  async (ctx) => {
    requireAdmin(ctx);
    return await listGroupRows(ctx.db);
  },
);

/**
 * Makes a group. One that is to be the default takes the place of the one that was. For administrators.
 * @throws AppError `GROUP_NAME_TAKEN`, `GROUP_LIMIT`.
 */
export const createGroup = operation(
  { type: "mutation", scope: "users.write", input: CreateGroupInput, output: PermissionGroupSchema },
  async (ctx, { grants, isDefault, ...columns }): Promise<PermissionGroup> => {
    requireAdmin(ctx);
    return await changeGroups(ctx, async (tx) => {
      await requireFreeName(tx, columns.name, null);
      if ((await countGroups(tx.db)) >= GROUPS_MAX) {
        const message = `Maximum of ${GROUPS_MAX} groups reached`;
        throw new AppError("conflict", "GROUP_LIMIT", { message });
      }
      const groupId = await insertGroup(tx.db, columns);
      if (groupId === null) throw nameTaken();
      await replaceGrants(tx.db, groupId, dropRepeats(grants));
      if (isDefault) await setDefaultGroup(tx.db, groupId);
      await noteAudit(tx, {
        action: "group.created",
        subject: columns.name,
        details: { groupId, isDefault },
      });
      await announce(tx, { groupId: null, withGroupless: isDefault });
      return await getGroup(tx, groupId);
    });
  },
);

/**
 * Changes a group, also one that came with the server; what is not given stays. For administrators.
 * @throws AppError `GROUP_NOT_FOUND`, `GROUP_NAME_TAKEN`; `GROUP_IS_DEFAULT` when there would be no default.
 */
export const updateGroup = operation(
  { type: "mutation", scope: "users.write", input: UpdateGroupInput, output: PermissionGroupSchema },
  async (ctx, input): Promise<PermissionGroup> => {
    requireAdmin(ctx);
    const { groupId, grants = null, isDefault = null } = input;
    return await changeGroups(ctx, async (tx) => {
      const group = await requireGroup(tx, groupId);
      if (isDefault === false && group.isDefault) throw isTheDefault("Set another group as default first");
      const columns = toColumns(input);
      if (columns.name !== undefined) await requireFreeName(tx, columns.name, groupId);
      await updateGroupRow(tx.db, groupId, columns);
      if (grants !== null) await replaceGrants(tx.db, groupId, dropRepeats(grants));
      const becomesDefault = isDefault === true && !group.isDefault;
      if (becomesDefault) await setDefaultGroup(tx.db, groupId);
      const changed = [
        ...Object.keys(columns),
        ...(grants ? ["grants"] : []),
        ...(becomesDefault ? ["default"] : []),
      ];
      await noteAudit(tx, { action: "group.updated", subject: group.name, details: { groupId, changed } });
      await announce(tx, {
        groupId: grants === null ? null : groupId,
        withGroupless: becomesDefault || (group.isDefault && grants !== null),
      });
      return await getGroup(tx, groupId);
    });
  },
);

/** Of the columns null leaves as they are, but a color of null takes it away. */
function toColumns(input: v.InferOutput<typeof UpdateGroupInput>): Partial<GroupColumns> {
  const { name = null, description = null, color } = input;
  return {
    ...(name === null ? {} : { name }),
    ...(description === null ? {} : { description }),
    ...(color === undefined ? {} : { color }),
  };
}

/**
 * Removes a group; its members follow the default group from then on. For administrators.
 * @throws AppError `GROUP_NOT_FOUND`, `GROUP_IS_DEFAULT`.
 */
export const removeGroup = operation(
  { type: "mutation", scope: "users.write", input: GroupIdInput, output: Nothing },
  async (ctx, { groupId }): Promise<null> => {
    requireAdmin(ctx);
    return await changeGroups(ctx, async (tx) => {
      const group = await requireGroup(tx, groupId);
      if (group.isDefault) {
        throw isTheDefault("Cannot delete the default group; set another default first");
      }
      await noteAudit(tx, { action: "group.removed", subject: group.name, details: { groupId } });
      await announce(tx, { groupId, withGroupless: false });
      await deleteGroup(tx.db, groupId);
      return null;
    });
  },
);

/** One change of groups at a time: which one is the default concerns all of them. */
async function changeGroups<T>(ctx: Context, work: (tx: Context) => Promise<T>): Promise<T> {
  const result = await inTransaction(ctx, async (tx) => {
    await lockGroups(tx.db);
    return await work(tx);
  });
  noteAccessChange(ctx);
  return result;
}

async function announce(tx: Context, whom: Parameters<typeof listAffected>[1]): Promise<void> {
  for (const userId of await listAffected(tx.db, whom)) {
    tx.raise({ topic: "permissions", userId, data: { userId } });
  }
}

async function getGroup(ctx: Context, groupId: number): Promise<PermissionGroup> {
  const [group] = await listGroupRows(ctx.db, groupId);
  assert(group !== undefined, "the transaction that stored a group can read it");
  return group;
}

async function requireGroup(ctx: Context, groupId: number): Promise<GroupRow> {
  const group = await findGroupRow(ctx.db, groupId);
  if (group === null) throw groupNotFound(groupId);
  return group;
}

async function requireFreeName(ctx: Context, name: string, ownId: number | null): Promise<void> {
  const holder = await findGroupByName(ctx.db, [name]);
  if (holder !== null && holder.id !== ownId) throw nameTaken();
}

function nameTaken(): AppError<"conflict"> {
  return new AppError("conflict", "GROUP_NAME_TAKEN", { message: "A group with that name already exists" });
}

function isTheDefault(message: string): AppError<"conflict"> {
  return new AppError("conflict", "GROUP_IS_DEFAULT", { message });
}
