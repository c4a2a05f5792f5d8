/** Opens postgres.js and drizzle on an external or the embedded PostgreSQL: one driver, one type. */
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { createPool, type PoolUse, readPoolUse } from "./pool/index.ts";
import { type ConnectionTarget, readUrlTarget } from "./target.ts";

export type { DbLog, DbLogEntry } from "./log.ts";
export type { PoolUse } from "./pool/index.ts";
export {
  type ConnectionTarget,
  describeTarget,
  formatTarget,
  parseTarget,
  type SocketTarget,
  type UrlTarget,
  withDatabase,
} from "./target.ts";

export type Database = PostgresJsDatabase;
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];
/** Whatever a query function needs: a pool or an open transaction. */
export type Executor = Database | Transaction;

export interface DatabaseHandle {
  readonly db: Database;
  /** The driver below drizzle: LISTEN/NOTIFY, COPY, reserved connections. */
  readonly sql: postgres.Sql;
  /** How busy the pool is. */
  poolUse(): PoolUse | null;
  /**
   * Closes the pool: refuses new queries at once, waits for running ones, then cuts them.
   * @param timeoutMs Longest wait for running queries; default 5 s. Safe to call again.
   */
  close(timeoutMs?: number): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** Size of the pool; connections open on first need. */
  maxConnections: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Receives the server's NOTICE messages; they are dropped otherwise (the driver would print them). */
  onNotice?: ((notice: postgres.Notice) => void) | undefined;
  /** Longest wait for one connection to open; default 30 s, rounded up to a second. */
  connectTimeoutMs?: number | undefined;
}

const CLOSE_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 30_000;

// An idle backend holds a few MB; two minutes keep a busy server's pool warm and give the memory back at night.
const IDLE_TIMEOUT_S = 120;

// Keeps a reconnecting pool from hammering a server that is coming back; the driver's own limit is 20 s.
const RECONNECT_DELAY_MAX_S = 2;

/** PostgreSQL's type number of int8 (bigint), which `count(*)` and `sum(int)` return. */
const INT8_OID = 20;

/**
 * The value of an int8 column as the driver hands it out: a number up to ±(2^53 − 1), beyond that the exact
 * decimal text. Drizzle's bigint columns map both forms, so only raw queries on huge values ever see text.
 */
export function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/**
 * A pool on the target. Opens no connection by itself, so it succeeds while the server is down.
 *
 * Values of raw queries: int8 as {@link parseInt8} says, numeric as text, and all date and time types as text
 * (drizzle takes the driver's date parsers away and maps columns itself). The session's time zone is UTC.
 */
export function openDatabase(target: ConnectionTarget, options: OpenDatabaseOptions): DatabaseHandle {
  const sql = createPool("url" in target ? target.url : "", {
    ...addressOptions(target),
    max: options.maxConnections,
    idle_timeout: IDLE_TIMEOUT_S,
    connect_timeout: Math.ceil((options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS) / 1000),
    backoff: (retries: number) => Math.min(0.05 * 2 ** Math.min(retries, 10), RECONNECT_DELAY_MAX_S),
    onnotice: options.onNotice ?? dropNotice,
    connection: { application_name: options.applicationName, TimeZone: "UTC" },
    types: {
      int8: { to: INT8_OID, from: [INT8_OID], serialize: String, parse: parseInt8 },
    },
  });
  const db = drizzle(sql);
  targets.set(db, target);
  return {
    db,
    sql,
    poolUse: () => readPoolUse(sql),
    close: (timeoutMs = CLOSE_TIMEOUT_MS) => sql.end({ timeout: timeoutMs / 1000 }),
  };
}

const targets = new WeakMap<Database, ConnectionTarget>();

/** Where a pool that `openDatabase` made leads, for whoever needs a connection beside it. */
export function targetOf(db: Database): ConnectionTarget {
  const target = targets.get(db);
  if (target === undefined) throw new TypeError("this database was not opened by openDatabase");
  return target;
}

/**
 * What the driver is told of a target. User, database and port are always given: it would otherwise read PGUSER,
 * PGDATABASE or ask the system.
 */
export function addressOptions(target: ConnectionTarget) {
  if ("url" in target) {
    const { user, database } = readUrlTarget(target);
    return { user, database };
  }
  return {
    host: target.socketFolder,
    path: `${target.socketFolder}/.s.PGSQL.${target.port}`,
    port: target.port,
    user: target.user,
    database: target.database,
    // Not empty, or the driver falls back to PGPASSWORD; the socket's folder is the access control.
    password: "unused",
    ssl: false,
  };
}

function dropNotice(): void {
  // NOTICE is chatter ("relation exists, skipping"); warnings reach the server's own log.
}
