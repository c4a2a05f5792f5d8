/** Opens an operator's own PostgreSQL: waits where waiting helps, and says plainly what is wrong where it does not. */
import { type DatabaseHandle, type OpenDatabaseOptions, openDatabase } from "./client.ts";
import { DbError, describeCause, sqlState } from "./errors.ts";
import { askGreeting, type Greeting } from "./external-greeting.ts";
import type { DbLog } from "./log.ts";
import { type ConnectionTarget, describeTarget, readUrlTarget } from "./target.ts";

export interface OpenExternalOptions extends OpenDatabaseOptions {
  log: DbLog;
  /** Longest wait for a server that is not there yet; default 60 s. */
  waitMs?: number | undefined;
  /** The setting the address came from, for messages; default `DATABASE_URL`. */
  source?: "DATABASE_URL" | "DB_HOST" | undefined;
}

export interface ExternalDatabase extends DatabaseHandle {
  /** E.g. `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly serverVersion: string;
}

/** A database container usually needs seconds; one line per ten seconds tells that we wait. */
const WAIT_MS = 60_000;
const LOG_EVERY_MS = 10_000;
const RETRY_DELAY_MS = 1_000;
/** One attempt, so that a swallowed packet does not eat the whole wait. */
const ATTEMPT_TIMEOUT_MS = 10_000;

const VERSION_MIN = 150_000;

/**
 * A pool on an external server that has been proven to fit: reachable, PostgreSQL 15 or later, UTF8, writable, and
 * with pg_trgm present or creatable.
 * @throws DbError at once for what waiting cannot cure, `E_DB_CONNECT` when the wait is over.
 */
export async function openExternal(
  target: ConnectionTarget,
  options: OpenExternalOptions,
): Promise<ExternalDatabase> {
  const where: Place = { source: options.source ?? "DATABASE_URL", name: describeTarget(target) };
  const facts = await waitForServer(target, where, options);
  const problem = judgeServer(facts, where);
  if (problem !== null) throw problem;
  warnAboutCollation(facts, options.log);
  return { ...openDatabase(target, options), serverVersion: facts.versionText };
}

interface Place {
  source: string;
  name: string;
}

/** What decides whether a server fits. */
export interface ServerFacts {
  /** `server_version_num`, e.g. 150018. */
  version: number;
  versionText: string;
  database: string;
  encoding: string;
  isReadOnly: boolean;
  hasTrigram: boolean;
  isTrigramAvailable: boolean;
  canCreateExtension: boolean;
  canCreateTables: boolean;
  storedCollationVersion: string | null;
  actualCollationVersion: string | null;
}

async function waitForServer(
  target: ConnectionTarget,
  where: Place,
  options: OpenExternalOptions,
): Promise<ServerFacts> {
  const waitMs = options.waitMs ?? WAIT_MS;
  const startedAt = performance.now();
  for (let lines = 0; ; ) {
    const result = await attempt(target, where);
    if ("facts" in result) return result.facts;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs >= waitMs) {
      throw new DbError(
        "E_DB_CONNECT",
        `database ${where.name} did not answer for ${Math.round(waitedMs / 1000)} s: ${result.reason}. Check ${where.source}, the network and that the server runs.`,
        { cause: result.cause },
      );
    }
    if (waitedMs >= lines * LOG_EVERY_MS) {
      const message = `waiting for database ${where.name}: ${result.reason} (${Math.round(waitedMs / 1000)} of ${Math.round(waitMs / 1000)} s)`;
      options.log({ level: "warn", message });
      lines++;
    }
    await Bun.sleep(Math.min(RETRY_DELAY_MS, waitMs - waitedMs));
  }
}

type Attempt = { facts: ServerFacts } | { reason: string; cause?: unknown };

async function attempt(target: ConnectionTarget, where: Place): Promise<Attempt> {
  if ("url" in target) {
    const { host, port } = readUrlTarget(target);
    const greeting = await askGreeting(host, port, ATTEMPT_TIMEOUT_MS);
    if (greeting.kind === "unreachable") return { reason: greeting.reason };
    expectPostgres(greeting, `${host}:${port}`, where);
  }
  const handle = openDatabase(target, {
    maxConnections: 1,
    applicationName: "multitap-start",
    connectTimeoutMs: ATTEMPT_TIMEOUT_MS,
  });
  try {
    return { facts: await readFacts(handle) };
  } catch (error) {
    const refusal = findRefusal(error, where);
    if (refusal !== null) throw refusal;
    return { reason: describeCause(error), cause: error };
  } finally {
    await handle.close(0);
  }
}

function expectPostgres(greeting: Greeting, address: string, where: Place): void {
  if (greeting.kind === "mysql") {
    const variables = where.source === "DB_HOST" ? "DB_*" : where.source;
    throw new DbError(
      "E_DB_MARIADB",
      `${where.source} ${address} is ${greeting.product}; Multitap uses PostgreSQL. Remove ${variables} for the built-in database, then run import-romm.`,
    );
  }
  if (greeting.kind === "other") {
    throw new DbError(
      "E_DB_CONNECT",
      `${where.source} ${address} is not a PostgreSQL server: it answered "${greeting.text}". Correct host and port (PostgreSQL's is 5432).`,
      { exitCode: 78 },
    );
  }
}

/** The server is starting, stopping or full: the next attempt may succeed. */
const PASSING_STATES: readonly string[] = ["57P01", "57P02", "57P03", "53300", "53400"];

/** Codes of the TLS layer; all of them last until someone changes a certificate or the URL. */
const TLS_CODE = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_/;

/** The refusal for an error that waiting does not cure; null when it may pass. */
export function findRefusal(error: unknown, where: Place): DbError | null {
  const state = sqlState(error);
  const detail = error instanceof Error ? error.message : String(error);
  switch (state) {
    case "28P01":
    case "28000":
    case "42501":
      return new DbError(
        "E_DB_AUTH",
        `database ${where.name} refuses us: ${detail}. Correct user and password in ${where.source}, or the server's pg_hba.conf.`,
        { cause: error },
      );
    case "3D000":
      return new DbError(
        "E_DB_MISSING",
        `database ${where.name} does not exist: ${detail}. Create it (CREATE DATABASE … ENCODING 'UTF8'), or correct ${where.source}.`,
        { cause: error },
      );
  }
  const code = describeCause(error);
  const isLasting = state === null ? TLS_CODE.test(code) : !PASSING_STATES.includes(state);
  if (!isLasting || state?.startsWith("08")) return null;
  return new DbError(
    "E_DB_CONNECT",
    `database ${where.name} cannot be used: ${code}, ${detail}. Correct ${where.source} or the server's settings.`,
    { cause: error, exitCode: 78 },
  );
}

async function readFacts({ sql }: DatabaseHandle): Promise<ServerFacts> {
  const [server] = await sql<{ version: number; versionText: string }[]>`
    select current_setting('server_version_num')::int as "version",
           current_setting('server_version') as "versionText"`;
  const basics = { version: server?.version ?? 0, versionText: server?.versionText ?? "unknown" };
  if (basics.version < VERSION_MIN) return { ...UNKNOWN_FACTS, ...basics }; // The columns below came with 15.
  const [rest] = await sql<Omit<ServerFacts, "version" | "versionText">[]>`
    select datname as "database",
           pg_encoding_to_char(encoding) as "encoding",
           pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "isReadOnly",
           exists (select from pg_extension where extname = 'pg_trgm') as "hasTrigram",
           exists (select from pg_available_extensions where name = 'pg_trgm') as "isTrigramAvailable",
           has_database_privilege(oid, 'CREATE') as "canCreateExtension",
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "canCreateTables",
           datcollversion as "storedCollationVersion",
           pg_database_collation_actual_version(oid) as "actualCollationVersion"
    from pg_database where datname = current_database()`;
  return { ...UNKNOWN_FACTS, ...rest, ...basics };
}

const UNKNOWN_FACTS: ServerFacts = {
  version: 0,
  versionText: "unknown",
  database: "unknown",
  encoding: "unknown",
  isReadOnly: false,
  hasTrigram: false,
  isTrigramAvailable: false,
  canCreateExtension: false,
  canCreateTables: false,
  storedCollationVersion: null,
  actualCollationVersion: null,
};

/** The refusal of a server that answers but does not fit; null when it fits. */
export function judgeServer(facts: ServerFacts, where: Place): DbError | null {
  if (facts.version < VERSION_MIN) {
    const text = `database ${where.name} is PostgreSQL ${facts.versionText}: too old. Use PostgreSQL 15 or later, or the built-in database.`;
    return new DbError("E_DB_VERSION", text);
  }
  if (facts.encoding !== "UTF8") {
    const text = `database ${where.name} has encoding ${facts.encoding}: UTF8 is needed. Create a database with ENCODING 'UTF8' and correct ${where.source}.`;
    return new DbError("E_DB_ENCODING", text);
  }
  if (facts.isReadOnly) {
    const text = `database ${where.name} is read-only: a standby, or set so. Point ${where.source} to the primary server.`;
    return new DbError("E_DB_CONNECT", text, { exitCode: 78 });
  }
  if (!facts.canCreateTables) {
    const text = `database ${where.name} does not let this user create tables: no CREATE right on its schema. Run GRANT CREATE ON SCHEMA public TO the user, or make it the database's owner.`;
    return new DbError("E_DB_AUTH", text);
  }
  return judgeTrigram(facts, where);
}

function judgeTrigram(facts: ServerFacts, where: Place): DbError | null {
  if (facts.hasTrigram || (facts.isTrigramAvailable && facts.canCreateExtension)) return null;
  const problem = facts.isTrigramAvailable
    ? `this user may not create it. Run CREATE EXTENSION pg_trgm in ${facts.database} as its owner`
    : "the server does not have it. Install PostgreSQL's contrib package";
  return new DbError("E_DB_EXTENSION", `database ${where.name} lacks the extension pg_trgm: ${problem}.`);
}

function warnAboutCollation(facts: ServerFacts, log: DbLog): void {
  const { storedCollationVersion: stored, actualCollationVersion: actual, database } = facts;
  if (stored === null || actual === null || stored === actual) return;
  log({
    level: "warn",
    message: `database ${database} was made with collation version ${stored}, the server now has ${actual}: text indexes may be wrong. Run REINDEX DATABASE "${database}"; then ALTER DATABASE "${database}" REFRESH COLLATION VERSION.`,
  });
}
