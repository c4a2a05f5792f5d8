import * as v from "valibot";
import { DeviceIdText } from "../../assets/contract.ts";
import { Id, list } from "../../base/schemas.ts";
import { type SyncSession, SyncSessionSchema } from "../../devices/sync-sessions/contract.ts";
import {
  type IngestedPlaySessions,
  IngestedSchema,
  PlaySessionEntrySchema,
} from "../../play-sessions/contract.ts";
import { SESSIONS_PAGE_MAX } from "../limits.ts";

/** A session by its number, or by the UUID that one of the protocols calls it. */
const SessionName = v.union([Id, v.pipe(v.string(), v.uuid())]);

export const SessionInput = v.strictObject({ sessionId: SessionName });

export const ListSessionsInput = v.strictObject({
  deviceId: v.optional(DeviceIdText),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SESSIONS_PAGE_MAX)), 50),
});

export const OneSessionSchema = SyncSessionSchema;
export const SyncSessionsSchema = list(SyncSessionSchema);

/** No session counts more than its column holds. */
const COUNT_MAX = 2_147_483_647;
const Count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(COUNT_MAX)), 0);

export const CompleteSessionInput = v.strictObject({
  sessionId: SessionName,
  operationsCompleted: Count,
  operationsFailed: Count,
  playSessions: v.optional(
    v.nullable(v.pipe(v.array(PlaySessionEntrySchema), v.maxLength(1000), v.readonly())),
    null,
  ),
});

/** A session that ended, and what became of the play sessions that came with its end. */
export interface CompletedSession {
  readonly session: SyncSession;
  readonly ingested: IngestedPlaySessions | null;
}

export const CompletedSessionSchema = v.object({
  session: SyncSessionSchema,
  ingested: v.nullable(IngestedSchema),
});
