/** What a database of ours consists of, as far as its rows go. */
import type postgres from "postgres";

/** One table, and the columns whose values are stored. */
export interface TableFacts {
  readonly name: string;
  /** In their order; generated ones are not among them. */
  readonly columns: readonly string[];
}

/** Where a sequence stands. */
export interface SequenceFacts {
  readonly name: string;
  /** Decimal text: it may exceed what numbers hold. */
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/**
 * Tables whose rows are no data of anyone: what expires by itself is not brought back, above all tokens that were
 * good for one use.
 */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(["kv_entries", "kv_members"]);

/** A part of a catalogue query: relations of our schema that belong to no extension. */
const OURS = `c.relnamespace = to_regnamespace(current_schema()::text)
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`;

/** Tables whose rows belong to a dump, each after those that its foreign keys lead to. */
export async function listTables(sql: postgres.Sql): Promise<readonly TableFacts[]> {
  const tables = await sql.unsafe<{ name: string; columns: string[] }[]>(`
    select c.relname as "name", array_agg(a.attname::text order by a.attnum) as "columns"
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and ${OURS}
    group by c.relname order by c.relname collate "C"`);
  const links = await sql.unsafe<{ from: string; to: string }[]>(`
    select c.relname as "from", t.relname as "to" from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and ${OURS}`);
  return orderByLinks(
    tables.filter(({ name }) => !WITHOUT_ROWS.has(name)),
    links,
  );
}

/** Puts every table behind those that it leads to; tables that lead to each other stay in their order. */
export function orderByLinks(
  tables: readonly TableFacts[],
  links: readonly { readonly from: string; readonly to: string }[],
): readonly TableFacts[] {
  const ordered: TableFacts[] = [];
  const seen = new Set<string>();
  const visit = (table: TableFacts) => {
    if (seen.has(table.name)) return;
    seen.add(table.name);
    for (const { to } of links.filter(({ from }) => from === table.name)) {
      const target = tables.find(({ name }) => name === to);
      if (target !== undefined) visit(target);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

/** Where every sequence of ours stands. Sequences know no snapshot: read after it, they are never behind its rows. */
export async function listSequences(sql: postgres.Sql): Promise<readonly SequenceFacts[]> {
  const names = await sql.unsafe<{ name: string }[]>(
    `select c.relname as "name" from pg_class c where c.relkind = 'S' and ${OURS} order by c.relname collate "C"`,
  );
  const facts: SequenceFacts[] = [];
  for (const { name } of names) {
    const [row] = await sql.unsafe<{ lastValue: string; isCalled: boolean }[]>(
      `select last_value::text as "lastValue", is_called as "isCalled" from ${quoteName(name)}`,
    );
    if (row !== undefined) facts.push({ name, lastValue: row.lastValue, isCalled: row.isCalled });
  }
  return facts;
}

/** Writes a name into a statement. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The part of a COPY that names a table and its columns. */
export function copyList({ name, columns }: TableFacts): string {
  return `${quoteName(name)} (${columns.map(quoteName).join(", ")})`;
}

/** Statements that remove all of our objects, and further schemas that are ours as a whole. */
export async function listRemovals(
  sql: postgres.Sql,
  schemas: readonly string[],
): Promise<readonly string[]> {
  const tables = await sql.unsafe<{ name: string }[]>(
    `select c.relname as "name" from pg_class c where c.relkind in ('r', 'p') and ${OURS}`,
  );
  const routines = await sql.unsafe<{ signature: string }[]>(`
    select p.oid::regprocedure::text as "signature" from pg_proc p
    where p.pronamespace = to_regnamespace(current_schema()::text)
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`);
  const types = await sql.unsafe<{ name: string }[]>(`
    select t.typname as "name" from pg_type t
    where t.typnamespace = to_regnamespace(current_schema()::text) and t.typtype in ('e', 'd')
      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')`);
  return [
    ...schemas.map((schema) => `drop schema if exists ${quoteName(schema)} cascade`),
    ...tables.map(({ name }) => `drop table if exists ${quoteName(name)} cascade`),
    ...routines.map(({ signature }) => `drop routine if exists ${signature} cascade`),
    ...types.map(({ name }) => `drop type if exists ${quoteName(name)} cascade`),
  ];
}
