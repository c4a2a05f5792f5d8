import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { createThrottle } from "../base/expiring-cache.ts";
import { findAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { perPorts } from "../base/per-ports.ts";
import {
  type AuditAction,
  type AuditLine,
  type AuditPage,
  AuditPageSchema,
  ListAuditInput,
} from "./contract.ts";
import {
  AUDIT_LINE_TTL_MS,
  AUDIT_LINES_MAX,
  AUDIT_SWEEP_INTERVAL_MS,
  AUDIT_TEXT_CHARS_MAX,
} from "./limits.ts";
import { type AuditRow, insertAuditRow, listAuditRows, sweepAuditRows } from "./queries.ts";

/** What a line says beside who did it and when. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** Whom or what it was done to, as text for people; never a secret. */
  readonly subject: string;
  /** Whom the caller turned out to be, where the call itself proves it. */
  readonly actor?: { readonly id: number; readonly username: string } | undefined;
  /** Small and plain; never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

const sweeps = perPorts((ports) =>
  createThrottle<"sweep">({ intervalMs: AUDIT_SWEEP_INTERVAL_MS, entriesMax: 1, clock: ports.clock }),
);

/** What a line takes from the call it tells of. */
export type AuditScene = Pick<Context, "ports" | "db" | "identity" | "clientAddress">;

/** Writes a line into the audit log, in the transaction of the operation it tells of. */
export async function noteAudit(ctx: AuditScene, entry: AuditEntry): Promise<void> {
  const { ports, identity, clientAddress } = ctx;
  const at = ports.clock.now();
  await insertAuditRow(ctx.db, {
    at,
    actorId: entry.actor?.id ?? findAccountId(identity),
    actorName: entry.actor?.username ?? nameOf(ctx),
    action: entry.action,
    subject: entry.subject.slice(0, AUDIT_TEXT_CHARS_MAX),
    address: clientAddress,
    details: entry.details ?? {},
  });
  if (!sweeps(ports).isDue("sweep")) return;
  const oldestAt = new Date(at.getTime() - AUDIT_LINE_TTL_MS);
  await sweepAuditRows(ctx.db, { oldestAt, linesMax: AUDIT_LINES_MAX });
}

function nameOf({ identity }: AuditScene): string {
  return identity.kind === "user" ? identity.username : identity.kind;
}

/** What was done to accounts, credentials and permissions, newest first. */
export const listAudit = operation(
  { type: "query", scope: "logs.read", input: ListAuditInput, output: AuditPageSchema },
  async (ctx, { before, limit }): Promise<AuditPage> => {
    const rows = await listAuditRows(ctx.db, { before: before ?? null, limit: limit + 1 });
    const items = rows.slice(0, limit).map(toAuditLine);
    return { items, nextBefore: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  },
);

function toAuditLine(row: AuditRow): AuditLine {
  return {
    id: row.id,
    at: toInstant(row.at),
    actorId: row.actorId,
    actorName: row.actorName,
    // Written by `noteAudit` only.
    action: row.action as AuditAction,
    subject: row.subject,
    address: row.address,
    details: row.details as Readonly<Record<string, unknown>>,
  };
}
