import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, InstantText, list } from "../base/schemas.ts";
import { type TrackMeta, TrackMetaSchema } from "../roms/tracks/contract.ts";
import {
  MUSIC_IDS_MAX,
  MUSIC_PAGE_DEFAULT,
  MUSIC_PAGE_MAX,
  MUSIC_PLATFORMS_MAX,
  MUSIC_TEXT_CHARS_MAX,
} from "./limits.ts";

/** A soundtrack file with its tags, and the game that it belongs to. */
export interface MusicTrack extends TrackMeta {
  /** Of the file; names the track. */
  readonly fileId: number;
  readonly romId: number;
  readonly fileName: string;
  readonly romName: string;
  readonly platformId: number;
  readonly platformSlug: string;
  readonly platformName: string;
  /** One of the caller's favourites. */
  readonly isFavorite: boolean;
  readonly addedAt: Instant;
  /** When its file or its tags changed last. */
  readonly updatedAt: Instant;
}

export const MusicTrackSchema = v.object({
  ...TrackMetaSchema.entries,
  fileId: Id,
  romId: Id,
  fileName: v.string(),
  romName: v.string(),
  platformId: Id,
  platformSlug: v.string(),
  platformName: v.string(),
  isFavorite: v.boolean(),
  addedAt: InstantText,
  updatedAt: InstantText,
});

/** One page of a list by offset. */
export interface MusicPage<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

const musicPage = <const T extends v.GenericSchema>(item: T) =>
  v.object({ items: list(item), total: v.number(), limit: v.number(), offset: v.number() });

export const TrackPageSchema = musicPage(MusicTrackSchema);

/** A value that tracks have, and how many have it. */
export interface MusicFacet<T extends string | number = string | number> {
  readonly value: T;
  readonly count: number;
}

const facet = <const T extends v.GenericSchema>(value: T) =>
  musicPage(v.object({ value, count: v.number() }));
export const TextFacetPageSchema = facet(v.string());
export const YearFacetPageSchema = facet(v.number());

/** Which tracks are meant; every given condition must hold. */
export interface TrackFilter {
  /** Part of the title, artist or album, in any case. */
  readonly search?: string | undefined;
  /** The whole artist, in any case; so are album and genre. */
  readonly artist?: string | undefined;
  readonly album?: string | undefined;
  readonly genre?: string | undefined;
  readonly platformIds?: readonly number[] | undefined;
  readonly romId?: number | undefined;
  readonly year?: number | undefined;
  /** Inclusive, as the other. */
  readonly minDurationSeconds?: number | undefined;
  readonly maxDurationSeconds?: number | undefined;
}

/** No stored text holds a zero character, nor can the database be asked about one. */
const SoughtText = v.pipe(
  v.string(),
  v.maxLength(MUSIC_TEXT_CHARS_MAX),
  v.check((text) => !text.includes("\0"), "Input should not contain a zero character"),
);
/** Beyond the small integers of the database no track has a year; such a one is asked for in vain. */
const Year = v.pipe(v.number(), v.safeInteger());
const Seconds = v.pipe(v.number(), v.finite());

const filterEntries = {
  search: v.optional(SoughtText),
  artist: v.optional(SoughtText),
  album: v.optional(SoughtText),
  genre: v.optional(SoughtText),
  platformIds: v.optional(v.pipe(v.array(Id), v.maxLength(MUSIC_PLATFORMS_MAX), v.readonly())),
  romId: v.optional(Id),
  year: v.optional(Year),
  minDurationSeconds: v.optional(Seconds),
  maxDurationSeconds: v.optional(Seconds),
};

export const TRACK_ORDERS = ["title", "artist", "album", "year", "duration", "platform", "added"] as const;
/** What tracks are sorted by. */
export type TrackOrder = (typeof TRACK_ORDERS)[number];
export const FACET_ORDERS = ["count", "value"] as const;
/** What facets are sorted by. */
export type FacetOrder = (typeof FACET_ORDERS)[number];
export const PLAYLIST_ORDERS = [...TRACK_ORDERS, "position"] as const;
/** What the tracks of a playlist are sorted by. */
export type PlaylistOrder = (typeof PLAYLIST_ORDERS)[number];

const Direction = v.picklist(["asc", "desc"]);
export const pageEntries = {
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MUSIC_PAGE_MAX)),
    MUSIC_PAGE_DEFAULT,
  ),
  offset: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
};
export const ascending = v.optional(Direction, "asc");

export const ListTracksInput = v.strictObject({
  ...filterEntries,
  orderBy: v.optional(v.picklist(TRACK_ORDERS), "title"),
  direction: ascending,
  ...pageEntries,
});
export type ListTracksInput = v.InferOutput<typeof ListTracksInput>;

export const ListFacetInput = v.strictObject({
  ...filterEntries,
  orderBy: v.optional(v.picklist(FACET_ORDERS), "count"),
  direction: v.optional(Direction, "desc"),
  ...pageEntries,
});
export type ListFacetInput = v.InferOutput<typeof ListFacetInput>;

export const TrackIds = v.pipe(v.array(Id), v.maxLength(MUSIC_IDS_MAX), v.readonly());
export const FavoriteTracksInput = v.strictObject({ fileIds: TrackIds });

/** How many of the named tracks a call changed. */
export interface MusicChange {
  readonly count: number;
}
export const MusicChangeSchema = v.object({ count: v.number() });
