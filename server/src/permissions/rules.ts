import { AppError } from "../base/errors.ts";
import { FULL_SCOPES, isScope, orderScopes, type Scope } from "../base/scopes.ts";
import { ACTION_KEYS, type ActionKey, type Entity, type Grant, type Override } from "./contract.ts";

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
  return isAdmin ? FULL_SCOPES : toScopes(resolveGrants(groupGrants, overrides));
}

/** The scopes of an account with these grants, in canonical order. */
export function toScopes(grants: readonly Grant[]): readonly Scope[] {
  return orderScopes([...ALWAYS, ...grants.flatMap((grant) => findScope(grant) ?? [])]);
}

/** The right to delete has no scope of its own: it needs the entity's write scope beside the grant. */
function findScope(grant: Pick<Grant, "entity" | "action">): Scope | null {
  const name = keyOf(grant);
  const scope = SPECIAL_SCOPES[name] ?? name;
  return isScope(scope) ? scope : null;
}

/** The scope without which nobody deletes objects of this sort; null where there is none. */
export function findDeleteScope(entity: Entity): Scope | null {
  return findScope({ entity, action: "write" });
}

function keyOf(grant: Pick<Grant, "entity" | "action">): string {
  return `${grant.entity}.${grant.action}`;
}

/** Keeps the last of several grants for the same entity and action. */
export function dropRepeats<G extends Grant>(grants: readonly G[]): readonly G[] {
  return [...new Map(grants.map((grant) => [keyOf(grant), grant])).values()];
}

/** What user interfaces ask for: the scope, and for deletions also the grant. */
const ACTION_NEEDS: Readonly<Record<Exclude<ActionKey, "app.admin">, { scope: Scope; deletes?: Entity }>> = {
  "rom.view": { scope: "roms.read" },
  "rom.play": { scope: "roms.read" },
  "rom.download": { scope: "roms.read" },
  "rom.upload": { scope: "roms.write" },
  "rom.edit": { scope: "roms.write" },
  "rom.delete": { scope: "roms.write", deletes: "roms" },
  "rom.match": { scope: "roms.write" },
  "rom.refresh": { scope: "roms.write" },
  "rom.favorite": { scope: "roms.read" },
  "platform.view": { scope: "platforms.read" },
  "platform.create": { scope: "platforms.write" },
  "platform.edit": { scope: "platforms.write" },
  "platform.delete": { scope: "platforms.write", deletes: "platforms" },
  "collection.view": { scope: "collections.read" },
  "collection.create": { scope: "collections.write" },
  "collection.edit": { scope: "collections.write" },
  "collection.delete": { scope: "collections.write", deletes: "collections" },
  "library.scan": { scope: "platforms.write" },
  "user.view": { scope: "users.read" },
  "user.create": { scope: "users.write" },
  "user.edit": { scope: "users.write" },
  "user.delete": { scope: "users.write" },
};

/** What user interfaces offer to a holder of these scopes and grants, who is no administrator. */
export function toActionKeys(scopes: readonly Scope[], grants: readonly Grant[]): readonly ActionKey[] {
  return ACTION_KEYS.filter((key) => {
    if (key === "app.admin") return false;
    const { scope, deletes } = ACTION_NEEDS[key];
    const mayDelete =
      deletes === undefined || grants.some((grant) => grant.entity === deletes && grant.action === "delete");
    return scopes.includes(scope) && mayDelete;
  });
}

/** The one answer for a group that does not exist. */
export function groupNotFound(groupId: number): AppError<"not_found"> {
  const message = `Permission group with id '${groupId}' not found`;
  return new AppError("not_found", "GROUP_NOT_FOUND", { message });
}

/** The one answer for an account that does not exist. */
export function userNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "USER_NOT_FOUND", { message: "User not found" });
}
