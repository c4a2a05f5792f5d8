import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { changeSession, findSession, listSessions } from "../../devices/sync-sessions/service.ts";
import { ingestPlaySessions } from "../../play-sessions/service.ts";
import { raiseSync } from "../events/service.ts";
import {
  type CompletedSession,
  CompletedSessionSchema,
  CompleteSessionInput,
  ListSessionsInput,
  OneSessionSchema,
  SessionInput,
  SyncSessionsSchema,
} from "./contract.ts";

async function requireSession(ctx: Context, name: number | string): Promise<SyncSession> {
  const session = await findSession(ctx, name, requireAccountId(ctx));
  if (session !== null) return session;
  throw new AppError("not_found", "SYNC_SESSION_NOT_FOUND", {
    message: `Sync session with ID ${name} not found`,
  });
}

/**
 * Ends a session with what the device counted; play sessions may come along.
 * @throws AppError `SYNC_SESSION_NOT_FOUND`, `SYNC_SESSION_ENDED`.
 */
export const completeSyncSession = operation(
  { type: "mutation", scope: "devices.write", input: CompleteSessionInput, output: CompletedSessionSchema },
  async (ctx, { sessionId, playSessions, ...counts }): Promise<CompletedSession> =>
    await inTransaction(ctx, async (inner) => {
      const found = await requireSession(inner, sessionId);
      const session = await changeSession(inner, found.id, { ...counts, status: "completed" });
      if (session === null) {
        const message = `Session is already ${found.status.toUpperCase()}`;
        throw new AppError("invalid", "SYNC_SESSION_ENDED", { message, details: { status: found.status } });
      }
      const { deviceId, userId, id } = session;
      raiseSync(inner, { id: deviceId, userId }, { phase: "completed", session });
      const ingested =
        playSessions === null || playSessions.length === 0
          ? null
          : await ingestPlaySessions(inner, { userId, deviceId, syncSessionId: id, entries: playSessions });
      return { session, ingested };
    }),
);

/** The caller's sync sessions, newest first. */
export const listSyncSessions = operation(
  { type: "query", scope: "devices.read", input: ListSessionsInput, output: SyncSessionsSchema },
  async (ctx, { deviceId, limit }) =>
    await listSessions(ctx, { userId: requireAccountId(ctx), deviceId, limit }),
);

/**
 * One of the caller's sync sessions.
 * @throws AppError `SYNC_SESSION_NOT_FOUND`.
 */
export const getSyncSession = operation(
  { type: "query", scope: "devices.read", input: SessionInput, output: OneSessionSchema },
  async (ctx, { sessionId }) => await requireSession(ctx, sessionId),
);
