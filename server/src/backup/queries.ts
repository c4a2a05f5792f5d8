import { type Database, targetOf } from "@multitap/db";
import {
  checkDumpHistory,
  DatabaseInUse,
  type DumpFacts,
  findOccupancy,
  openSnapshot,
  restoreDump,
  type Snapshot,
} from "@multitap/db/dump";
import { AppError } from "../base/errors.ts";
import { PATHS_ASKED_MAX } from "./limits.ts";

export type { Snapshot } from "@multitap/db/dump";

/** Where the job queue keeps its tables; it makes them again when it starts. */
const OTHER_SCHEMAS = ["pgboss"];

/** All rows of the moment, for as long as it is open. It has a connection of its own. */
export async function takeSnapshot(db: Database): Promise<Snapshot> {
  return await openSnapshot(targetOf(db));
}

/** Every file of users that a row of ours names, those in the trash among them. */
const NAMED_PATHS = `(
  select stored_path as path, file_size_bytes::bigint as size from saves union
  select stored_path, file_size_bytes::bigint from states union
  select stored_path, file_size_bytes::bigint from screenshots union
  select stored_path, file_size_bytes::bigint from trashed_assets where purged_at is null
) as named`;

/** A snapshot of a schema from before these tables existed names no files. */
async function hasAssetTables(snapshot: Snapshot): Promise<boolean> {
  const names = new Set(snapshot.tables.map(({ name }) => name));
  return ["saves", "states", "screenshots", "trashed_assets"].every((name) => names.has(name));
}

/** The bytes of all files of users that rows of a snapshot name. */
export async function sumAssetBytes(snapshot: Snapshot): Promise<number> {
  if (!(await hasAssetTables(snapshot))) return 0;
  const [row] = await snapshot.query<{ sizeBytes: number | string }>(
    `select coalesce(sum(size), 0)::bigint as "sizeBytes" from (select path, max(size) as size from ${NAMED_PATHS} group by path) as each`,
  );
  return Number(row?.sizeBytes ?? 0);
}

/** The next stored paths that rows of a snapshot name, in the order of their bytes. */
export async function listAssetPaths(snapshot: Snapshot, after: string): Promise<readonly string[]> {
  if (!(await hasAssetTables(snapshot))) return [];
  const rows = await snapshot.query<{ path: string }>(
    `select distinct path collate "C" as path from ${NAMED_PATHS}
     where path collate "C" > $1 order by 1 limit ${PATHS_ASKED_MAX}`,
    [after],
  );
  return rows.map(({ path }) => path);
}

/**
 * Refuses a dump that this version cannot read back.
 * @throws DbError `E_SCHEMA_NEWER`, `E_SCHEMA_FOREIGN`.
 */
export function requireKnownHistory(history: DumpFacts["history"], appVersion: string): void {
  checkDumpHistory(history, appVersion);
}

/**
 * Refuses a database with accounts or games, unless it is to be replaced.
 * @throws AppError `BACKUP_BASE_IN_USE`; DbError for a database of another program.
 */
export async function requireEmptyDatabase(db: Database, isReplacing: boolean): Promise<void> {
  const occupancy = await findOccupancy(targetOf(db));
  if (occupancy === "used" && !isReplacing) throw baseInUse();
}

export interface RowsToRestore {
  readonly facts: DumpFacts;
  readonly readTable: (name: string) => AsyncIterable<Uint8Array>;
  readonly appVersion: string;
  readonly isReplacing: boolean;
  readonly onTable: (name: string) => void;
}

/**
 * Puts all rows in the place of those of a database, or changes nothing.
 * @throws AppError `BACKUP_BASE_IN_USE`; DbError.
 */
export async function restoreRows(db: Database, rows: RowsToRestore): Promise<void> {
  try {
    await restoreDump({ ...rows, target: targetOf(db), otherSchemas: OTHER_SCHEMAS });
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw error;
    throw error.reason === "data" ? baseInUse() : baseBusy();
  }
}

function baseBusy(): AppError<"unavailable"> {
  return new AppError("unavailable", "BACKUP_BASE_BUSY", {
    message: "Another process works on the database. Stop every server that uses it, and try again",
  });
}

function baseInUse(): AppError<"conflict"> {
  return new AppError("conflict", "BACKUP_BASE_IN_USE", {
    message: "There are accounts or games already. Use an empty base folder, or --replace to lose them",
  });
}
