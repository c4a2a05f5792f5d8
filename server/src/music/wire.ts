import { formatFileUrl, toPictureAddress } from "../base/addresses.ts";
import type { MusicFacet, MusicPage, MusicTrack } from "./contract.ts";

/** A track in the compatible shape. */
export function toTrackWire(track: MusicTrack) {
  const { coverPath } = track;
  return {
    rom_file_id: track.fileId,
    rom_id: track.romId,
    title: track.title,
    artist: track.artist,
    album: track.album,
    genre: track.genre,
    year: track.year,
    track: track.track,
    disc: track.disc,
    duration_seconds: track.durationSeconds,
    has_embedded_cover: track.hasEmbeddedCover,
    is_favorite: track.isFavorite,
    game_name: track.romName,
    platform_id: track.platformId,
    platform_slug: track.platformSlug,
    platform_name: track.platformName,
    stream_url: formatFileUrl("", { id: track.fileId, fileName: track.fileName }),
    cover_url: coverPath === null ? null : toPictureAddress(coverPath, track.updatedAt),
  };
}

/** One page of tracks. */
export function toTrackPageWire(page: MusicPage<MusicTrack>) {
  return { ...page, items: page.items.map(toTrackWire) };
}

/** One page of the values of a facet. */
export function toFacetPageWire({ items, total, limit, offset }: MusicPage<MusicFacet>) {
  return { items: items.map(({ value, count }) => ({ value, count })), total, limit, offset };
}

/** Takes the ids of tracks out of a JSON body; apps may send more, which is ignored. */
export function fromTrackIdsWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return (body as Record<string, unknown>).rom_file_ids;
}
