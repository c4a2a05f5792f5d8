import { tracked } from "@trpc/server";
import type { Context } from "../base/context.ts";
import { parseInput } from "../base/operation.ts";
import type { EventFeed, FeedItem, LoggedEvent } from "../ports/events/port.ts";
import { guarded, mutation, query, toTrpcError } from "../rpc/procedures.ts";
import { EventsInput, type EventsRequest } from "./contract.ts";
import { openProbe } from "./probe/service.ts";
import {
  EVENTS_ACCESS,
  getServerInfo,
  hasMetadataSource,
  openEvents,
  requireStillAllowed,
} from "./service.ts";

/** What one message of the event stream holds. */
export type StreamMessage =
  | Pick<LoggedEvent, "id" | "topic" | "at" | "data">
  | { readonly id: string; readonly topic: "gap"; readonly at: string; readonly reason: string }
  | { readonly id: string; readonly topic: "mark"; readonly at: string };

/** Opens the feed before the stream begins, so that a refusal is an answer and not a broken stream. */
async function openStream(ctx: Context, raw: unknown, signal: AbortSignal) {
  try {
    return streamFeed(ctx, await openEvents(ctx, parseInput(EventsInput, raw)), signal);
  } catch (thrown) {
    throw toTrpcError(thrown);
  }
}

async function* streamFeed(ctx: Context, feed: EventFeed, signal: AbortSignal) {
  const mark = (): StreamMessage => ({
    id: feed.position(),
    topic: "mark",
    at: ctx.ports.clock.now().toISOString(),
  });
  try {
    // The first message is the position, so that a cut before the first event loses nothing.
    const first = mark();
    yield tracked(first.id, first);
    let [quietMs, checkedAtMs] = [0, performance.now()];
    while (!signal.aborted && !feed.isClosed) {
      const items = await feed.next(signal, RECHECK_MS);
      if (performance.now() - checkedAtMs >= RECHECK_MS) {
        await requireStillAllowed(ctx);
        checkedAtMs = performance.now();
      }
      for (const item of items) yield tracked(item.id, toMessage(ctx, item));
      quietMs = items.length > 0 ? 0 : quietMs + RECHECK_MS;
      if (quietMs < MARK_MS || signal.aborted || feed.isClosed) continue;
      const quiet = mark();
      quietMs = 0;
      yield tracked(quiet.id, quiet);
    }
  } catch (thrown) {
    throw toTrpcError(thrown);
  } finally {
    feed.close();
  }
}

/** After this much silence a listener is told its position: later it resumes there, not at its last event. */
const MARK_MS = 60_000;
/** How soon a listener that was signed out or disabled is let go; other processes are as late with a call. */
const RECHECK_MS = 5_000;

function toMessage(ctx: Context, item: FeedItem): StreamMessage {
  if ("gap" in item) {
    return { id: item.id, topic: "gap", at: ctx.ports.clock.now().toISOString(), reason: item.gap };
  }
  return { id: item.id, topic: item.topic, at: item.at, data: item.data };
}

/** The one event stream: topics are chosen by the listener, a reconnect resumes behind the last id. */
export const eventsProcedure = guarded(EVENTS_ACCESS)
  // The schema must name lastEventId, or the protocol drops it on a reconnect.
  .input((raw: unknown) => raw as EventsRequest)
  .subscription(({ ctx, input, signal }) => openStream(ctx, input, signal ?? ctx.signal));

/** The system procedures of the typed door. */
export const systemProcedures = {
  info: query(getServerInfo),
  hasMetadataSource: query(hasMetadataSource),
  openProbe: mutation(openProbe),
};
