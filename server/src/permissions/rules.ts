import { FULL_SCOPES, isScope, orderScopes, type Scope } from "../base/scopes.ts";
import type { Grant, Override } from "./contract.ts";

/** What every account may do, whatever its group says. */
const ALWAYS: readonly Scope[] = ["me.read", "me.write", "roms.user.read", "roms.user.write"];

/** Scopes whose name does not follow from entity and action. */
const SPECIAL_SCOPES: Readonly<Record<string, Scope>> = { "tasks.write": "tasks.run" };

/** Merges a group's grants with an account's overrides; an override wins for its entity and action. */
export function resolveGrants(
  groupGrants: readonly Grant[],
  overrides: readonly Override[],
): readonly Grant[] {
  const grants = new Map<string, Grant>();
  for (const grant of groupGrants) grants.set(keyOf(grant), grant);
  for (const override of overrides) {
    const { isGranted, ...grant } = override;
    if (isGranted) grants.set(keyOf(grant), grant);
    else grants.delete(keyOf(grant));
  }
  return [...grants.values()];
}

/** What an account may do, in canonical order. An administrator may do everything. */
export function computeScopes(
  isAdmin: boolean,
  groupGrants: readonly Grant[],
  overrides: readonly Override[],
): readonly Scope[] {
  if (isAdmin) return FULL_SCOPES;
  return orderScopes([...ALWAYS, ...resolveGrants(groupGrants, overrides).flatMap(toScopes)]);
}

/** The right to delete has no scope of its own: it needs the entity's write scope beside the grant. */
function toScopes(grant: Grant): readonly Scope[] {
  const name = keyOf(grant);
  const scope = SPECIAL_SCOPES[name] ?? name;
  return isScope(scope) ? [scope] : [];
}

function keyOf(grant: Grant): string {
  return `${grant.entity}.${grant.action}`;
}
