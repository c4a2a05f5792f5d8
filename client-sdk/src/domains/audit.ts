import type { AuditLine } from "@multitap/server/contract/audit";
import { PAGE_SIZE } from "../limits.ts";
import type { CallOptions } from "../options.ts";
import { createPaged, type Paged } from "../paging.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What was done to accounts, credentials and permissions. */
export interface Audit {
  /**
   * Gives the lines of the audit log from the newest to the oldest, read as they are needed. Needs `logs.read`.
   * @example
   * for await (const line of client.audit.each()) show(`${line.at} ${line.actorName}: ${line.action} ${line.subject}`);
   */
  each(input?: { readonly pageSize?: number | undefined }, options?: CallOptions): Paged<AuditLine>;
}

/** Builds the calls of this domain. */
export function createAudit(rpc: Rpc): Audit {
  return {
    each: ({ pageSize } = {}, options) =>
      createPaged(async (cursor: string | null, pageOptions: CallOptions) => {
        const before = cursor === null ? undefined : Number(cursor);
        const page = await rpc.query<{ items: readonly AuditLine[]; nextBefore: number | null }>(
          "audit.list",
          { before, limit: pageSize ?? PAGE_SIZE },
          pageOptions,
        );
        const nextCursor = page.nextBefore === null ? null : String(page.nextBefore);
        return { items: page.items, nextCursor, total: null };
      }, options),
  };
}
