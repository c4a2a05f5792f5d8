import type { IngestedPlaySessions, PlaySession } from "@multitap/server/contract/play-sessions";
import type { Instant } from "../auth/types.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** One span of play, as a device tells it. */
export interface PlayedSpan {
  /** A rom that is not there counts as none. */
  readonly romId?: number | null | undefined;
  readonly saveSlot?: string | null | undefined;
  readonly startedAt: Instant;
  /** At least a second after the start. */
  readonly endedAt: Instant;
  /** Time with the screen on; the whole span unless said. */
  readonly durationMs?: number | undefined;
}

/** Which spans to read. */
export interface PlaySessionsFilter {
  readonly romId?: number | undefined;
  readonly deviceId?: string | undefined;
  /** Of somebody else, for those who may read users. */
  readonly userId?: number | undefined;
  /** Began then or later. */
  readonly startedFrom?: Instant | undefined;
  /** Began then or earlier. */
  readonly startedUntil?: Instant | undefined;
  /** At most 1000; 50 unless said. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** What was played, and how long. */
export interface PlaySessions {
  /**
   * Tells spans of play, at most 100. Telling one again does no harm.
   * @param input.deviceId The device that the sign-in is bound to unless said.
   * @returns What became of each; `index` counts the given sessions.
   * @throws MultitapError `invalid`.
   * @example
   * await client.playSessions.ingest({ sessions: [{ romId: 42, startedAt, endedAt }] });
   */
  ingest(
    input: { readonly deviceId?: string | null | undefined; readonly sessions: readonly PlayedSpan[] },
    options?: WriteOptions,
  ): Promise<IngestedPlaySessions>;
  /**
   * Gives spans of play; those that began last first.
   * @throws MultitapError `forbidden` for others' without the right to read users.
   * @example
   * const [last] = await client.playSessions.list({ romId: 42, limit: 1 });
   */
  list(filter?: PlaySessionsFilter, options?: CallOptions): Promise<readonly PlaySession[]>;
  /**
   * Removes a span of one's own.
   * @throws MultitapError `not_found`.
   * @example
   * await client.playSessions.remove(session.id);
   */
  remove(sessionId: number, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createPlaySessions(rpc: Rpc): PlaySessions {
  return {
    ingest: (input, options) => rpc.mutate("playSessions.ingest", input, options),
    list: (filter = {}, options) => rpc.query("playSessions.list", filter, options),
    async remove(sessionId, options) {
      await rpc.mutate("playSessions.remove", { sessionId }, options);
    },
  };
}
