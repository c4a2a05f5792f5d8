import { toPictureAddress } from "../../base/addresses.ts";
import { type JsonText, toJsonText } from "../../base/json-text.ts";
import { siblingComparator } from "../../base/sort-key.ts";
import type { RomFile } from "../files/contract.ts";
import { toRomFileWire } from "../files/wire.ts";
import type { FilterValues } from "../filter-values/contract.ts";
import { toRomNoteWire } from "../notes/wire.ts";
import { toRomUserWire as toStoredRomUserWire } from "../props/wire.ts";
import { toUserFilesWire } from "../user-files/wire.ts";
import type { DetailedRom, RomDetails, RomOffsetPage } from "./contract.ts";

/** The id of a row that is not there. */
const NO_ID = -1;

/** What a caller who never touched a rom sees of themselves. */
const NOTHING_DONE = {
  last_played: null,
  is_main_sibling: false,
  backlogged: false,
  now_playing: false,
  hidden: false,
  rating: 0,
  difficulty: 0,
  completion: 0,
  status: null,
} as const;

function toRomUserWire(rom: RomDetails) {
  const { user, userRow } = rom;
  if (user === null || userRow === null) {
    const { createdAt: created_at, updatedAt: updated_at } = rom;
    return { id: NO_ID, user_id: NO_ID, rom_id: NO_ID, created_at, updated_at, ...NOTHING_DONE };
  }
  return toStoredRomUserWire({ ...user, ...userRow, romId: rom.id });
}

function toMetadatumWire(rom: RomDetails) {
  const { metadata } = rom;
  return {
    rom_id: rom.id,
    genres: metadata.genres,
    franchises: metadata.franchises,
    collections: metadata.collections,
    companies: metadata.companies,
    game_modes: metadata.gameModes,
    age_ratings: metadata.ageRatings,
    player_count: metadata.playerCount,
    first_release_date: metadata.firstReleasedAt === null ? null : Date.parse(metadata.firstReleasedAt),
    average_rating: metadata.averageRating,
  };
}

/** Exactly one of the three flags is true for a normal rom. */
function toShapeWire({ fileShape }: RomDetails) {
  const { isMultiFile, topLevelCount } = fileShape;
  return {
    has_simple_single_file: !isMultiFile && topLevelCount === 1,
    has_nested_single_file: isMultiFile && topLevelCount === 1,
    has_multiple_files: topLevelCount > 1,
  };
}

function toProviderWire(rom: RomDetails) {
  const said = (provider: string) => rom.providerMetadata[provider] ?? {};
  return {
    igdb_metadata: said("igdb"),
    moby_metadata: said("moby"),
    ss_metadata: said("ss"),
    launchbox_metadata: said("launchbox"),
    hasheous_metadata: said("hasheous"),
    flashpoint_metadata: said("flashpoint"),
    hltb_metadata: said("hltb"),
    gamelist_metadata: said("gamelist"),
    manual_metadata: said("manual"),
  };
}

function toProviderIdsWire({ providerIds }: RomDetails) {
  return {
    igdb_id: providerIds.igdb,
    sgdb_id: providerIds.sgdb,
    moby_id: providerIds.moby,
    ss_id: providerIds.ss,
    ra_id: providerIds.ra,
    launchbox_id: providerIds.launchbox,
    hasheous_id: providerIds.hasheous,
    tgdb_id: providerIds.tgdb,
    flashpoint_id: providerIds.flashpoint,
    hltb_id: providerIds.hltb,
    gamelist_id: providerIds.gamelist,
    libretro_id: providerIds.libretro,
  };
}

/** A cover below the resources folder, with digits that change with the rom so that caches notice. */
function toCoverPath(path: string | null, updatedAt: string): string {
  return path === null ? "" : toPictureAddress(path, updatedAt);
}

/** The simple rom schema of the compatible API. */
export function toSimpleRomWire(rom: RomDetails) {
  return {
    id: rom.id,
    ...toProviderIdsWire(rom),
    platform_id: rom.platformId,
    platform_slug: rom.platformSlug,
    platform_fs_slug: rom.platformFsSlug,
    platform_custom_name: rom.platformCustomName,
    platform_display_name: rom.platformName,
    fs_name: rom.fsName,
    fs_name_no_tags: rom.fsNameNoTags,
    fs_name_no_ext: rom.fsNameNoExt,
    fs_extension: rom.fsExtension,
    fs_path: rom.fsPath,
    fs_size_bytes: rom.sizeBytes,
    name: rom.name,
    name_sort_key: rom.sortKey,
    slug: rom.slug,
    summary: rom.summary,
    alternative_names: rom.metadata.alternativeNames,
    youtube_video_id: rom.youtubeVideoId,
    metadatum: toMetadatumWire(rom),
    ...toProviderWire(rom),
    path_cover_small: toCoverPath(rom.coverSmall, rom.updatedAt),
    path_cover_large: toCoverPath(rom.coverLarge, rom.updatedAt),
    url_cover: rom.urlCover,
    has_manual: rom.pathManual !== null && rom.pathManual !== "",
    has_soundtrack: rom.hasSoundtrack,
    path_manual: rom.pathManual,
    url_manual: rom.urlManual,
    path_video: rom.pathVideo,
    is_identifying: false,
    is_unidentified: !rom.isIdentified,
    is_identified: rom.isIdentified,
    revision: rom.revision,
    regions: rom.regions,
    languages: rom.languages,
    tags: rom.tags,
    crc_hash: rom.crc32,
    md5_hash: rom.md5,
    sha1_hash: rom.sha1,
    ra_hash: rom.raHash,
    ...toShapeWire(rom),
    full_path: `${rom.fsPath}/${rom.fsName}`,
    created_at: rom.createdAt,
    updated_at: rom.updatedAt,
    missing_from_fs: rom.isMissing,
    has_notes: rom.hasNotes,
    rom_user: toRomUserWire(rom),
    merged_screenshots: rom.screenshots,
    merged_ra_metadata: rom.providerMetadata.ra ?? {},
    files: rom.files.map((file: RomFile) => toRomFileWire(file)),
    sibling_roms: rom.siblings.map(toSiblingWire),
    screenshot_path: null,
  };
}

function toSiblingWire(sibling: RomDetails["siblings"][number]) {
  return {
    id: sibling.id,
    name: sibling.name,
    fs_name_no_tags: sibling.fsNameNoTags,
    fs_name_no_ext: sibling.fsNameNoExt,
    is_main_sibling: sibling.isMainSibling,
    sort_comparator: siblingComparator(sibling.name, sibling.fsNameNoTags),
  };
}

/** The detailed rom schema: the simple one and what users keep beside a rom. */
export function toDetailedRomWire(rom: DetailedRom) {
  const { screenshot_path: _listOnly, ...simple } = toSimpleRomWire(rom);
  return {
    ...simple,
    ...toUserFilesWire(rom.userFiles, rom.viewerId),
    user_collections: rom.collections.map(({ id, name }) => ({ id, name, is_smart: false })),
    all_user_notes: rom.notes.map(toRomNoteWire),
  };
}

/** Values for filter menus in the compatible shape. */
export function toFilterValuesWire(values: FilterValues) {
  return {
    genres: values.genres,
    franchises: values.franchises,
    collections: values.collections,
    companies: values.companies,
    game_modes: values.gameModes,
    age_ratings: values.ageRatings,
    player_counts: values.playerCounts,
    regions: values.regions,
    languages: values.languages,
    tags: values.tags,
    platforms: values.platforms,
  };
}

/** One page of the compatible list, around the finished index of its ids. */
export function toRomPageWire(page: RomOffsetPage): JsonText {
  const before = JSON.stringify({
    items: page.items.map(toSimpleRomWire),
    total: page.total,
    limit: page.limit,
    offset: page.offset,
    char_index: page.charIndex,
  });
  const behind = JSON.stringify({ filter_values: toFilterValuesWire(page.filterValues) });
  return toJsonText(`${before.slice(0, -1)},"rom_id_index":${page.idIndexJson},${behind.slice(1)}`);
}
