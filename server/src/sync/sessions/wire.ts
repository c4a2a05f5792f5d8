import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { fromPlaySessionEntryWire, toIngestedWire } from "../../play-sessions/wire.ts";
import { isFields, rename } from "../wire.ts";
import type { CompletedSession } from "./contract.ts";

/** The compatible sync session schema. */
export function toSyncSessionWire(session: SyncSession) {
  return {
    id: session.id,
    uuid: session.uuid,
    device_id: session.deviceId,
    user_id: session.userId,
    status: session.status.toUpperCase(),
    initiated_at: session.initiatedAt,
    completed_at: session.completedAt,
    operations_planned: session.operationsPlanned,
    operations_completed: session.operationsCompleted,
    operations_failed: session.operationsFailed,
    error_message: session.errorMessage,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
  };
}

/** The compatible answer to the end of a session. */
export function toCompletedWire({ session, ingested }: CompletedSession) {
  return {
    session: toSyncSessionWire(session),
    play_session_ingest: ingested === null ? null : toIngestedWire(ingested),
  };
}

/** Reads the compatible body of a session's end. */
export function fromCompleteWire(body: unknown, sessionId: unknown): unknown {
  if (!isFields(body)) return body;
  const { play_sessions: playSessions } = body;
  return {
    sessionId,
    ...rename(body, {
      operationsCompleted: "operations_completed",
      operationsFailed: "operations_failed",
    }),
    playSessions: Array.isArray(playSessions) ? playSessions.map(fromPlaySessionEntryWire) : playSessions,
  };
}
