import type { DatabaseHandle } from "@multitap/db";
import type { Log } from "../log/port.ts";
import { BETWEEN_BATCHES_MS, PENDING_EVENTS_MAX, READ_EVENTS_MAX, RETRY_MS } from "./limits.ts";
import type { RaisedEvent } from "./port.ts";

/** Channel on which processes tell each other that the log grew. */
export const EVENT_CHANNEL = "multitap_events";
/** Serialises writers of the log, so that ids become visible in their order. */
const LOG_LOCK = 7_420_003;

export interface EventWriter {
  add(event: RaisedEvent): void;
  /** Waits until nothing is pending. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Writes raised events to the shared log in batches, in order, until the database takes them. */
export function createEventWriter(sql: DatabaseHandle["sql"], log: Log): EventWriter {
  const pending: RaisedEvent[] = [];
  let writing: Promise<void> | null = null;
  let isClosed = false;

  async function writeAll(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0, READ_EVENTS_MAX);
      try {
        await insertEvents(sql, batch);
        await Bun.sleep(BETWEEN_BATCHES_MS);
      } catch (error) {
        pending.unshift(...batch);
        if (isClosed) return;
        log.warn("event log cannot be written", { error });
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  return {
    add(event) {
      if (pending.length >= PENDING_EVENTS_MAX) pending.shift();
      pending.push(event);
      writing ??= writeAll().finally(() => {
        writing = null;
      });
    },
    async drain() {
      while (writing !== null) await writing;
    },
    async close() {
      isClosed = true;
      await writing;
    },
  };
}

async function insertEvents(sql: DatabaseHandle["sql"], batch: readonly RaisedEvent[]): Promise<void> {
  const at = new Date().toISOString();
  const rows = batch.map((event) => ({ topic: event.topic, user_id: event.userId, data: event.data, at }));
  // As text: drizzle turns this driver's own JSON serialisation off.
  const text = JSON.stringify(rows);
  // One round trip; the rows take their ids behind the lock because they are joined to it.
  await sql`with locked as materialized (select pg_advisory_xact_lock(${LOG_LOCK})),
    written as (insert into event_log (topic, user_id, data, at)
      select topic, user_id, data, at from locked, jsonb_to_recordset(${text}::text::jsonb)
      as r(topic text, user_id integer, data jsonb, at timestamptz))
    select pg_notify(${EVENT_CHANNEL}, '')`;
}
