import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { GivenMoment, Id, list } from "../base/schemas.ts";
import {
  DEVICE_ID_CHARS_MAX,
  DURATION_MS_MAX,
  ENTRIES_READ_MAX,
  PLAY_SESSIONS_OFFSET_MAX,
  PLAY_SESSIONS_PAGE_DEFAULT,
  PLAY_SESSIONS_PAGE_MAX,
  SAVE_SLOT_CHARS_MAX,
} from "./limits.ts";

/** The whole second in which a moment lies, in milliseconds since 1970. */
export function cutToSeconds(instant: Instant): number {
  return Math.floor(Date.parse(instant) / 1000) * 1000;
}

const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");
const NOT_STORABLE = "Input should not contain a zero character";

/** One span of play as a device tells it. */
export const PlaySessionEntrySchema = v.pipe(
  v.strictObject({
    /** A rom that is not there, or not for the caller, counts as none. */
    romId: v.optional(v.nullable(Id), null),
    saveSlot: v.optional(
      v.nullable(v.pipe(v.string(), v.maxLength(SAVE_SLOT_CHARS_MAX), v.check(isStorable, NOT_STORABLE))),
      null,
    ),
    startedAt: GivenMoment,
    endedAt: GivenMoment,
    /** Time with the screen on; the span between the two moments unless said. */
    durationMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(DURATION_MS_MAX))),
  }),
  // Spans are stored in whole seconds, so that the same one told twice is the same.
  v.check(
    ({ startedAt, endedAt }) => cutToSeconds(endedAt) > cutToSeconds(startedAt),
    "end_time must be after start_time",
  ),
);
export type PlaySessionEntry = v.InferOutput<typeof PlaySessionEntrySchema>;

/** What became of one span; `index` counts the input. */
export interface IngestedEntry {
  readonly index: number;
  readonly status: "created" | "duplicate" | "error";
  readonly id: number | null;
  readonly detail: string | null;
}

/** What became of all of them: errors first, then duplicates, then what is new. */
export interface IngestedPlaySessions {
  readonly results: readonly IngestedEntry[];
  readonly createdCount: number;
  readonly skippedCount: number;
}

export const IngestedSchema = v.object({
  results: list(
    v.object({
      index: v.number(),
      status: v.picklist(["created", "duplicate", "error"]),
      id: v.nullable(Id),
      detail: v.nullable(v.string()),
    }),
  ),
  createdCount: v.number(),
  skippedCount: v.number(),
});

/** One span of play. Deleting the rom or the device keeps it. */
export interface PlaySession {
  readonly id: number;
  readonly userId: number;
  readonly deviceId: string | null;
  readonly romId: number | null;
  readonly syncSessionId: number | null;
  readonly saveSlot: string | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly durationMs: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const PlaySessionSchema = v.object({
  id: Id,
  userId: Id,
  deviceId: v.nullable(v.string()),
  romId: v.nullable(Id),
  syncSessionId: v.nullable(Id),
  saveSlot: v.nullable(v.string()),
  startedAt: v.string(),
  endedAt: v.string(),
  durationMs: v.number(),
  createdAt: v.string(),
  updatedAt: v.string(),
});

const DeviceIdText = v.pipe(v.string(), v.maxLength(DEVICE_ID_CHARS_MAX), v.check(isStorable, NOT_STORABLE));

export const IngestInput = v.strictObject({
  /** Where it was played; the device that the token is bound to unless said. One that is not the caller's is none. */
  deviceId: v.optional(v.nullable(DeviceIdText)),
  sessions: v.pipe(v.array(PlaySessionEntrySchema), v.maxLength(ENTRIES_READ_MAX), v.readonly()),
});

export const ListPlaySessionsInput = v.strictObject({
  romId: v.optional(Id),
  /** A token that is bound to a device lists that one's unless said. */
  deviceId: v.optional(DeviceIdText),
  /** Of somebody else, for holders of `users.read`. */
  userId: v.optional(Id),
  /** Began at this moment or later. */
  startedFrom: v.optional(GivenMoment),
  /** Began at this moment or earlier. */
  startedUntil: v.optional(GivenMoment),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(PLAY_SESSIONS_PAGE_MAX)),
    PLAY_SESSIONS_PAGE_DEFAULT,
  ),
  offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(PLAY_SESSIONS_OFFSET_MAX)), 0),
});

export const PlaySessionIdInput = v.strictObject({ sessionId: Id });
export const PlaySessionListSchema = list(PlaySessionSchema);
