import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, romNotes, romProviderMetadata, roms, romUser } from "@multitap/db/schema/roms";
import { and, asc, eq, sql } from "drizzle-orm";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import { perExecutor } from "../../base/per-executor.ts";
import { formatIds } from "../../base/sql.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { RomSibling, RomUserProps } from "../contract.ts";
import { listFilesOfRoms } from "../files/queries.ts";
import {
  isOneOf,
  isOneOfGiven,
  ROM_COLUMNS,
  type RomRowWithPlatform,
  toMetadata,
  toRom,
} from "../queries.ts";
import type { FileShape, RomDetails } from "./contract.ts";

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

/**
 * Ids of the siblings of the rom `a` of the query around it: one probe of a narrow index per provider id, instead of
 * one OR that no index serves.
 */
export const siblingIds = sql.join(
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

/** What an account did with a rom, from its row. */
export function toUserProps(row: UserRow): RomUserProps {
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
