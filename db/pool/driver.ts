/** What the pool knows of the driver's query objects, beyond its published types; checked by `pool.db.test.ts`. */
import type postgres from "postgres";
import type { StatementBook } from "./prepared.ts";

/** A `sql` function of the driver: of a pool, a reserved connection or a transaction. */
export type DriverSql = postgres.ReservedSql;

export type DriverOptions = postgres.Options<Record<string, postgres.PostgresType>>;

export type QueryHandler = (query: DriverQuery) => void;

export interface DriverQuery extends Promise<unknown> {
  /** Called once, when somebody awaits the query: hands it to a connection. */
  handler: QueryHandler;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Truthy when it was cancelled before it ran. */
  cancelled: unknown;
  /** Set for COPY: the promise resolves with a stream, and the connection stays busy until that is closed. */
  streaming?: boolean | undefined;
  /** Set for cursors. */
  cursorFn?: unknown;
}

/** The function with which a driver's `sql` runs its queries. */
export function findHandler(sql: DriverSql): QueryHandler {
  return (sql.unsafe("") as unknown as DriverQuery).handler;
}

/** A copy of a driver's `sql` function whose queries are run by another handler, the frequent ones prepared. */
export function routeQueries(
  sql: DriverSql,
  book: StatementBook,
  wrap: (run: QueryHandler) => QueryHandler,
): DriverSql {
  const route = <T>(value: T): T => {
    const query = value as unknown as Partial<DriverQuery>;
    if (typeof query.handler === "function") query.handler = wrap(query.handler);
    return value;
  };
  const call = sql as unknown as (...words: unknown[]) => unknown;
  const routed = ((...words: unknown[]) => route(call(...words))) as unknown as DriverSql;
  return Object.assign(routed, sql, {
    unsafe: (...[text, parameters, options]: Parameters<DriverSql["unsafe"]>) =>
      // Without parameters it is a simple query, which may hold several statements.
      parameters === undefined || parameters.length === 0
        ? route(sql.unsafe(text, parameters, options))
        : route(sql.unsafe(text, parameters, { ...options, prepare: book.isFrequent(text) })),
    notify: (channel: string, payload: string) => routed`select pg_notify(${channel}, ${payload})`,
  });
}

/** Tells when the driver is done with a query and its connection. */
export function whenSettled(query: DriverQuery, onSettled: () => void): void {
  if (query.cursorFn !== undefined) {
    whenAnswered(query, onSettled);
    return;
  }
  query.then((result) => {
    if (query.streaming === true) (result as NodeJS.ReadableStream).once("close", onSettled);
    else onSettled();
  }, onSettled);
}

// A cursor replaces these two functions for each batch, and its promise never settles.
function whenAnswered(query: DriverQuery, onSettled: () => void): void {
  for (const name of ["resolve", "reject"] as const) {
    let answer = query[name];
    Object.defineProperty(query, name, {
      get: () => (value: unknown) => {
        onSettled();
        answer(value);
      },
      set: (next: typeof answer) => {
        answer = next;
      },
    });
  }
}
