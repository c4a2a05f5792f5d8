import type { Instant } from "../base/clock.ts";
import type { CurrentUser, User } from "./contract.ts";

/** A moment the way the compatible API writes it: UTC as an offset. */
export function toWireInstant(instant: Instant): string {
  return instant.replace(/Z$/, "+00:00");
}

/** A moment that may be absent, in the same form. */
export function toWireInstantOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toWireInstant(instant);
}

/** An account in the compatible shape. */
export function toUserWire(user: User) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    enabled: user.isEnabled,
    role: user.role,
    permission_group_id: user.permissionGroupId,
    oauth_scopes: user.scopes,
    avatar_path: user.avatarPath,
    last_login: toWireInstantOrNull(user.lastLoginAt),
    last_active: toWireInstantOrNull(user.lastActiveAt),
    ra_username: user.raUsername,
    ra_progression: user.raProgression ?? {},
    ui_settings: user.uiSettings ?? {},
    // Known for the caller's own account only; the compatible shape always has the key.
    current_device_id: null as string | null,
    created_at: toWireInstant(user.createdAt),
    updated_at: toWireInstant(user.updatedAt),
  };
}

/** The caller's own account in the compatible shape. */
export function toCurrentUserWire(user: CurrentUser) {
  return { ...toUserWire(user), current_device_id: user.currentDeviceId };
}

/** Takes the fields of a new account out of a JSON body; apps may send more, which is ignored. */
export function fromNewUserWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { username, password, email, role } = body as Record<string, unknown>;
  return { username, email, password, role };
}

/** Takes the wish out of a body that may be absent. */
export function fromRefreshWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return (body as Record<string, unknown>).incremental;
}
