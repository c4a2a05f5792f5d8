import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { createUuid } from "../../base/ids.ts";
import { Id } from "../../base/schemas.ts";
import type { SyncSession } from "./contract.ts";
import {
  cancelOldSessions,
  cancelOpenSessions,
  countOperation,
  findOwnSession,
  insertSession,
  listOwnSessions,
  type SessionChange,
  updateOpenSession,
} from "./queries.ts";

type Scene = Pick<Context, "db">;

/** How long a session may stay open before nobody will end it any more: a day, in milliseconds. */
const SESSION_OPEN_MS = 24 * 60 * 60 * 1000;

/** Begins a session of a device; one that was open is cancelled. */
export async function beginSession(
  ctx: Scene,
  device: { readonly id: string; readonly userId: number },
  start: { readonly status: "pending" | "in_progress"; readonly operationsPlanned: number },
): Promise<SyncSession> {
  await cancelOpenSessions(ctx.db, device.id);
  return await insertSession(ctx.db, {
    ...start,
    uuid: createUuid(),
    deviceId: device.id,
    userId: device.userId,
  });
}

/** Counts one operation as done, if the session is this user's and open. */
export async function countSessionOperation(ctx: Scene, sessionId: number, userId: number): Promise<void> {
  // A number that names none must not reach the database, which could not compare it.
  if (!v.is(Id, sessionId)) return;
  await countOperation(ctx.db, sessionId, userId);
}

/** Changes or ends an open session; null when it has ended already. */
export async function changeSession(
  ctx: Scene,
  sessionId: number,
  change: SessionChange,
): Promise<SyncSession | null> {
  return await updateOpenSession(ctx.db, sessionId, change);
}

/** A session of a user by its number or its UUID, or null. */
export async function findSession(
  ctx: Scene,
  name: number | string,
  userId: number,
): Promise<SyncSession | null> {
  return await findOwnSession(ctx.db, name, userId);
}

/** Sessions of a user, newest first. */
export async function listSessions(
  ctx: Scene,
  page: { readonly userId: number; readonly deviceId: string | undefined; readonly limit: number },
): Promise<readonly SyncSession[]> {
  return await listOwnSessions(ctx.db, page);
}

/** Cancels sessions of anybody that nobody ended within a day; gives how many. */
export async function cancelForgottenSessions(ctx: Pick<Context, "db" | "ports">): Promise<number> {
  const before = new Date(ctx.ports.clock.now().getTime() - SESSION_OPEN_MS);
  return await cancelOldSessions(ctx.db, before);
}
