import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { InstantText, list } from "../base/schemas.ts";
import { LINES_MAX } from "./limits.ts";

export const LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;

/** One line of the server's log, without secrets. */
export interface LogEntry {
  readonly at: Instant;
  readonly level: (typeof LOG_LEVELS)[number];
  /** Who wrote it, in lower case. */
  readonly module: string;
  readonly message: string;
}

export const LogEntryListSchema = list(
  v.object({ at: InstantText, level: v.picklist(LOG_LEVELS), module: v.string(), message: v.string() }),
);

const clamp = (limit: number) => Math.min(LINES_MAX, Math.max(1, limit));

export const ListLogsInput = v.optional(
  v.strictObject({
    /** A number out of bounds is taken to the nearest one. */
    limit: v.optional(v.pipe(v.number(), v.integer(), v.transform(clamp)), LINES_MAX),
  }),
  {},
);
