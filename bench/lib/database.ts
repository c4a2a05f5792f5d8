import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DatabaseHandle, openDatabase } from "@multitap/db";

/** Opens one connection to the embedded database of a server that is running on this data folder. */
export function openEmbedded(basePath: string): DatabaseHandle {
  // The server notes where its socket is for whoever has to clean up after it.
  const note = JSON.parse(readFileSync(join(basePath, "postgres", "multitap.lock"), "utf8")) as {
    readonly socketFolder: string;
  };
  const target = { socketFolder: note.socketFolder, port: 5432, user: "multitap", database: "multitap" };
  return openDatabase(target, { maxConnections: 1, applicationName: "multitap-bench" });
}

/** Columns of a table that a copy takes over: all but the key and what it overrides. */
async function listColumns({ sql }: DatabaseHandle, table: string, without: readonly string[]) {
  const rows = await sql<{ column_name: string }[]>`
    select column_name from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} order by ordinal_position`;
  return rows.map((row) => row.column_name).filter((name) => !without.includes(name));
}

const list = (names: readonly string[], table: string) => names.map((name) => `${table}.${name}`).join(", ");

/**
 * Copies every rom with its files and facets `times` times under new names, in one transaction, and refreshes
 * the planner's statistics.
 * @returns How many roms there are afterwards.
 */
export async function cloneRoms(handle: DatabaseHandle, times: number): Promise<number> {
  const romColumns = await listColumns(handle, "roms", ["id", "fs_name", "name", "name_sort_key"]);
  const fileColumns = await listColumns(handle, "rom_files", ["id", "rom_id", "file_name"]);
  await handle.sql.begin(async (sql) => {
    await sql`create temporary table originals on commit drop as select * from roms`;
    for (let copy = 1; copy <= times; copy += 1) {
      const mark = ` ~${copy}`;
      await sql.unsafe(
        `insert into roms (fs_name, name, name_sort_key, ${romColumns.join(", ")})
         select o.fs_name || $1, o.name || $1, o.name_sort_key || $1, ${list(romColumns, "o")} from originals o`,
        [mark],
      );
      const pairs = `select o.id as old_id, n.id as new_id from originals o
        join roms n on n.platform_id = o.platform_id and n.fs_name = o.fs_name || $1`;
      await sql.unsafe(
        `insert into rom_files (rom_id, file_name, ${fileColumns.join(", ")})
         select p.new_id, f.file_name || $1, ${list(fileColumns, "f")} from (${pairs}) p join rom_files f on f.rom_id = p.old_id`,
        [mark],
      );
      await sql.unsafe(
        `insert into rom_facets (rom_id, platform_id, kind, value)
         select p.new_id, f.platform_id, f.kind, f.value from (${pairs}) p join rom_facets f on f.rom_id = p.old_id`,
        [mark],
      );
    }
  });
  // The server's own housekeeping would come to it minutes later, in the middle of a measurement.
  await handle.sql`vacuum (analyze) roms, rom_files, rom_facets`;
  const [row] = await handle.sql<{ total: number }[]>`select count(*)::int as total from roms`;
  return row?.total ?? 0;
}

/** How many roms of a running server have a hash of RetroAchievements. */
export async function countRaHashes(basePath: string): Promise<number> {
  const handle = openEmbedded(basePath);
  try {
    const [row] = await handle.sql<{ total: number }[]>`
      select count(*)::int as total from roms where ra_hash <> ''`;
    return row?.total ?? 0;
  } finally {
    await handle.close();
  }
}
