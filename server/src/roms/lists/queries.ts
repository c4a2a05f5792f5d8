import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms, romUser } from "@multitap/db/schema/roms";
import { type AnyColumn, and, asc, desc, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { Cursor } from "../../base/paging.ts";
import type { Rom } from "../contract.ts";
import type { RomOrder } from "../filters/contract.ts";
import { toConditions, type VisibleFilter } from "../filters/queries.ts";
import { ROM_COLUMNS, toRom } from "../queries.ts";

/** What a list by key is ordered by. */
interface KeyColumn {
  readonly column: AnyColumn;
  readonly kind: "text" | "number" | "moment";
  /** Roms without a value stand last, in both directions, in the order of their ids. */
  readonly isNullable?: boolean | undefined;
}

const KEY_COLUMNS = {
  name: { column: roms.nameSortKey, kind: "text" },
  id: { column: roms.id, kind: "number" },
  createdAt: { column: roms.createdAt, kind: "moment" },
  updatedAt: { column: roms.updatedAt, kind: "moment" },
  sizeBytes: { column: roms.fsSizeBytes, kind: "number" },
  fsName: { column: roms.fsName, kind: "text" },
  firstReleasedAt: { column: roms.firstReleaseDate, kind: "number", isNullable: true },
  averageRating: { column: roms.averageRating, kind: "number", isNullable: true },
  lastPlayedAt: { column: romUser.lastPlayed, kind: "moment" },
  rating: { column: romUser.rating, kind: "number" },
  difficulty: { column: romUser.difficulty, kind: "number" },
  completion: { column: romUser.completion, kind: "number" },
} as const satisfies Record<RomOrder, KeyColumn>;

/**
 * Where a list reads from: the roms, and with a column of `rom_user` the viewer's rows of them, which leaves out the
 * roms that have none.
 */
export function listedFrom(column: AnyColumn, viewerId: number | null | undefined): SQL {
  if (column.table !== romUser) return sql`${roms}`;
  return sql`${roms} join ${romUser} on ${romUser.romId} = ${roms.id} and ${romUser.userId} = ${viewerId ?? 0}`;
}

/** A column with its table: what is selected from a text of ours is taken for one table, whose name is left out. */
function qualify(column: AnyColumn): SQL {
  return sql`${column.table}.${sql.identifier(column.name)}`;
}

/** The id of a listed rom. */
export const LISTED_ID = sql<number>`${qualify(roms.id)}`.as("listed_id");

export interface KeysetPage {
  readonly filter: VisibleFilter;
  readonly orderBy: RomOrder;
  readonly direction: "asc" | "desc";
  readonly cursor: Cursor | null;
  readonly limit: number;
}

/** A rom of a list, and the value by which it stands there. */
export interface KeyedRom {
  readonly rom: Rom;
  readonly value: string | number | null;
}

/** One page by key: `limit` roms behind the cursor, in order. Pages read the narrow index first. */
export async function listRomsByKey(db: Executor, page: KeysetPage): Promise<readonly KeyedRom[]> {
  const { isNullable = false }: KeyColumn = KEY_COLUMNS[page.orderBy];
  if (!isNullable) return await readRows(db, page, "all");
  const isBehindValues = page.cursor !== null && page.cursor.value === null;
  const valued = isBehindValues ? [] : await readRows(db, page, "valued");
  if (valued.length === page.limit) return valued;
  const rest = { ...page, limit: page.limit - valued.length, cursor: isBehindValues ? page.cursor : null };
  return [...valued, ...(await readRows(db, rest, "bare"))];
}

/** Of an order in which some roms have no value: those that have one, or those that have none. */
type Part = "all" | "valued" | "bare";

async function readRows(db: Executor, page: KeysetPage, part: Part): Promise<readonly KeyedRom[]> {
  const { column, kind }: KeyColumn = part === "bare" ? KEY_COLUMNS.id : KEY_COLUMNS[page.orderBy];
  const ordered: AnyColumn = KEY_COLUMNS[page.orderBy].column;
  const order = page.direction === "asc" ? asc : desc;
  const ofPart = { all: undefined, valued: isNotNull(ordered), bare: isNull(ordered) }[part];
  const ids = db
    .select({ id: LISTED_ID, sortedBy: sql`${qualify(column)}`.as("sorted_by") })
    .from(listedFrom(ordered, page.filter.viewerId))
    .where(and(...toConditions(page.filter), ofPart, behind(page, column)))
    .orderBy(order(column), order(roms.id))
    .limit(page.limit)
    .as("listed");
  const rows = await db
    .select({ ...ROM_COLUMNS, value: toValue(sql`${ids.sortedBy}`, kind) })
    .from(ids)
    .innerJoin(roms, eq(roms.id, ids.id))
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .orderBy(order(ids.sortedBy), order(ids.id));
  return rows.map(({ value, ...row }) => ({ rom: toRom(row), value: part === "bare" ? null : value }));
}

/** A value as cursors carry it: exact, since numbers of files and ratings fit. */
function toValue(value: SQL, kind: KeyColumn["kind"]): SQL<string | number> {
  if (kind === "moment") return sql`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return kind === "number" ? sql`${value}::float8` : sql`${value}`;
}

function behind(page: KeysetPage, column: AnyColumn): SQL | undefined {
  const { cursor, direction, orderBy } = page;
  if (cursor === null) return undefined;
  const sign = direction === "asc" ? sql`>` : sql`<`;
  if (cursor.value === null) return sql`${roms.id} ${sign} ${cursor.id}`;
  const isMoment = KEY_COLUMNS[orderBy].kind === "moment";
  const value = isMoment ? sql`${cursor.value}::timestamptz` : sql`${cursor.value}`;
  return sql`(${column}, ${roms.id}) ${sign} (${value}, ${cursor.id})`;
}
