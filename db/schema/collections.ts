import { sql } from "drizzle-orm";
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { idColumn, stamps, textC } from "./columns.ts";
import { romFiles, roms } from "./roms.ts";
import { users } from "./users.ts";

const owner = () =>
  integer("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

export const collections = pgTable(
  "collections",
  {
    id: idColumn(),
    userId: owner(),
    name: textC("name").notNull(),
    description: text("description").notNull().default(""),
    isPublic: boolean("is_public").notNull().default(false),
    isFavorite: boolean("is_favorite").notNull().default(false),
    pathCoverLarge: text("path_cover_l").notNull().default(""),
    pathCoverSmall: text("path_cover_s").notNull().default(""),
    urlCover: text("url_cover").notNull().default(""),
    ...stamps(),
  },
  (t) => [
    unique("collections_name_key").on(t.userId, t.name),
    uniqueIndex("collections_favorite_key").on(t.userId).where(sql`${t.isFavorite}`),
    index("collections_updated_idx").on(t.updatedAt),
  ],
);

export const collectionsRoms = pgTable(
  "collections_roms",
  {
    collectionId: integer("collection_id")
      .notNull()
      .references(() => collections.id, { onDelete: "cascade" }),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    ...stamps(),
  },
  (t) => [primaryKey({ columns: [t.collectionId, t.romId] }), index("collections_roms_rom_idx").on(t.romId)],
);

/** A stored filter; the rom ids are a cache of the owner's view. */
export const smartCollections = pgTable(
  "smart_collections",
  {
    id: idColumn(),
    userId: owner(),
    name: textC("name").notNull(),
    description: text("description").notNull().default(""),
    isPublic: boolean("is_public").notNull().default(false),
    filterCriteria: jsonb("filter_criteria").notNull().default({}),
    romIds: integer("rom_ids").array().notNull().default(sql`'{}'::integer[]`),
    romCount: integer("rom_count").notNull().default(0),
    pathCoversSmall: text("path_covers_small").array().notNull().default(sql`'{}'::text[]`),
    pathCoversLarge: text("path_covers_large").array().notNull().default(sql`'{}'::text[]`),
    ...stamps(),
  },
  (t) => [
    index("smart_collections_user_idx").on(t.userId),
    index("smart_collections_updated_idx").on(t.updatedAt),
  ],
);

export const musicPlaylists = pgTable(
  "music_playlists",
  {
    id: idColumn(),
    userId: owner(),
    name: textC("name").notNull(),
    description: text("description").notNull().default(""),
    isPublic: boolean("is_public").notNull().default(false),
    ...stamps(),
  },
  (t) => [unique("music_playlists_name_key").on(t.userId, t.name)],
);

export const musicPlaylistTracks = pgTable(
  "music_playlist_tracks",
  {
    id: idColumn(),
    playlistId: integer("playlist_id")
      .notNull()
      .references(() => musicPlaylists.id, { onDelete: "cascade" }),
    romFileId: integer("rom_file_id")
      .notNull()
      .references(() => romFiles.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    ...stamps(),
  },
  (t) => [
    unique("music_playlist_tracks_key").on(t.playlistId, t.romFileId),
    index("music_playlist_tracks_position_idx").on(t.playlistId, t.position),
    index("music_playlist_tracks_file_idx").on(t.romFileId),
  ],
);

export const musicFavoriteTracks = pgTable(
  "music_favorite_tracks",
  {
    userId: owner(),
    romFileId: integer("rom_file_id")
      .notNull()
      .references(() => romFiles.id, { onDelete: "cascade" }),
    ...stamps(),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.romFileId] }),
    index("music_favorite_tracks_file_idx").on(t.romFileId),
  ],
);
