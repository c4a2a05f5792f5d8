import type { Context, Ports } from "../../base/context.ts";
import type { QueueScan } from "../watching/contract.ts";

/** When the library is scanned by itself. */
export interface ScanSchedule {
  /** Five fields, minutes first. */
  readonly cron: string;
  /** An IANA name such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** What a process that scans by itself brings. */
export interface SchedulingOptions {
  readonly createContext: () => Context;
  readonly queueScan: QueueScan;
}

/** Queue of jobs that only queue a scan. */
/** The queue of the scans that a clock starts. */
export const SCHEDULE_QUEUE = "scheduled-scan";

/**
 * Sets up the scheduled scan of the whole library: one per time however many processes run, left out when no
 * process does. Null takes a schedule away that an earlier start has set.
 * @throws AppError `QUEUE_SCHEDULE_INVALID` for a pattern that the queue cannot read.
 */
export async function scheduleScans(
  ports: Ports,
  schedule: ScanSchedule | null,
  { createContext, queueScan }: SchedulingOptions,
): Promise<void> {
  if (schedule === null) {
    await ports.queue.unschedule(SCHEDULE_QUEUE);
    return;
  }
  await ports.queue.work(SCHEDULE_QUEUE, { concurrency: 1 }, async () => {
    const input = { type: "quick", platformFsSlugs: [], origin: "schedule" } as const;
    const { scanId, isNew } = await queueScan(createContext(), input);
    ports.log.info(isNew ? "scheduled scan queued" : "scheduled scan joins one that waits", { scanId });
  });
  const { cron, timeZone } = schedule;
  await ports.queue.schedule(SCHEDULE_QUEUE, cron, { timeZone });
}
