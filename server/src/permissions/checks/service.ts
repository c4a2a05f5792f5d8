import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache } from "../../base/expiring-cache.ts";
import { findAccountId } from "../../base/identity.ts";
import { requireAccess } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { onAccessChange } from "../changes/service.ts";
import type { Action, Entity, Grant } from "../contract.ts";
import { SCOPES_CACHED_MAX, SCOPES_TTL_MS } from "../limits.ts";
import { listGrantsOfAccount, listOverrides } from "../queries.ts";
import { findDeleteScope, resolveGrants } from "../rules.ts";

/**
 * Asks for an administrator.
 * @throws AppError `PERMISSIONS_ADMIN_ONLY`.
 */
export function requireAdmin(ctx: Pick<Context, "identity">): void {
  if (ctx.identity.kind === "user" && ctx.identity.isAdmin) return;
  throw new AppError("forbidden", "PERMISSIONS_ADMIN_ONLY", { message: "Administrator privileges required" });
}

/** What a caller wants to do with one object. */
export interface GrantNeed {
  readonly entity: Entity;
  readonly action: Action;
  /** Account that the object belongs to. Null, or left out: nobody owns objects of this sort. */
  readonly ownerId?: number | null | undefined;
}

/**
 * Asks whether the caller may do something with one object, inside an operation whose scope was asked before:
 * administrators and the object's owner may, and so may holders of a grant that is not for own objects only.
 * Deleting also needs the scope to write. Callers without an account may only read.
 * @throws AppError `PERMISSIONS_INSUFFICIENT`; `AUTH_SCOPE_MISSING` for a deletion without the scope to write.
 */
export async function requireGrant(
  ctx: Context,
  { entity, action, ownerId = null }: GrantNeed,
): Promise<void> {
  const { identity } = ctx;
  const scope = action === "delete" ? findDeleteScope(entity) : null;
  if (scope !== null) requireAccess(ctx, { scope });
  if (identity.kind !== "user") {
    if (action === "read") return;
    throw insufficient();
  }
  if (identity.isAdmin || (ownerId !== null && ownerId === findAccountId(identity))) return;
  const grants = await getGrants(ctx, identity.userId);
  const isGranted = grants.some(
    (grant) => grant.entity === entity && grant.action === action && !grant.isOwnOnly,
  );
  if (!isGranted) throw insufficient();
}

function insufficient(): AppError<"forbidden"> {
  return new AppError("forbidden", "PERMISSIONS_INSUFFICIENT", { message: "Insufficient permissions" });
}

const cachedGrants = perPorts((ports) => {
  const cache = createExpiringCache<number, readonly Grant[]>({
    ttlMs: SCOPES_TTL_MS,
    entriesMax: SCOPES_CACHED_MAX,
    clock: ports.clock,
  });
  onAccessChange(ports, cache.clear);
  return cache;
});

/**
 * The grants of an account that is no administrator: its group's, with its overrides. Read from memory for up to
 * `SCOPES_TTL_MS`, except inside a transaction.
 */
export async function getGrants(
  ctx: Pick<Context, "ports" | "db">,
  userId: number,
): Promise<readonly Grant[]> {
  const read = async () => {
    const [grants, overrides] = await Promise.all([
      listGrantsOfAccount(ctx.db, userId),
      listOverrides(ctx.db, userId),
    ]);
    return resolveGrants(grants, overrides);
  };
  if (ctx.db !== ctx.ports.database) return await read();
  return await cachedGrants(ctx.ports).load(userId, read);
}
