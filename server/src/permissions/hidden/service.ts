import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache } from "../../base/expiring-cache.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange, onAccessChange } from "../changes/service.ts";
import { requireAdmin } from "../checks/service.ts";
import { HIDDEN_MAX, SCOPES_CACHED_MAX, SCOPES_TTL_MS } from "../limits.ts";
import { findGroupRow, hasAccount, listAffected } from "../queries.ts";
import { groupNotFound, userNotFound } from "../rules.ts";
import {
  HIDEABLE,
  type Hidden,
  type HiddenEntity,
  HiddenEntitySchema,
  HiddenInput,
  type HiddenTarget,
  ShownSchema,
} from "./contract.ts";
import {
  countHiddenOf,
  deleteHidden,
  deleteHiddenOf,
  deleteHiddenOfPlatform,
  hasEntity,
  insertHidden,
  listFolderNames,
  listHiddenFrom,
  type Owner,
} from "./queries.ts";
import { NOTHING_HIDDEN, toHidden } from "./rules.ts";

type Scene = Pick<Context, "ports" | "db" | "identity">;

/** Stands for callers without an account, which has no row of this id. */
const NO_ACCOUNT = 0;

const cachedHidden = perPorts((ports) => {
  const cache = createExpiringCache<number, Hidden>({
    ttlMs: SCOPES_TTL_MS,
    entriesMax: SCOPES_CACHED_MAX,
    clock: ports.clock,
  });
  onAccessChange(ports, cache.clear);
  return cache;
});

/**
 * What the caller must take for absent: nothing for administrators, what the default group may not see for
 * visitors of a kiosk and anonymous callers. Read from memory for up to `SCOPES_TTL_MS`, except inside a
 * transaction, which may hold changes that are not committed.
 */
export async function getHidden(ctx: Scene): Promise<Hidden> {
  if (ctx.identity.kind === "user" && ctx.identity.isAdmin) return NOTHING_HIDDEN;
  const userId = findAccountId(ctx.identity);
  const read = async () => {
    const entities = await listHiddenFrom(ctx.db, userId);
    return entities.length === 0 ? NOTHING_HIDDEN : toHidden(entities);
  };
  if (ctx.db !== ctx.ports.database) return await read();
  return await cachedHidden(ctx.ports).load(userId ?? NO_ACCOUNT, read);
}

/**
 * Forgets from whom roms that are being removed are hidden, within the transaction that removes them.
 * @returns True when one was: once that is committed, `noteAccessChange` has to be called.
 */
export async function forgetHiddenRoms(db: Context["db"], romIds: readonly number[]): Promise<boolean> {
  return await deleteHiddenOf(db, "roms", romIds);
}

/** Tells whether a rom is hidden, by itself or with its platform. */
export function hidesRom(hidden: Hidden, rom: { readonly id: number; readonly platformId: number }): boolean {
  return hidden.roms.has(rom.id) || hidden.platforms.has(rom.platformId);
}

/** Folder names of the platforms that are hidden from the caller. */
export async function listHiddenFolders(ctx: Scene): Promise<ReadonlySet<string>> {
  const { platformIds } = await getHidden(ctx);
  return new Set(platformIds.length === 0 ? [] : await listFolderNames(ctx.db, platformIds));
}

/**
 * Forgets from whom a platform and its roms are hidden, for it is about to be removed: in the same transaction, and
 * before its roms are. `noteAccessChange` follows after the commit.
 */
export async function forgetHiddenPlatform(db: Context["db"], platformId: number): Promise<void> {
  await deleteHiddenOfPlatform(db, platformId);
}

/**
 * Hides a platform, with its roms and firmware, or one rom from an account or a group. Hiding twice is as good
 * as once. For administrators.
 * @throws AppError `HIDDEN_OWNER_INVALID`, `HIDDEN_ENTITY_INVALID`, `HIDDEN_LIMIT`; `USER_NOT_FOUND`,
 *   `GROUP_NOT_FOUND`, `PLATFORMS_NOT_FOUND` or `ROMS_NOT_FOUND` for what is not there.
 */
export const hideEntity = operation(
  { type: "mutation", scope: "users.write", input: HiddenInput, output: HiddenEntitySchema },
  async (ctx, input): Promise<HiddenEntity> => {
    requireAdmin(ctx);
    const { what, owner } = toHiding(input);
    await change(ctx, { what, owner, action: "entity.hidden" }, async (db) => {
      await requireOwner(db, owner);
      if (!(await hasEntity(db, what.entity, what.entityId))) throw entityNotFound(what);
      if (!(await insertHidden(db, what, owner))) return false;
      if ((await countHiddenOf(db, owner)) <= HIDDEN_MAX) return true;
      const message = `At most ${HIDDEN_MAX} entities can be hidden from one user or group`;
      throw new AppError("conflict", "HIDDEN_LIMIT", { message });
    });
    return what;
  },
);

/**
 * Shows something hidden again; what is not hidden stays as it is. For administrators.
 * @throws AppError `HIDDEN_OWNER_INVALID`, `HIDDEN_ENTITY_INVALID`.
 */
export const showEntity = operation(
  { type: "mutation", scope: "users.write", input: HiddenInput, output: ShownSchema },
  async (ctx, input): Promise<null> => {
    requireAdmin(ctx);
    const { what, owner } = toHiding(input);
    await change(ctx, { what, owner, action: "entity.shown" }, (db) => deleteHidden(db, what, owner));
    return null;
  },
);

interface Hiding {
  readonly what: HiddenEntity;
  readonly owner: Owner;
}

function toHiding({ entity, entityId, userId = null, groupId = null }: HiddenTarget): Hiding {
  if ((userId === null) === (groupId === null)) {
    throw new AppError("invalid", "HIDDEN_OWNER_INVALID", {
      message: "Exactly one of user_id or group_id must be set",
    });
  }
  const hideable = HIDEABLE.find((each) => each === entity);
  if (hideable === undefined) {
    throw new AppError("invalid", "HIDDEN_ENTITY_INVALID", {
      message: "Only platforms and roms can be hidden",
    });
  }
  const owner: Owner = userId === null ? { groupId: groupId ?? 0 } : { userId };
  return { what: { entity: hideable, entityId }, owner };
}

interface Change extends Hiding {
  readonly action: "entity.hidden" | "entity.shown";
}

/** Tells of the change only if `work` says that there was one. */
async function change(
  ctx: Context,
  { what, owner, action }: Change,
  work: (db: Context["db"]) => Promise<boolean>,
): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    if (!(await work(tx.db))) return;
    const subject = `${what.entity} ${what.entityId}`;
    await noteAudit(tx, { action, subject, details: { ...what, ...owner } });
    for (const userId of await listFollowers(tx.db, owner))
      tx.raise({ topic: "permissions", userId, data: { userId } });
  });
  noteAccessChange(ctx);
}

async function requireOwner(db: Context["db"], owner: Owner): Promise<void> {
  if ("userId" in owner) {
    if (!(await hasAccount(db, owner.userId))) throw userNotFound();
  } else if ((await findGroupRow(db, owner.groupId)) === null) {
    throw groupNotFound(owner.groupId);
  }
}

/** Accounts from which something is hidden by being hidden from this owner. */
async function listFollowers(db: Context["db"], owner: Owner): Promise<readonly number[]> {
  if ("userId" in owner) return [owner.userId];
  const group = await findGroupRow(db, owner.groupId);
  return await listAffected(db, { groupId: owner.groupId, withGroupless: group?.isDefault === true });
}

/** The same words as for one that the caller asked to see. */
function entityNotFound({ entity, entityId }: HiddenEntity): AppError<"not_found"> {
  return entity === "roms"
    ? new AppError("not_found", "ROMS_NOT_FOUND", { message: `Rom with id '${entityId}' not found` })
    : new AppError("not_found", "PLATFORMS_NOT_FOUND", {
        message: `Platform with id '${entityId}' not found`,
      });
}
