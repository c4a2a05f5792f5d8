import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { requireAccountId } from "../base/identity.ts";
import { operation, requireAccess } from "../base/operation.ts";
import { Nothing } from "../base/schemas.ts";
import { inTransaction } from "../base/transaction.ts";
import { keepOwnDevice, noteSighting } from "../devices/service.ts";
import { chooseVisibleRomIds } from "../roms/access/service.ts";
import { keepVisibleRoms, noteRomsPlayed } from "../roms/last-played/service.ts";
import {
  type IngestedEntry,
  type IngestedPlaySessions,
  IngestedSchema,
  IngestInput,
  ListPlaySessionsInput,
  type PlaySessionEntry,
  PlaySessionIdInput,
  PlaySessionListSchema,
} from "./contract.ts";
import { INGESTED_MAX } from "./limits.ts";
import { deleteSpan, insertSpans, listSpans } from "./queries.ts";
import { answerEntry, judgeEntries, latestEnds, spanKey } from "./rules.ts";

/** Spans that a device tells, and whose they are. */
export interface ToldPlaySessions {
  readonly userId: number;
  /** One that is not there, or not the user's, counts as none. */
  readonly deviceId: string | null;
  readonly syncSessionId: number | null;
  readonly entries: readonly PlaySessionEntry[];
}

/**
 * Stores spans of play that are not there yet, for other domains: inside an operation whose scope was asked before.
 * Roms that were played later than was known are noted as being played now.
 */
export async function ingestPlaySessions(
  ctx: Context,
  told: ToldPlaySessions,
): Promise<IngestedPlaySessions> {
  const { userId, syncSessionId, entries } = told;
  return await inTransaction(ctx, async (inner) => {
    const deviceId = told.deviceId === null ? null : await keepOwnDevice(inner, told.deviceId, userId);
    const romIds = await keepVisibleRoms(
      inner,
      entries.flatMap(({ romId }) => romId ?? []),
    );
    const { errors, repeats, spans } = judgeEntries(entries, { now: ctx.ports.clock.now(), romIds });
    const ids = await insertSpans(inner.db, { userId, deviceId, syncSessionId }, spans);
    const created = spans.filter((span) => ids.has(spanKey(span)));
    await noteRomsPlayed(inner, userId, latestEnds(created));
    if (deviceId !== null) await noteSighting(inner, deviceId);
    const known = spans
      .filter((span) => !ids.has(spanKey(span)))
      .map(({ index }) => answerEntry(index, { status: "duplicate" }));
    const news = created.map((span): IngestedEntry => {
      return answerEntry(span.index, { status: "created", id: ids.get(spanKey(span)) ?? null });
    });
    const duplicates = [...repeats, ...known].toSorted((a, b) => a.index - b.index);
    return {
      results: [...errors, ...duplicates, ...news],
      createdCount: news.length,
      skippedCount: entries.length - news.length,
    };
  });
}

/** The device that a caller's token is bound to; a browser's session is not. */
function findBoundDevice({ identity }: Pick<Context, "identity">): string | null {
  return identity.kind === "user" && identity.proof === "client_token" ? identity.deviceId : null;
}

/**
 * Stores spans of play that the caller's device tells. What happened to each stands under its place in the input.
 * @throws AppError `PLAY_SESSIONS_NONE_GIVEN`, `PLAY_SESSIONS_TOO_MANY`; `AUTH_ACCOUNT_REQUIRED` for callers without
 *   an account.
 */
export const ingestSessions = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    orScope: "me.write",
    input: IngestInput,
    output: IngestedSchema,
  },
  async (ctx, { deviceId: given, sessions }) => {
    const userId = requireAccountId(ctx);
    if (sessions.length === 0) {
      const message = "Payload must contain at least one session";
      throw new AppError("invalid", "PLAY_SESSIONS_NONE_GIVEN", { message });
    }
    if (sessions.length > INGESTED_MAX) {
      const message = `Batch size exceeds maximum of ${INGESTED_MAX}`;
      throw new AppError("invalid", "PLAY_SESSIONS_TOO_MANY", { message });
    }
    const deviceId = given ?? findBoundDevice(ctx);
    const told = { userId, deviceId, syncSessionId: null, entries: sessions };
    return await ingestPlaySessions(ctx, told);
  },
);

/**
 * Spans of play of the caller, or of somebody else for holders of `users.read`; those that began last first. Roms
 * that are hidden from the caller are left out of them.
 * @throws AppError `AUTH_SCOPE_MISSING`; `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const listPlaySessions = operation(
  {
    type: "query",
    scope: "roms.user.read",
    orScope: "me.read",
    input: ListPlaySessionsInput,
    output: PlaySessionListSchema,
  },
  async (ctx, { userId: asked, deviceId: given, ...query }) => {
    const own = requireAccountId(ctx);
    const userId = asked ?? own;
    if (userId !== own) requireAccess(ctx, { scope: "users.read" });
    const deviceId = given ?? (userId === own ? (findBoundDevice(ctx) ?? undefined) : undefined);
    const sessions = await listSpans(ctx.db, { ...query, userId, deviceId });
    const visible = await chooseVisibleRomIds(
      ctx,
      sessions.flatMap(({ romId }) => romId ?? []),
    );
    const isShown = (romId: number | null) => romId !== null && visible.has(romId);
    // All of one rom: they are those of a rom that is not there.
    if (query.romId !== undefined) return sessions.filter(({ romId }) => isShown(romId));
    return sessions.map((session) => (isShown(session.romId) ? session : { ...session, romId: null }));
  },
);

/**
 * Removes a span of the caller's.
 * @throws AppError `PLAY_SESSIONS_NOT_FOUND`, also for another's; `AUTH_ACCOUNT_REQUIRED` for callers without an
 *   account.
 */
export const removePlaySession = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    orScope: "me.write",
    input: PlaySessionIdInput,
    output: Nothing,
  },
  async (ctx, { sessionId }): Promise<null> => {
    if (await deleteSpan(ctx.db, sessionId, requireAccountId(ctx))) return null;
    const message = `Play session ${sessionId} not found`;
    throw new AppError("not_found", "PLAY_SESSIONS_NOT_FOUND", { message });
  },
);
