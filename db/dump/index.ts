/** Dumps of all rows as text, and their way back: independent of PostgreSQL's version, as its own tools are not. */
import type { ConnectionTarget } from "../client.ts";
import { DbError, describeCause, sqlState } from "../errors.ts";
import {
  type AppliedMigration,
  checkHistory,
  expectNoForeignTables,
  prepareDatabase,
  readApplied,
} from "../migrate.ts";
import { listMigrations } from "../migration-files.ts";
import { type DumpSession, openSession } from "./session.ts";
import {
  copyList,
  listRemovals,
  listSequences,
  listTables,
  quoteName,
  type SequenceFacts,
  type TableFacts,
} from "./tables.ts";

export type { SequenceFacts, TableFacts } from "./tables.ts";

/** A migration that a database has. */
export type HistoryEntry = AppliedMigration;

/** All rows as they were at one moment, for as long as it is open. */
export interface Snapshot {
  readonly tables: readonly TableFacts[];
  readonly sequences: readonly SequenceFacts[];
  readonly history: readonly HistoryEntry[];
  /** E.g. `18.4`. */
  readonly serverVersion: string;
  /** Bytes that the rows take in the database, indexes left out: about what their text takes. */
  readonly sizeBytes: number;
  /** The rows of one table in COPY's text form, one line each. One table at a time. */
  copyOut(table: TableFacts): AsyncGenerator<Uint8Array>;
  /** Reads through the snapshot; between two tables, never within one. */
  query<T extends object>(text: string, parameters?: readonly (string | number)[]): Promise<readonly T[]>;
  close(): Promise<void>;
}

/**
 * Takes a snapshot of a migrated database on a connection of its own.
 * @throws DbError `E_SCHEMA_FOREIGN` for a database that is not ours.
 */
export async function openSnapshot(target: ConnectionTarget): Promise<Snapshot> {
  const session = openSession(target);
  try {
    await session.run("begin isolation level repeatable read read only");
    const history = await readApplied(session.sql);
    if (history === null) {
      throw new DbError("E_SCHEMA_FOREIGN", "the database has no tables of ours: there is nothing to save.");
    }
    return await describeSnapshot(session, history);
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function describeSnapshot(session: DumpSession, history: readonly HistoryEntry[]): Promise<Snapshot> {
  const { sql } = session;
  const [server] = await sql<{ version: string }[]>`select current_setting('server_version') as "version"`;
  const tables = await listTables(sql);
  const [size] = await sql<{ sizeBytes: number }[]>`
    select coalesce(sum(pg_table_size(to_regclass(quote_ident(name)))), 0)::bigint as "sizeBytes"
    from unnest(${tables.map(({ name }) => name)}::text[]) as t(name)`;
  return {
    tables,
    sequences: await listSequences(sql),
    history,
    serverVersion: server?.version ?? "unknown",
    sizeBytes: Number(size?.sizeBytes ?? 0),
    copyOut: (table) => session.copyOut(`copy ${copyList(table)} to stdout`),
    query: async <T extends object>(text: string, parameters: readonly (string | number)[] = []) =>
      [...(await sql.unsafe(text, [...parameters]))] as unknown as readonly T[],
    close: () => session.close(),
  };
}

/** What a dump says of the database that it came from. */
export interface DumpFacts {
  readonly history: readonly HistoryEntry[];
  readonly tables: readonly (TableFacts & { readonly rowCount: number })[];
  readonly sequences: readonly SequenceFacts[];
}

export interface RestoreOptions {
  readonly target: ConnectionTarget;
  readonly facts: DumpFacts;
  /** The rows of a table in COPY's text form. */
  readonly readTable: (name: string) => AsyncIterable<Uint8Array>;
  readonly appVersion: string;
  /** Also where accounts or games are. */
  readonly isReplacing: boolean;
  /** Schemas of others that work for us; they are made again at the next start. */
  readonly otherSchemas: readonly string[];
  readonly onTable?: ((name: string) => void) | undefined;
}

/**
 * Whether a dump of this history can be read back by this release.
 * @throws DbError `E_SCHEMA_NEWER`, `E_SCHEMA_FOREIGN`.
 */
export function checkDumpHistory(history: readonly HistoryEntry[], appVersion: string): void {
  checkHistory(history, listMigrations(), { appVersion });
}

/** How full a database is: no tables of ours, none with accounts or games, or in use. */
export async function findOccupancy(target: ConnectionTarget): Promise<"absent" | "empty" | "used"> {
  const session = openSession(target);
  try {
    return await readOccupancy(session);
  } finally {
    await session.close();
  }
}

async function readOccupancy({ sql }: DumpSession): Promise<"absent" | "empty" | "used"> {
  if ((await readApplied(sql)) === null) {
    await expectNoForeignTables(sql);
    return "absent";
  }
  const [row] = await sql<{ isUsed: boolean }[]>`
    select exists(select from users) or exists(select from roms) as "isUsed"`;
  return row?.isUsed === true ? "used" : "empty";
}

/** Refused because somebody's data is there, or because somebody works on it. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";

  constructor(readonly reason: "data" | "locked") {
    super(`the database is in use: ${reason}`);
  }
}

/** How long whoever works on the tables is waited for. */
const LOCK_WAIT = "10s";
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Puts a dump in the place of whatever a database holds, at the dump's own level of the schema: all of it, or, when
 * anything fails, nothing. `migrate` brings it up to this release afterwards.
 * @throws DbError, and DatabaseInUse when it holds accounts or games and was not to be replaced.
 */
export async function restoreDump(options: RestoreOptions): Promise<void> {
  checkDumpHistory(options.facts.history, options.appVersion);
  const session = openSession(options.target);
  try {
    const occupancy = await readOccupancy(session);
    if (occupancy === "used" && !options.isReplacing) throw new DatabaseInUse("data");
    await session.run("begin");
    await removeAll(session, options.otherSchemas);
    await prepareDatabase(session.sql);
    for (const { text } of listMigrations().slice(0, options.facts.history.length)) await session.run(text);
    await fillTables(session, options);
    for (const { name, lastValue, isCalled } of options.facts.sequences) {
      await session.run(`select setval('${quoteName(name)}', ${BigInt(lastValue)}, ${isCalled})`);
    }
    await session.run("commit");
    await session.run("analyze");
  } finally {
    await session.close();
  }
}

async function removeAll(session: DumpSession, schemas: readonly string[]): Promise<void> {
  await session.run(`set local lock_timeout = '${LOCK_WAIT}'`);
  try {
    for (const statement of await listRemovals(session.sql, schemas)) await session.run(statement);
  } catch (error) {
    throw sqlState(error) === LOCK_NOT_AVAILABLE ? new DatabaseInUse("locked") : error;
  }
}

/**
 * Triggers are off, because what they would note is in the dump. Not by `session_replication_role`, which takes a
 * superuser; the owner of a table may do this.
 */
async function fillTables(
  session: DumpSession,
  { facts, readTable, onTable }: RestoreOptions,
): Promise<void> {
  const known = await listTables(session.sql);
  const names = known.map(({ name }) => quoteName(name));
  for (const name of names) await session.run(`alter table ${name} disable trigger user`);
  // Migrations leave rows of their own; those of the dump stand for them.
  await session.run(`truncate ${names.join(", ")}`);
  for (const { name } of known) {
    const table = facts.tables.find((each) => each.name === name);
    if (table === undefined) throw mismatch(name, "is not in the dump");
    onTable?.(name);
    await fillTable(session, table, readTable(name));
  }
  for (const name of names) await session.run(`alter table ${name} enable trigger user`);
}

async function fillTable(
  session: DumpSession,
  table: TableFacts & { readonly rowCount: number },
  rows: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    await session.copyIn(`copy ${copyList(table)} from stdin`, rows);
  } catch (cause) {
    if (cause instanceof Error && !("severity" in cause)) throw cause;
    throw mismatch(table.name, `was refused by PostgreSQL: ${describeCause(cause)}`, cause);
  }
  const [row] = await session.sql.unsafe<{ rowCount: number }[]>(
    `select count(*) as "rowCount" from ${quoteName(table.name)}`,
  );
  if (row?.rowCount === table.rowCount) return;
  throw mismatch(table.name, `has ${row?.rowCount} rows in place of ${table.rowCount}`);
}

function mismatch(name: string, what: string, cause?: unknown): DbError {
  return new DbError("E_SCHEMA_FOREIGN", `table ${name} of the backup ${what}: nothing was kept.`, { cause });
}
