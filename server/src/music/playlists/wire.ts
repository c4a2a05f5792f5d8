import type { Playlist } from "./contract.ts";

/** A playlist in the compatible shape. */
export function toPlaylistWire(playlist: Playlist) {
  return {
    id: playlist.id,
    name: playlist.name,
    description: playlist.description === "" ? null : playlist.description,
    is_public: playlist.isPublic,
    user_id: playlist.ownerId,
    owner_username: playlist.ownerUsername,
    track_count: playlist.trackCount,
    created_at: playlist.createdAt,
    updated_at: playlist.updatedAt,
  };
}

/** Takes what a JSON body says of a playlist; null means nothing was said. */
export function fromPlaylistWire(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return {};
  const { name, description, is_public: isPublic } = body as Record<string, unknown>;
  return { name: name ?? undefined, description: description ?? undefined, isPublic: isPublic ?? undefined };
}
