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

export const UserListSchema = list(UserSchema);
export const UserIdListSchema = list(Id);
export const UserIdInput = v.strictObject({ userId: Id });

/** What changes of an account; what is left out stays. */
export const UpdateUserInput = v.strictObject({
  userId: Id,
  /** In any case; "" stays as it is. */
  username: v.optional(v.string()),
  /** "" stays as it is. */
  password: v.optional(v.string()),
  /** "" for none. */
  email: v.optional(v.string()),
  /** As for a new account; `user` keeps the group. "" stays as it is. Ignored on oneself. */
  role: v.optional(v.string()),
  /** Ignored on oneself. */
  isEnabled: v.optional(v.boolean()),
  /** "" for none. */
  raUsername: v.optional(v.string()),
  /** Whatever apps keep with the account; replaces all of it. */
  uiSettings: v.optional(v.record(v.string(), v.unknown())),
});
export type UpdateUserInput = v.InferOutput<typeof UpdateUserInput>;

/** A change as the compatible form sends it: settings as text, and perhaps a picture. */
export const UserFormInput = v.strictObject({
  ...UpdateUserInput.entries,
  /** JSON of an object. */
  uiSettings: v.optional(v.string()),
  /** The bytes of a picture. */
  avatar: v.optional(v.instance(Uint8Array)),
});

/** A stored picture. */
export const StoredAvatarSchema = v.object({
  /** Absolute path on disk. */
  path: v.string(),
  fileName: v.string(),
  contentType: v.string(),
  sizeBytes: v.number(),
  modifiedAtMs: v.number(),
});
export type StoredAvatar = v.InferOutput<typeof StoredAvatarSchema>;

export const RefreshProgressionInput = v.strictObject({
  userId: Id,
  /** Only what was earned since the last refresh. */
  isIncremental: v.optional(v.boolean(), false),
});
