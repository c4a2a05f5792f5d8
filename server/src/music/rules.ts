import { AppError } from "../base/errors.ts";
import { FAVORITE_TRACKS_MAX, PLAYLIST_TRACKS_MAX, PLAYLISTS_PER_USER_MAX } from "./limits.ts";

/** The one answer for a playlist that does not exist or is another's private one. */
export function playlistNotFound(playlistId: number): AppError<"not_found"> {
  return new AppError("not_found", "MUSIC_PLAYLIST_NOT_FOUND", {
    message: `Playlist with id '${playlistId}' not found`,
  });
}

/** What somebody is told who may see a playlist and not change it. */
export function playlistForeign(playlistId: number, cause: unknown): AppError<"forbidden"> {
  return new AppError("forbidden", "MUSIC_PLAYLIST_FOREIGN", {
    message: `Permission denied for playlist with id '${playlistId}'`,
    cause,
  });
}

/** What somebody is told who has a playlist of that name. */
export function playlistNameTaken(name: string): AppError<"conflict"> {
  return new AppError("conflict", "MUSIC_PLAYLIST_NAME_TAKEN", {
    message: `Playlist with name '${name}' already exists`,
  });
}

/** What somebody is told who has as many playlists as may be. */
export function tooManyPlaylists(): AppError<"conflict"> {
  return new AppError("conflict", "MUSIC_PLAYLISTS_LIMIT", {
    message: `One account can have at most ${PLAYLISTS_PER_USER_MAX} playlists`,
  });
}

/** What somebody is told who puts more into a playlist than fits. */
export function tooManyTracks(): AppError<"conflict"> {
  return new AppError("conflict", "MUSIC_PLAYLIST_TRACKS_LIMIT", {
    message: `One playlist can have at most ${PLAYLIST_TRACKS_MAX} tracks`,
  });
}

/** What somebody is told who marks more favourites than may be. */
export function tooManyFavorites(): AppError<"conflict"> {
  return new AppError("conflict", "MUSIC_FAVORITES_LIMIT", {
    message: `One account can have at most ${FAVORITE_TRACKS_MAX} favourite tracks`,
  });
}
