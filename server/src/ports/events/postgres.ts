import type { DatabaseHandle } from "@multitap/db";
import type { Topic } from "../../base/events.ts";
import type { PgListener } from "../kv/pg-listener.ts";
import type { Log } from "../log/port.ts";
import { createFeedHub } from "./hub.ts";
import { SWEEP_MS } from "./limits.ts";
import { sweepLog } from "./log-table.ts";
import type { Events, RaisedEvent } from "./port.ts";
import { createEventWriter, EVENT_CHANNEL } from "./writer.ts";

export interface PostgresEventsOptions {
  /** The one listening connection of the process; the caller closes it after us. */
  readonly listener: PgListener;
  readonly log: Log;
}

/** Events over one PostgreSQL table that all processes share, announced by NOTIFY. */
export async function createPostgresEvents(
  { sql }: Pick<DatabaseHandle, "sql">,
  { listener, log }: PostgresEventsOptions,
): Promise<Events> {
  const listeners = new Map<Topic, Set<(event: RaisedEvent) => void>>();
  const writer = createEventWriter(sql, log);
  const hub = await createFeedHub(sql);
  let isClosed = false;
  const report = (error: unknown) => {
    if (!isClosed) log.warn("event log cannot be read", { error });
  };
  const pull = () => void hub.pull().catch(report);
  const unlisten = await listener.listen(EVENT_CHANNEL, { onNotify: pull, onResume: pull });
  const sweeper = setInterval(() => void sweepLog(sql).catch(report), SWEEP_MS);
  sweeper.unref();

  return {
    raise(event) {
      for (const listener of listeners.get(event.topic) ?? []) listener(event);
      writer.add(event);
    },
    on(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set);
      // The map keeps listeners per topic, so each is called with its own topic's events only.
      const anyListener = listener as (event: RaisedEvent) => void;
      set.add(anyListener);
      return () => void set.delete(anyListener);
    },
    open: hub.open,
    async flush() {
      await writer.drain();
      await hub.pull();
    },
    async close() {
      isClosed = true;
      clearInterval(sweeper);
      hub.close();
      await writer.close();
      await unlisten();
    },
  };
}
