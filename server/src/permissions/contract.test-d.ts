import type * as v from "valibot";
import type {
  OwnPermissions,
  OwnPermissionsSchema,
  UserPermissions,
  UserPermissionsSchema,
} from "./accounts/contract.ts";
import type {
  Grant,
  GrantSchema,
  Override,
  OverrideSchema,
  PermissionCatalog,
  PermissionCatalogSchema,
} from "./contract.ts";
import type { PermissionGroup, PermissionGroupSchema } from "./groups/contract.ts";
import type { HiddenEntity, HiddenEntitySchema, HiddenInput, HiddenTarget } from "./hidden/contract.ts";

/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<Grant, v.InferOutput<typeof GrantSchema>>,
  true satisfies Same<Override, v.InferOutput<typeof OverrideSchema>>,
  true satisfies Same<PermissionCatalog, v.InferOutput<typeof PermissionCatalogSchema>>,
  true satisfies Same<PermissionGroup, v.InferOutput<typeof PermissionGroupSchema>>,
  true satisfies Same<UserPermissions, v.InferOutput<typeof UserPermissionsSchema>>,
  true satisfies Same<OwnPermissions, v.InferOutput<typeof OwnPermissionsSchema>>,
  true satisfies Same<HiddenEntity, v.InferOutput<typeof HiddenEntitySchema>>,
  true satisfies Same<HiddenTarget, v.InferOutput<typeof HiddenInput>>,
];
