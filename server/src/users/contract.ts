import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, InstantText, list, ScopeName } from "../base/schemas.ts";
import type { Scope } from "../base/scopes.ts";

export const ROLES = ["user", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** An account. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string | null;
  readonly isEnabled: boolean;
  readonly role: Role;
  /** Null: the default group. */
  readonly permissionGroupId: number | null;
  /** What the account may do, in canonical order. */
  readonly scopes: readonly Scope[];
  /** Path below the assets folder; "" without a picture. */
  readonly avatarPath: string;
  readonly raUsername: string;
  readonly raProgression: unknown;
  readonly uiSettings: unknown;
  readonly lastLoginAt: Instant | null;
  readonly lastActiveAt: Instant | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const UserSchema = v.object({
  id: Id,
  username: v.string(),
  email: v.nullable(v.string()),
  isEnabled: v.boolean(),
  role: v.picklist(ROLES),
  permissionGroupId: v.nullable(Id),
  scopes: list(ScopeName),
  avatarPath: v.string(),
  raUsername: v.string(),
  raProgression: v.unknown(),
  uiSettings: v.unknown(),
  lastLoginAt: v.nullable(InstantText),
  lastActiveAt: v.nullable(InstantText),
  createdAt: InstantText,
  updatedAt: InstantText,
});

/** The caller's own account, and the device this call speaks for. */
export interface CurrentUser extends User {
  readonly currentDeviceId: string | null;
}

export const CurrentUserSchema = v.object({
  ...UserSchema.entries,
  /** -1 for the visitor of a kiosk. */
  id: v.pipe(v.number(), v.integer()),
  currentDeviceId: v.nullable(v.string()),
});

export const CreateUserInput = v.strictObject({
  username: v.string(),
  /** "" for none. */
  email: v.string(),
  password: v.string(),
  /** `user`, `admin`, or the older names `viewer` and `editor`, in any case. */
  role: v.string(),
});
