import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romProviderMetadata, roms } from "@multitap/db/schema/roms";
import { and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { ExportPlatform, ExportRom } from "./contract.ts";

/** Those of some platforms that are there, in the order of their ids. */
export async function listExportPlatforms(
  db: Executor,
  platformIds: readonly number[],
): Promise<readonly ExportPlatform[]> {
  if (platformIds.length === 0) return [];
  return await db
    .select({
      id: platforms.id,
      slug: platforms.slug,
      fsSlug: platforms.fsSlug,
      name: platforms.name,
      customName: platforms.customName,
    })
    .from(platforms)
    .where(inArray(platforms.id, [...platformIds]))
    .orderBy(asc(platforms.id));
}

/** Where the next page begins: behind this rom; null begins with the first. */
export interface RomPage {
  readonly platformId: number;
  readonly after: Pick<ExportRom, "sortKey" | "id"> | null;
  readonly limit: number;
}

const ROM_COLUMNS = {
  id: roms.id,
  name: roms.name,
  sortKey: roms.nameSortKey,
  fsName: roms.fsName,
  fsNameNoExt: roms.fsNameNoExt,
  fsNameNoTags: roms.fsNameNoTags,
  summary: roms.summary,
  pathVideo: roms.pathVideo,
  youtubeVideoId: roms.youtubeVideoId,
  pathManual: roms.pathManual,
  pathCover: roms.pathCoverLarge,
  pathScreenshots: roms.pathScreenshots,
  companies: roms.companies,
  genres: roms.genres,
  franchises: roms.franchises,
  tags: roms.tags,
  regions: roms.regions,
  languages: roms.languages,
  playerCount: roms.playerCount,
  firstReleaseDateMs: roms.firstReleaseDate,
  averageRating: roms.averageRating,
  gamelistId: roms.gamelistId,
};

type NullableText = "summary" | "pathVideo" | "youtubeVideoId" | "pathManual" | "gamelistId";
type RomRow = Omit<ExportRom, "ss" | "gamelist" | "name" | NullableText> & {
  readonly name: string | null;
} & { readonly [K in NullableText]: string | null };

/** Roms of a platform that are on disk, by name, a page at a time; two statements per page. */
export async function listExportRoms(db: Executor, page: RomPage): Promise<readonly ExportRom[]> {
  const rows: readonly RomRow[] = await db
    .select(ROM_COLUMNS)
    .from(roms)
    .where(and(eq(roms.platformId, page.platformId), eq(roms.missingFromFs, false), isBehind(page)))
    .orderBy(asc(roms.nameSortKey), asc(roms.id))
    .limit(page.limit);
  const answers = await listAnswers(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toExportRom(row, answers.get(row.id) ?? []));
}

function isBehind({ after }: RomPage): SQL | undefined {
  if (after === null) return undefined;
  return sql`(${roms.nameSortKey}, ${roms.id}) > (${after.sortKey}, ${after.id})`;
}

interface Answer {
  readonly romId: number;
  readonly provider: string;
  readonly data: unknown;
}

async function listAnswers(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly Answer[]>> {
  if (romIds.length === 0) return new Map();
  const { romId, provider, data } = romProviderMetadata;
  const rows = await db
    .select({ romId, provider, data })
    .from(romProviderMetadata)
    .where(and(inArray(romId, [...romIds]), inArray(provider, ["ss", "gamelist"])));
  return Map.groupBy(rows, (row) => row.romId);
}

function toExportRom(row: RomRow, answers: readonly Answer[]): ExportRom {
  const said = (provider: string) => toObject(answers.find((each) => each.provider === provider)?.data);
  return {
    ...row,
    name: row.name ?? row.fsNameNoTags,
    summary: row.summary ?? "",
    pathVideo: row.pathVideo ?? "",
    youtubeVideoId: row.youtubeVideoId ?? "",
    pathManual: row.pathManual ?? "",
    gamelistId: row.gamelistId ?? "",
    ss: said("ss"),
    gamelist: said("gamelist"),
  };
}

/** Stored answers are whatever was said; only an object has fields. */
function toObject(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}
