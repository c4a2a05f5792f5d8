import type { Context } from "../base/context.ts";
import { createExpiringCache } from "../base/expiring-cache.ts";
import { operation } from "../base/operation.ts";
import { perPorts } from "../base/per-ports.ts";
import { NoInput } from "../base/schemas.ts";
import type { Scope } from "../base/scopes.ts";
import { onAccessChange } from "./changes/service.ts";
import { requireAdmin } from "./checks/service.ts";
import {
  ACTIONS,
  ENTITIES,
  type PermissionCatalog,
  PermissionCatalogSchema,
  type SeededGroup,
} from "./contract.ts";
import { SCOPES_CACHED_MAX, SCOPES_TTL_MS } from "./limits.ts";
import { findGroupByName, listGroupGrants, listOverrides } from "./queries.ts";
import { computeScopes } from "./rules.ts";

type Scene = Pick<Context, "ports" | "db">;

/** An account as far as its permissions depend on it. */
export interface ScopeHolder {
  readonly id: number;
  readonly role: "user" | "admin";
  /** Null: the default group. */
  readonly permissionGroupId: number | null;
}

const cachedScopes = perPorts((ports) => {
  const cache = createExpiringCache<string, readonly Scope[]>({
    ttlMs: SCOPES_TTL_MS,
    entriesMax: SCOPES_CACHED_MAX,
    clock: ports.clock,
  });
  onAccessChange(ports, cache.clear);
  return cache;
});

/**
 * What an account may do, in canonical order. Read from memory for up to `SCOPES_TTL_MS`, except inside a
 * transaction, which may hold changes that are not committed.
 */
export async function getScopes(ctx: Scene, holder: ScopeHolder): Promise<readonly Scope[]> {
  if (holder.role === "admin") return computeScopes(true, [], []);
  if (ctx.db !== ctx.ports.database) return await readScopes(ctx, holder);
  const key = `${holder.id}:${holder.permissionGroupId}`;
  return await cachedScopes(ctx.ports).load(key, () => readScopes(ctx, holder));
}

/** The same as the database has it now; for who keeps the answer and counts its age. */
export async function getFreshScopes(ctx: Scene, holder: ScopeHolder): Promise<readonly Scope[]> {
  return holder.role === "admin" ? computeScopes(true, [], []) : await readScopes(ctx, holder);
}

async function readScopes(ctx: Scene, holder: ScopeHolder): Promise<readonly Scope[]> {
  const [grants, overrides] = await Promise.all([
    listGroupGrants(ctx.db, holder.permissionGroupId),
    listOverrides(ctx.db, holder.id),
  ]);
  return computeScopes(false, grants, overrides);
}

/** An imported database keeps the longer names. */
const GROUP_NAMES: Readonly<Record<SeededGroup, readonly string[]>> = {
  viewer: ["Viewer", "Viewer (legacy)"],
  editor: ["Editor", "Editor (legacy)"],
};

/**
 * Finds the group that an older role name stands for.
 * @returns Null when it is the default group, or when an operator has removed it: the account then follows the
 *   default group.
 */
export async function findSeededGroup(ctx: Scene, group: SeededGroup): Promise<number | null> {
  const row = await findGroupByName(ctx.db, GROUP_NAMES[group]);
  return row === null || row.isDefault ? null : row.id;
}

/** Everything that can be granted. For administrators. */
export const getPermissionCatalog = operation(
  { type: "query", scope: "users.read", input: NoInput, output: PermissionCatalogSchema },
  async (ctx): Promise<PermissionCatalog> => {
    requireAdmin(ctx);
    return { entities: ENTITIES, actions: ACTIONS };
  },
);
