import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, romNotes, romProviderMetadata, roms, romUser } from "@multitap/db/schema/roms";
import { and, asc, desc, eq, sql } from "drizzle-orm";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import { perExecutor } from "../../base/per-executor.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { RomSibling, RomUserProps } from "../contract.ts";
import { listFilesOfRoms } from "../files/queries.ts";
import { toConditions, type VisibleFilter } from "../filters/queries.ts";
import {
  formatIds,
  isOneOf,
  isOneOfGiven,
  ROM_COLUMNS,
  type RomRowWithPlatform,
  toMetadata,
  toRom,
} from "../queries.ts";
import type { FileShape, RomDetails } from "./contract.ts";

/** Orders by something else than text; such a list indexes the names of its roms. */
const PLAIN_ORDERS = {
  id: roms.id,
  created_at: roms.createdAt,
  updated_at: roms.updatedAt,
  fs_size_bytes: roms.fsSizeBytes,
  first_release_date: roms.firstReleaseDate,
  average_rating: roms.averageRating,
  platform_id: roms.platformId,
  missing_from_fs: roms.missingFromFs,
  igdb_id: roms.igdbId,
  sgdb_id: roms.sgdbId,
  moby_id: roms.mobyId,
  ss_id: roms.ssId,
  ra_id: roms.raId,
  launchbox_id: roms.launchboxId,
  hasheous_id: roms.hasheousId,
  tgdb_id: roms.tgdbId,
  hltb_id: roms.hltbId,
} as const;

/** Orders by text. */
const TEXT_ORDERS = {
  name: roms.nameSortKey,
  name_sort_key: roms.nameSortKey,
  fs_name: roms.fsName,
  fs_name_no_tags: roms.fsNameNoTags,
  fs_name_no_ext: roms.fsNameNoExt,
  fs_extension: roms.fsExtension,
  fs_path: roms.fsPath,
  slug: roms.slug,
  summary: roms.summary,
  revision: roms.revision,
  version: roms.version,
  player_count: roms.playerCount,
  crc_hash: roms.crcHash,
  md5_hash: roms.md5Hash,
  sha1_hash: roms.sha1Hash,
  ra_hash: roms.raHash,
} as const;

/** Names come from URLs, so what every object inherits is none of them. */
function findOrder<T extends object>(orders: T, name: string): T[keyof T] | undefined {
  return Object.hasOwn(orders, name) ? orders[name as keyof T] : undefined;
}

/** The column behind an order of the compatible list; an unknown name means the rom's name. */
function orderColumn(name: string) {
  return findOrder(TEXT_ORDERS, name) ?? findOrder(PLAIN_ORDERS, name) ?? roms.nameSortKey;
}

export interface OffsetPage {
  readonly filter: VisibleFilter;
  readonly orderBy: string;
  readonly direction: "asc" | "desc";
  readonly limit: number;
  readonly offset: number;
}

/** Ids of one page, from the narrow index. */
export async function listRomIdsByOffset(db: Executor, page: OffsetPage): Promise<readonly number[]> {
  const order = page.direction === "desc" ? desc : asc;
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(...toConditions(page.filter)))
    .orderBy(order(orderColumn(page.orderBy)), order(roms.id))
    .limit(page.limit)
    .offset(page.offset);
  return rows.map((row) => row.id);
}

/** Every id in the order of the list. */
export async function listRomOrder(db: Executor, page: OffsetPage): Promise<readonly number[]> {
  const order = page.direction === "desc" ? desc : asc;
  const ordered = db
    .select({ id: roms.id })
    .from(roms)
    .where(and(...toConditions(page.filter)))
    .orderBy(order(orderColumn(page.orderBy)), order(roms.id))
    .as("ordered");
  // One row: reading thousands of them costs more than the query. As text, to be parsed here and only once.
  const [row] = await db.select({ ids: sql<string | null>`json_agg(${ordered.id})::text` }).from(ordered);
  return JSON.parse(row?.ids ?? "[]") as number[];
}

/** Stand in one text for "" and for null, which have no character. */
const EMPTY_MARK = "\u0001";
const NULL_MARK = "\u0002";

/** The first characters of the list's texts in order; null where a rom has no such text. */
export async function listFirstCharacters(
  db: Executor,
  page: OffsetPage,
): Promise<readonly (string | null)[]> {
  const order = page.direction === "desc" ? desc : asc;
  const column = findOrder(TEXT_ORDERS, page.orderBy) ?? roms.nameSortKey;
  const ordered = db
    .select({ text: sql<string | null>`${column}`.as("text") })
    .from(roms)
    .where(and(...toConditions(page.filter)))
    .orderBy(order(column), order(roms.id))
    .as("ordered");
  // One row with one character per rom, for the reason above.
  const mark = sql`coalesce(nullif(left(${ordered.text}, 1), ''), case when ${ordered.text} is null
    then ${NULL_MARK} else ${EMPTY_MARK} end)`;
  const [row] = await db.select({ firsts: sql<string | null>`string_agg(${mark}, '')` }).from(ordered);
  return Array.from(row?.firsts ?? "", (first) => {
    if (first === NULL_MARK) return null;
    return first === EMPTY_MARK ? "" : first;
  });
}

export interface DetailsOptions {
  /** Whose rows of `rom_user` to show; null shows none. */
  readonly userId: number | null;
  readonly withFiles: boolean;
  /** Left out of the siblings; the roms themselves are the caller's choice. */
  readonly hidden: Hidden;
}

/** Full records of some roms in the order of `romIds`; each relation is read once for all of them. */
export async function listRomDetails(
  db: Executor,
  romIds: readonly number[],
  options: DetailsOptions,
): Promise<readonly RomDetails[]> {
  if (romIds.length === 0) return [];
  const ids = formatIds(romIds);
  const { userId } = options;
  const [rows, files] = await Promise.all([
    prepared(db).romDetails.execute({ ids, userId }),
    options.withFiles ? listFilesOfRoms(db, romIds) : new Map<number, never>(),
  ]);
  const folderIds = rows.filter((row) => row.rom.isFolder).map((row) => row.rom.id);
  const [shapes, siblings] = await Promise.all([readShapes(db, folderIds), readSiblings(db, rows, options)]);
  const byId = new Map(rows.map((row) => [row.rom.id, row]));
  return romIds.flatMap((id) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const { user } = row;
    return [
      {
        ...toRom(row),
        ...toExtras(row),
        files: files.get(id) ?? [],
        providerMetadata: row.providerMetadata ?? {},
        fileShape: shapes.get(id)?.shape ?? { isMultiFile: false, topLevelCount: row.rom.isFolder ? 0 : 1 },
        hasSoundtrack: shapes.get(id)?.hasSoundtrack ?? false,
        hasNotes: row.hasNotes,
        siblings: siblings.get(id) ?? [],
        user: user === null ? null : toUserProps(user),
        userRow: user === null ? null : toUserRow(user),
      },
    ];
  });
}

/** As a select for the same reason as in `isOneOfGiven`. */
const GIVEN_USER = sql`(select ${sql.placeholder("userId")}::int4)`;

/** Provider ids that tie roms of one platform together. */
const SIBLING_COLUMNS = [
  "igdb_id",
  "moby_id",
  "ss_id",
  "launchbox_id",
  "ra_id",
  "hasheous_id",
  "tgdb_id",
] as const;

/** One probe of a narrow index per provider id, instead of one OR that no index serves. */
const siblingIds = sql.join(
  SIBLING_COLUMNS.map((name) => {
    const column = sql.identifier(name);
    return sql`select b.id from ${roms} b
      where b.platform_id = a.platform_id and b.${column} = a.${column} and b.id <> a.id`;
  }),
  sql` union `,
);

const prepared = perExecutor((db) => ({
  /** All that is to be said of a rom without a list of its own, in one statement. */
  romDetails: db
    .select({
      ...ROM_COLUMNS,
      user: romUser,
      providerMetadata: sql<Readonly<Record<string, unknown>> | null>`(
        select jsonb_object_agg(m.provider, m.data) from ${romProviderMetadata} m where m.rom_id = ${roms.id})`,
      hasNotes: sql<boolean>`exists (select from ${romNotes} n where n.rom_id = ${roms.id}
        and (n.is_public or n.user_id = ${GIVEN_USER}))`,
    })
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .leftJoin(romUser, and(eq(romUser.romId, roms.id), sql`${romUser.userId} = ${GIVEN_USER}`))
    .where(isOneOfGiven(roms.id))
    .prepare("rom_details"),
  siblings: db
    .select({
      romId: sql<number>`p.rom_id`,
      id: roms.id,
      name: roms.name,
      fsNameNoTags: roms.fsNameNoTags,
      fsNameNoExt: roms.fsNameNoExt,
      isMainSibling: sql<boolean>`coalesce(${romUser.isMainSibling}, false)`,
    })
    .from(
      sql`(select a.id, s.id from ${roms} a cross join lateral (${siblingIds}) s
        where ${isOneOfGiven(sql`a.id`)}) p (rom_id, sibling_id)`,
    )
    .innerJoin(roms, sql`${roms.id} = p.sibling_id`)
    .leftJoin(romUser, and(eq(romUser.romId, roms.id), sql`${romUser.userId} = ${GIVEN_USER}`))
    .orderBy(asc(roms.nameSortKey), asc(roms.id))
    .prepare("rom_siblings"),
}));

function toExtras(row: RomRowWithPlatform) {
  const { rom } = row;
  return {
    platformCustomName: row.platform.customName,
    metadata: toMetadata(rom),
    youtubeVideoId: rom.youtubeVideoId,
    urlCover: rom.urlCover,
    pathManual: rom.pathManual,
    urlManual: rom.urlManual,
    pathVideo: rom.pathVideo,
    screenshots: rom.pathScreenshots.length > 0 ? rom.pathScreenshots : rom.urlScreenshots,
  };
}

/** Only folder roms can be anything but one plain file. */
async function readShapes(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, { readonly shape: FileShape; readonly hasSoundtrack: boolean }>> {
  if (romIds.length === 0) return new Map();
  const home = sql`${roms.fsPath} || '/' || ${roms.fsName}`;
  const rows = await db
    .select({
      romId: romFiles.romId,
      isMultiFile: sql<boolean>`bool_or(${romFiles.filePath} <> ${roms.fsPath})`,
      topLevelCount: sql<number>`(count(*) filter (where ${romFiles.filePath} = ${home}
        or ${romFiles.filePath} || '/' || ${romFiles.fileName} = ${home}))::int`,
      hasSoundtrack: sql<boolean>`coalesce(bool_or(${romFiles.category} = 'soundtrack'), false)`,
    })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .where(isOneOf(romFiles.romId, romIds))
    .groupBy(romFiles.romId);
  return new Map(
    rows.map(({ romId, hasSoundtrack, ...shape }) => [romId, { shape, hasSoundtrack }] as const),
  );
}

type UserRow = typeof romUser.$inferSelect;

function toUserProps(row: UserRow): RomUserProps {
  return {
    isMainSibling: row.isMainSibling,
    isBacklogged: row.backlogged,
    isNowPlaying: row.nowPlaying,
    isHidden: row.hidden,
    lastPlayedAt: toInstantOrNull(row.lastPlayed),
    rating: row.rating,
    difficulty: row.difficulty,
    completion: row.completion,
    status: row.status,
  };
}

function toUserRow(row: UserRow) {
  return {
    id: row.id,
    userId: row.userId,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}

async function readSiblings(
  db: Executor,
  rows: readonly RomRowWithPlatform[],
  { userId, hidden }: DetailsOptions,
): Promise<ReadonlyMap<number, readonly RomSibling[]>> {
  const ids = rows.filter((row) => hasSiblingId(row)).map((row) => row.rom.id);
  if (ids.length === 0) return new Map();
  const found = await prepared(db).siblings.execute({ ids: formatIds(ids), userId });
  // They are of the rom's own platform, so only they themselves can be hidden.
  const visible = found.filter((sibling) => !hidden.roms.has(sibling.id));
  const siblings = visible.map(({ romId, name, ...rest }) => ({
    romId,
    sibling: { ...rest, name: name ?? rest.fsNameNoTags },
  }));
  return new Map(
    [...Map.groupBy(siblings, (each) => each.romId)].map(([romId, list]) => [
      romId,
      list.map((each) => each.sibling),
    ]),
  );
}

function hasSiblingId({ rom }: RomRowWithPlatform): boolean {
  const ids = [rom.igdbId, rom.mobyId, rom.ssId, rom.launchboxId, rom.raId, rom.hasheousId, rom.tgdbId];
  return ids.some((id) => id !== null);
}
