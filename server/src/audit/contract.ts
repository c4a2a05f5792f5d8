import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { InstantText, list } from "../base/schemas.ts";
import { AUDIT_PAGE_MAX } from "./limits.ts";

/** Everything the audit log tells of. */
export const AUDIT_ACTIONS = [
  "login.succeeded",
  "login.failed",
  "logout",
  "token.created",
  "token.removed",
  "token.regenerated",
  "device.paired",
  "device.approved",
  "device.denied",
  "user.created",
  "user.registered",
  "user.updated",
  "user.removed",
  "user.password_changed",
  "user.password_reset_asked",
  "user.invited",
  "oidc.linked",
  "group.created",
  "group.updated",
  "group.removed",
  "permissions.changed",
  "entity.hidden",
  "entity.shown",
] as const;

/** What was done. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One thing that somebody did. */
export interface AuditLine {
  readonly id: number;
  readonly at: Instant;
  /** Null: nobody who was signed in, or the command line on the server. */
  readonly actorId: number | null;
  readonly actorName: string;
  readonly action: AuditAction;
  readonly subject: string;
  /** Network address of the caller; null inside the server. */
  readonly address: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export const AuditLineSchema = v.object({
  id: v.number(),
  at: InstantText,
  actorId: v.nullable(v.number()),
  actorName: v.string(),
  action: v.picklist(AUDIT_ACTIONS),
  subject: v.string(),
  address: v.nullable(v.string()),
  details: v.record(v.string(), v.unknown()),
});

export const ListAuditInput = v.strictObject({
  /** Id of the last line seen: older ones follow. */
  before: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(AUDIT_PAGE_MAX)), 100),
});

/** Newest first. */
export interface AuditPage {
  readonly items: readonly AuditLine[];
  /** Where the next page begins; null at the end. */
  readonly nextBefore: number | null;
}

export const AuditPageSchema = v.object({
  items: list(AuditLineSchema),
  nextBefore: v.nullable(v.number()),
});
