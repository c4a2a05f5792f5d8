import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from "drizzle-orm/pg-core";
import { bytesColumn, idColumn, moment, stamps, textC } from "./columns.ts";
import { platforms } from "./platforms.ts";
import { users } from "./users.ts";

const textList = (name: string) => text(name).array().notNull().default(sql`'{}'::text[]`);

/** One library entry: a file or a folder directly in a platform's rom folder. */
export const roms = pgTable(
  "roms",
  {
    id: idColumn(),
    platformId: integer("platform_id")
      .notNull()
      .references(() => platforms.id, { onDelete: "cascade" }),
    fsName: textC("fs_name").notNull(),
    fsNameNoTags: textC("fs_name_no_tags").notNull(),
    fsNameNoExt: textC("fs_name_no_ext").notNull(),
    fsExtension: textC("fs_extension").notNull(),
    /** Library-relative folder, without leading slash and without the name. */
    fsPath: textC("fs_path").notNull(),
    fsSizeBytes: bytesColumn("fs_size_bytes"),
    isFolder: boolean("is_folder").notNull().default(false),
    name: text("name"),
    nameSortKey: textC("name_sort_key").notNull().default(""),
    slug: text("slug"),
    summary: text("summary"),
    igdbId: integer("igdb_id"),
    sgdbId: integer("sgdb_id"),
    mobyId: integer("moby_id"),
    ssId: integer("ss_id"),
    raId: integer("ra_id"),
    launchboxId: integer("launchbox_id"),
    hasheousId: integer("hasheous_id"),
    tgdbId: integer("tgdb_id"),
    hltbId: integer("hltb_id"),
    flashpointId: textC("flashpoint_id"),
    gamelistId: textC("gamelist_id"),
    libretroId: textC("libretro_id"),
    pathCoverSmall: text("path_cover_s").notNull().default(""),
    pathCoverLarge: text("path_cover_l").notNull().default(""),
    urlCover: text("url_cover").notNull().default(""),
    pathManual: text("path_manual"),
    urlManual: text("url_manual").notNull().default(""),
    pathVideo: text("path_video"),
    pathScreenshots: textList("path_screenshots"),
    urlScreenshots: textList("url_screenshots"),
    alternativeNames: textList("alternative_names"),
    youtubeVideoId: text("youtube_video_id"),
    revision: text("revision").notNull().default(""),
    version: text("version").notNull().default(""),
    regions: textList("regions"),
    languages: textList("languages"),
    tags: textList("tags"),
    /** Lower-case hex; "" when there was nothing to hash or the platform is not hashed. */
    crcHash: textC("crc_hash").notNull().default(""),
    md5Hash: textC("md5_hash").notNull().default(""),
    sha1Hash: textC("sha1_hash").notNull().default(""),
    raHash: textC("ra_hash").notNull().default(""),
    /** False until every file of the rom was hashed, or found to need no hash. */
    isHashed: boolean("is_hashed").notNull().default(false),
    missingFromFs: boolean("missing_from_fs").notNull().default(false),
    // Derived from provider metadata and file-name tags by the one writer of this table.
    genres: textList("genres"),
    franchises: textList("franchises"),
    collectionNames: textList("collection_names"),
    companies: textList("companies"),
    gameModes: textList("game_modes"),
    ageRatings: textList("age_ratings"),
    playerCount: text("player_count").notNull().default("1"),
    /** Milliseconds since the epoch. */
    firstReleaseDate: bigint("first_release_date", { mode: "number" }),
    /** 0 to 100. */
    averageRating: doublePrecision("average_rating"),
    primaryRegion: textC("primary_region"),
    ...stamps(),
  },
  (t) => [
    unique("roms_platform_fs_name_key").on(t.platformId, t.fsName),
    index("roms_platform_size_idx").on(t.platformId, t.fsSizeBytes),
    index("roms_sort_idx").on(t.nameSortKey, t.id),
    index("roms_platform_sort_idx").on(t.platformId, t.nameSortKey, t.id),
    index("roms_missing_idx").on(t.missingFromFs, t.nameSortKey, t.id),
    index("roms_updated_idx").on(t.updatedAt, t.id),
    index("roms_created_idx").on(t.createdAt, t.id),
    index("roms_size_idx").on(t.fsSizeBytes, t.id),
    index("roms_fs_name_idx").on(t.fsName, t.id),
    index("roms_release_idx").on(t.firstReleaseDate, t.id),
    index("roms_rating_idx").on(t.averageRating, t.id),
    index("roms_player_count_idx").on(t.playerCount),
    index("roms_name_trgm_idx").using("gin", sql`${t.name} gin_trgm_ops`),
    index("roms_fs_name_trgm_idx").using("gin", sql`${t.fsName} gin_trgm_ops`),
    index("roms_crc_idx").on(t.crcHash),
    index("roms_md5_idx").on(t.md5Hash),
    index("roms_sha1_idx").on(t.sha1Hash),
    index("roms_ra_hash_idx").on(t.raHash),
    // Most roms lack most provider ids, and every index is paid for at each insert of a scan.
    index("roms_igdb_idx").on(t.platformId, t.igdbId).where(sql`${t.igdbId} is not null`),
    index("roms_moby_idx").on(t.platformId, t.mobyId).where(sql`${t.mobyId} is not null`),
    index("roms_ss_idx").on(t.platformId, t.ssId).where(sql`${t.ssId} is not null`),
    index("roms_ra_idx").on(t.platformId, t.raId).where(sql`${t.raId} is not null`),
    index("roms_launchbox_idx").on(t.platformId, t.launchboxId).where(sql`${t.launchboxId} is not null`),
    index("roms_hasheous_idx").on(t.platformId, t.hasheousId).where(sql`${t.hasheousId} is not null`),
    index("roms_tgdb_idx").on(t.platformId, t.tgdbId).where(sql`${t.tgdbId} is not null`),
    index("roms_hltb_idx").on(t.platformId, t.hltbId).where(sql`${t.hltbId} is not null`),
    index("roms_flashpoint_idx").on(t.platformId, t.flashpointId).where(sql`${t.flashpointId} is not null`),
  ],
);

/** The answers of one metadata provider for one rom; absent when the provider has none. */
export const romProviderMetadata = pgTable(
  "rom_provider_metadata",
  {
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    provider: textC("provider").notNull(),
    data: jsonb("data").notNull(),
    ...stamps(),
  },
  (t) => [primaryKey({ columns: [t.romId, t.provider] })],
);

/** (kind, value, rom): serves filters, filter values and virtual collections alike. */
export const romFacets = pgTable(
  "rom_facets",
  {
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    platformId: integer("platform_id").notNull(),
    kind: textC("kind").notNull(),
    value: textC("value").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.value, t.romId] }),
    index("rom_facets_rom_idx").on(t.romId),
    index("rom_facets_platform_idx").on(t.platformId, t.kind, t.value),
  ],
);

/** One file on disk of a rom; its id is what downloads and playlists name, so it survives re-scans. */
export const romFiles = pgTable(
  "rom_files",
  {
    id: idColumn(),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    fileName: textC("file_name").notNull(),
    /** Library-relative folder of the file. */
    filePath: textC("file_path").notNull(),
    fileSizeBytes: bytesColumn("file_size_bytes"),
    /** Modification time of the file on disk; hashes belong to exactly this size and moment. */
    lastModified: doublePrecision("last_modified"),
    crcHash: textC("crc_hash").notNull().default(""),
    md5Hash: textC("md5_hash").notNull().default(""),
    sha1Hash: textC("sha1_hash").notNull().default(""),
    raHash: textC("ra_hash").notNull().default(""),
    chdSha1Hash: textC("chd_sha1_hash").notNull().default(""),
    isHashed: boolean("is_hashed").notNull().default(false),
    /** When it was last hashed; a scan that hashes everything again goes on behind it after a crash. */
    hashedAt: moment("hashed_at"),
    /** The hashes are those of what it holds, not of its own bytes. */
    isPacked: boolean("is_packed").notNull().default(false),
    archiveMembers: jsonb("archive_members"),
    category: textC("category"),
    missingFromFs: boolean("missing_from_fs").notNull().default(false),
    ...stamps(),
  },
  (t) => [
    unique("rom_files_place_key").on(t.romId, t.filePath, t.fileName),
    index("rom_files_crc_idx").on(t.crcHash),
    index("rom_files_md5_idx").on(t.md5Hash),
    index("rom_files_sha1_idx").on(t.sha1Hash),
    index("rom_files_chd_sha1_idx").on(t.chdSha1Hash),
    index("rom_files_soundtrack_idx").on(t.romId).where(sql`${t.category} = 'soundtrack'`),
  ],
);

/** Tags read from soundtrack files. */
export const trackMeta = pgTable(
  "track_meta",
  {
    romFileId: integer("rom_file_id")
      .primaryKey()
      .references(() => romFiles.id, { onDelete: "cascade" }),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    title: text("title"),
    artist: text("artist"),
    album: text("album"),
    genre: text("genre"),
    year: smallint("year"),
    track: smallint("track"),
    disc: smallint("disc"),
    durationSeconds: doublePrecision("duration_seconds"),
    hasEmbeddedCover: boolean("has_embedded_cover").notNull().default(false),
    coverPath: text("cover_path"),
    ...stamps(),
  },
  (t) => [
    index("track_meta_rom_idx").on(t.romId),
    index("track_meta_artist_idx").on(t.artist),
    index("track_meta_album_idx").on(t.album),
    index("track_meta_year_idx").on(t.year),
    index("track_meta_duration_idx").on(t.durationSeconds),
  ],
);

/** What one user did with one rom; made on the first write. */
export const romUser = pgTable(
  "rom_user",
  {
    id: idColumn(),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    isMainSibling: boolean("is_main_sibling").notNull().default(false),
    backlogged: boolean("backlogged").notNull().default(false),
    nowPlaying: boolean("now_playing").notNull().default(false),
    hidden: boolean("hidden").notNull().default(false),
    lastPlayed: moment("last_played"),
    rating: smallint("rating").notNull().default(0),
    difficulty: smallint("difficulty").notNull().default(0),
    completion: smallint("completion").notNull().default(0),
    status: textC("status"),
    ...stamps(),
  },
  (t) => [unique("rom_user_key").on(t.romId, t.userId), index("rom_user_user_idx").on(t.userId)],
);

/** Uploads of roms that are under way; their bytes wait on disk under the id. */
export const romUploads = pgTable(
  "rom_uploads",
  {
    id: textC("id").primaryKey(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    platformId: integer("platform_id")
      .notNull()
      .references(() => platforms.id, { onDelete: "cascade" }),
    fileName: textC("file_name").notNull(),
    totalSizeBytes: bytesColumn("total_size_bytes"),
    totalChunks: integer("total_chunks").notNull(),
    /** Lower-case hex of the whole file; null when the caller did not say. */
    sha1: textC("sha1"),
    /** The caller's own name for this upload, by which it finds it again; null without one. */
    resumeId: textC("resume_id"),
    expiresAt: moment("expires_at").notNull(),
    ...stamps(),
  },
  (t) => [
    unique("rom_uploads_resume_key").on(t.userId, t.resumeId),
    index("rom_uploads_platform_idx").on(t.platformId),
    index("rom_uploads_expires_idx").on(t.expiresAt),
  ],
);

export const romNotes = pgTable(
  "rom_notes",
  {
    id: idColumn(),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    title: text("title").notNull(),
    content: text("content").notNull(),
    isPublic: boolean("is_public").notNull().default(false),
    tags: textList("tags"),
    ...stamps(),
  },
  (t) => [
    unique("rom_notes_key").on(t.romId, t.userId, t.title),
    index("rom_notes_user_idx").on(t.userId),
    index("rom_notes_public_idx").on(t.isPublic),
  ],
);
