import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, InstantText, list } from "../../base/schemas.ts";
import { ascending, PLAYLIST_ORDERS, pageEntries, TrackIds } from "../contract.ts";
import { PLAYLIST_DESCRIPTION_CHARS_MAX, PLAYLIST_NAME_CHARS_MAX } from "../limits.ts";

/** Tracks that somebody put in an order. */
export interface Playlist {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly ownerId: number;
  readonly ownerUsername: string;
  /** Others may hear it. */
  readonly isPublic: boolean;
  /** Tracks that the caller may see. */
  readonly trackCount: number;
  readonly createdAt: Instant;
  /** When the playlist, or what is in it, changed last. */
  readonly updatedAt: Instant;
}

export const PlaylistSchema = v.object({
  id: Id,
  name: v.string(),
  description: v.string(),
  ownerId: Id,
  ownerUsername: v.string(),
  isPublic: v.boolean(),
  trackCount: v.number(),
  createdAt: InstantText,
  updatedAt: InstantText,
});
export const PlaylistListSchema = list(PlaylistSchema);

/** The database can store no zero character. */
const hasNoZero = v.check(
  (text: string) => !text.includes("\0"),
  "Input should not contain a zero character",
);
const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(PLAYLIST_NAME_CHARS_MAX), hasNoZero);
const Description = v.pipe(v.string(), v.maxLength(PLAYLIST_DESCRIPTION_CHARS_MAX), hasNoZero);

export const PlaylistIdInput = v.strictObject({ playlistId: Id });

export const CreatePlaylistInput = v.strictObject({
  name: Name,
  description: v.optional(Description, ""),
  isPublic: v.optional(v.boolean(), false),
});

/** What changes of a playlist; what is left out stays. */
export const UpdatePlaylistInput = v.strictObject({
  playlistId: Id,
  name: v.optional(Name),
  description: v.optional(Description),
  isPublic: v.optional(v.boolean()),
});
export type UpdatePlaylistInput = v.InferOutput<typeof UpdatePlaylistInput>;

export const PlaylistTracksInput = v.strictObject({
  playlistId: Id,
  orderBy: v.optional(v.picklist(PLAYLIST_ORDERS), "position"),
  direction: ascending,
  ...pageEntries,
});

export const ChangePlaylistTracksInput = v.strictObject({ playlistId: Id, fileIds: TrackIds });
