import type { Db } from "pg-boss";
import type postgres from "postgres";
import type { PgListener } from "../kv/pg-listener.ts";

/** Scripts that open a transaction by themselves must stay on one connection of the pool. */
const STARTS_TRANSACTION = /^\s*BEGIN\b/i;

const TIMESTAMP_OID = 1114;
const TIMESTAMPTZ_OID = 1184;

/** Gives pg-boss our pool and our listening connection; it opens none of its own. */
export function createPgBossDatabase(sql: postgres.Sql, listener: PgListener): Db {
  return {
    async executeSql(text, values = []) {
      if (values.length > 0)
        return { rows: readRows(await sql.unsafe(text, values.map(toParameter), { prepare: true })) };
      if (!STARTS_TRANSACTION.test(text)) return { rows: readRows(await sql.unsafe(text)) };
      return { rows: readRows(await runScript(sql, text)) };
    },
    async listen(channel, onNotification, onReconnect) {
      const stop = await listener.listen(channel, { onNotify: onNotification, onResume: onReconnect });
      return { close: stop };
    },
  };
}

async function runScript(sql: postgres.Sql, text: string): Promise<unknown[]> {
  const connection = await sql.reserve();
  try {
    return await connection.unsafe(text);
  } catch (error) {
    // The script stopped before its COMMIT, and the next user of the connection must not inherit that.
    await connection.unsafe("rollback").catch(ignoreDeadConnection);
    throw error;
  } finally {
    connection.release();
  }
}

function ignoreDeadConnection(): void {
  // A connection that cannot roll back is gone, and PostgreSQL has rolled back by itself.
}

/** Values as text: drizzle takes the driver's own ways of writing dates and JSON away from the pool. */
function toParameter(value: unknown): postgres.ParameterOrJSON<never> {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && !Array.isArray(value)) return JSON.stringify(value);
  return value as postgres.ParameterOrJSON<never>;
}

/** The rows of one statement, or of all statements of a script one after another. */
function readRows(result: unknown[]): unknown[] {
  return result.some(Array.isArray) ? result.flatMap((each) => reviveDates(each)) : reviveDates(result);
}

/** Drizzle also takes the date parsers away, so moments arrive as text; pg-boss wants `Date`. */
function reviveDates(result: unknown): unknown[] {
  const { columns = [] } = result as { columns?: readonly postgres.Column<string>[] };
  const names = columns.filter(isMoment).map((column) => column.name);
  const rows = [...(result as Record<string, unknown>[])];
  for (const row of rows) {
    for (const name of names) {
      const value = row[name];
      if (typeof value === "string") row[name] = parseMoment(value);
    }
  }
  return rows;
}

function isMoment(column: postgres.Column<string>): boolean {
  return column.type === TIMESTAMPTZ_OID || column.type === TIMESTAMP_OID;
}

/**
 * Reads PostgreSQL's ISO output, for instance `2025-11-20 10:14:00.123+00`; without an offset it is UTC.
 * `infinity` becomes an invalid date.
 */
export function parseMoment(text: string): Date {
  const iso = text.replace(" ", "T");
  if (/[+-]\d\d$/.test(iso)) return new Date(`${iso}:00`);
  return new Date(/[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}Z`);
}
