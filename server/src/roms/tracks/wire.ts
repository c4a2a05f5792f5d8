import type { SoundtrackFile, TrackMeta } from "./contract.ts";

/** Tags of the compatible API. */
export function toTrackMetaWire(meta: TrackMeta) {
  return {
    title: meta.title,
    artist: meta.artist,
    album: meta.album,
    year: meta.year,
    genre: meta.genre,
    track: meta.track,
    disc: meta.disc,
    duration_seconds: meta.durationSeconds,
    has_embedded_cover: meta.hasEmbeddedCover,
    cover_path: meta.coverPath,
  };
}

/** A soundtrack file of the compatible API. */
export function toSoundtrackFileWire(file: SoundtrackFile) {
  return {
    file_id: file.fileId,
    file_name: file.fileName,
    file_size_bytes: file.sizeBytes,
    track_meta: file.tags === null ? null : toTrackMetaWire(file.tags),
  };
}
