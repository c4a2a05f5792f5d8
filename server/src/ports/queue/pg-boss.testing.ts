import { openDatabase } from "@multitap/db";
import type { createTestDatabase } from "@multitap/db/testing";
import { createPgListener } from "../kv/pg-listener.ts";
import { createPgBossQueue, type PgBossQueueOptions } from "./pg-boss.ts";
import type { Queue } from "./port.ts";

/** A database of its own. */
export type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

/** Spans short enough for a test; the lease is long enough for a busy machine. */
export const TEST_SPANS = {
  leaseMs: 1_200,
  pollMs: 500,
  retryDelayMs: 0,
  fullPauseMs: 300,
  cronCheckMs: 1_000,
  cronForwardMs: 1_000,
};

const CLOSE_TIMEOUT_MS = 200;

/** Opens queues as separate processes would: each with its own pool and listening connection. */
export function createOpener({ target }: TestDatabase) {
  const closers: (() => Promise<void>)[] = [];
  return {
    async open(options: Partial<PgBossQueueOptions> = {}, problems: string[] = []): Promise<Queue> {
      const handle = openDatabase(target, { maxConnections: 4, applicationName: "multitap-test" });
      const report = (message: string) => void problems.push(message);
      const listener = createPgListener(handle.sql, report);
      const queue = await createPgBossQueue(handle, { listener, report, ...TEST_SPANS, ...options });
      closers.push(async () => {
        await queue.stop({ drainMs: 0 });
        await listener.close();
        // postgres.js waits in vain for a connection that was cut during a query.
        await handle.close(CLOSE_TIMEOUT_MS);
      });
      return queue;
    },
    /** Stops all of them. */
    close: () => Promise.all(closers.splice(0).map((close) => close())),
  };
}
