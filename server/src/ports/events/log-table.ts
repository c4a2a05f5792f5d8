import type { DatabaseHandle } from "@multitap/db";
import type { Topic } from "../../base/events.ts";
import { LOG_AGE_MS, LOG_EVENTS_MAX, READ_EVENTS_MAX } from "./limits.ts";
import type { LoggedEvent } from "./port.ts";

type Sql = DatabaseHandle["sql"];

interface LogRow {
  readonly id: string;
  readonly at: Date;
  readonly topic: Topic;
  readonly user_id: number | null;
  readonly data: never;
}

/** Events behind `id` in order, at most `READ_EVENTS_MAX`. */
export async function readEventsAfter(sql: Sql, id: number): Promise<readonly LoggedEvent[]> {
  const rows = await sql<LogRow[]>`select id, at, topic, user_id, data from event_log
    where id > ${id} order by id limit ${READ_EVENTS_MAX}`;
  return rows.map((row) => ({
    id: String(row.id),
    at: new Date(row.at).toISOString(),
    topic: row.topic,
    userId: row.user_id,
    data: row.data,
  }));
}

/** First and last id that the log still holds; zero for an empty log. */
export async function readLogBounds(sql: Sql): Promise<{ readonly first: number; readonly last: number }> {
  const [row] = await sql<{ first: string | null; last: string | null }[]>`
    select min(id) as first, max(id) as last from event_log`;
  return { first: Number(row?.first ?? 0), last: Number(row?.last ?? 0) };
}

/** Drops what is too old or too much; the newest row stays, or an empty log could not judge resume points. */
export async function sweepLog(sql: Sql): Promise<void> {
  await sql`delete from event_log where id < (select max(id) from event_log)
    and (at < now() - ${LOG_AGE_MS} * interval '1 millisecond'
      or id <= (select max(id) - ${LOG_EVENTS_MAX} from event_log))`;
}
