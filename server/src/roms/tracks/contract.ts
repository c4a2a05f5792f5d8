import * as v from "valibot";
import { Id } from "../../base/schemas.ts";

/** What a soundtrack file says of itself; null where it says nothing. */
export interface TrackMeta {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  readonly genre: string | null;
  readonly year: number | null;
  /** 1-based, as the disc. */
  readonly track: number | null;
  readonly disc: number | null;
  readonly durationSeconds: number | null;
  /** Also true for a picture that is not kept, so there may be no `coverPath`. */
  readonly hasEmbeddedCover: boolean;
  /** Where its picture lies, below the resources folder. */
  readonly coverPath: string | null;
}

const TextOrNull = v.nullable(v.string());
const NumberOrNull = v.nullable(v.number());

export const TrackMetaSchema = v.object({
  title: TextOrNull,
  artist: TextOrNull,
  album: TextOrNull,
  genre: TextOrNull,
  year: NumberOrNull,
  track: NumberOrNull,
  disc: NumberOrNull,
  durationSeconds: NumberOrNull,
  hasEmbeddedCover: v.boolean(),
  coverPath: TextOrNull,
});

/** A soundtrack file and its tags. */
export interface SoundtrackFile {
  readonly fileId: number;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** Null while they have not been read, and for a file that has none that can be read. */
  readonly tags: TrackMeta | null;
}

export const SoundtrackFileSchema = v.object({
  fileId: Id,
  fileName: v.string(),
  sizeBytes: v.number(),
  tags: v.nullable(TrackMetaSchema),
});

/** A soundtrack file whose tags are to be read. */
export interface UnreadTrack {
  readonly fileId: number;
  readonly romId: number;
  readonly platformId: number;
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
}
