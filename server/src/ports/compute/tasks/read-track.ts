import { closeSync, constants, openSync, statSync } from "node:fs";
import { type IAudioMetadata, type IPicture, parseBlob } from "music-metadata";
import { isAppError } from "../../../base/errors.ts";
import { readInto } from "../archives/read-file.ts";
import { describeFault, type FileFailure, getFaultCode, notRegular } from "../file-failure.ts";
import {
  OGG_TAIL_BYTES,
  TRACK_COVER_BYTES_MAX,
  TRACK_FILE_BYTES_MAX,
  TRACK_GENRE_CHARS_MAX,
  TRACK_TEXT_CHARS_MAX,
} from "../limits.ts";
import { type Task, TaskCancelled, type TaskContext } from "../task.ts";
import { presentAsBlob } from "./track-reader.ts";

/** A picture that stands in an audio file. */
export interface TrackCover {
  readonly extension: "jpg" | "png";
  readonly bytes: Uint8Array;
}

/** What an audio file says of itself; null where it says nothing. */
export interface TrackTags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  readonly genre: string | null;
  readonly year: number | null;
  /** 1-based, as the disc. */
  readonly track: number | null;
  readonly disc: number | null;
  readonly durationSeconds: number | null;
  readonly hasEmbeddedCover: boolean;
  /** Null also for a picture of another kind, and for one that is too large. */
  readonly cover: TrackCover | null;
}

export type ReadTrackShape = {
  readonly input: { readonly path: string };
  /** `unreadable` also for a file that is no audio, or damaged. */
  readonly output: { readonly tags: TrackTags } | { readonly failure: FileFailure };
  readonly progress: never;
};

/** Reads the tags of one audio file: its head and tail, never all of its sound. */
export const readTrack: Task<ReadTrackShape> = {
  async run({ path }, context) {
    try {
      const stats = statSync(path);
      if (!stats.isFile()) return { failure: notRegular(path, stats) };
      if (stats.size > TRACK_FILE_BYTES_MAX) return refused(path, "too large to look for tags");
      // Non-blocking has no effect on a file; it matters when something else took its place a moment ago.
      const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      try {
        return await readOpened({ handle, path, sizeBytes: stats.size }, context);
      } finally {
        closeSync(handle);
      }
    } catch (fault) {
      if (fault instanceof TaskCancelled) throw fault;
      return { failure: describeFault(path, fault) };
    }
  },
};

interface Opened {
  readonly handle: number;
  readonly path: string;
  readonly sizeBytes: number;
}

async function readOpened(file: Opened, context: TaskContext<never>): Promise<ReadTrackShape["output"]> {
  try {
    const read = await parseBlob(presentAsBlob(file, context));
    return { tags: toTags(read, read.format.duration ?? findOggDuration(file, read)) };
  } catch (fault) {
    if (fault instanceof TaskCancelled || getFaultCode(fault) !== null) throw fault;
    // The library throws errors of many kinds for what it does not understand; none is a bug of ours.
    const why = isAppError(fault) ? fault.message : `no tags can be read: ${String(fault).slice(0, 200)}`;
    return refused(file.path, why);
  }
}

function refused(path: string, why: string): { readonly failure: FileFailure } {
  return { failure: { code: "unreadable", message: `${path}: ${why}` } };
}

function toTags({ common, format }: IAudioMetadata, durationSeconds: number | null): TrackTags {
  const pictures = common.picture ?? [];
  const [firstGenre] = common.genre ?? [];
  return {
    title: toText(common.title, TRACK_TEXT_CHARS_MAX),
    artist: toText(common.artist, TRACK_TEXT_CHARS_MAX),
    album: toText(common.album, TRACK_TEXT_CHARS_MAX),
    genre: toText(firstGenre, TRACK_GENRE_CHARS_MAX),
    year: toSmall(common.year),
    track: toSmall(common.track.no),
    disc: toSmall(common.disk.no),
    durationSeconds: toDuration(format.duration ?? durationSeconds),
    hasEmbeddedCover: pictures.length > 0,
    cover: findCover(pictures),
  };
}

/** The database can store no zero character, and half a character of two units is none. */
function toText(value: unknown, charsMax: number): string | null {
  if (typeof value !== "string") return null;
  const text = value.replaceAll("\0", " ").toWellFormed().trim();
  return text === "" ? null : [...text].slice(0, charsMax).join("").trim();
}

/** Numbers of tags are stored in two bytes, and nothing counts from below one. */
const SMALL_MAX = 32_767;

function toSmall(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= SMALL_MAX
    ? value
    : null;
}

function toDuration(seconds: number | null): number | null {
  return seconds !== null && Number.isFinite(seconds) && seconds > 0
    ? Math.round(seconds * 1000) / 1000
    : null;
}

/** The front cover, or the first picture; by what its bytes are, for the tag may say anything. */
function findCover(pictures: readonly IPicture[]): TrackCover | null {
  const picture = pictures.find(({ type = "" }) => /front/i.test(type)) ?? pictures[0];
  if (picture === undefined || picture.data.length > TRACK_COVER_BYTES_MAX) return null;
  const extension = detectPicture(picture.data);
  // A copy of its own: what the tags were read into may be much larger, and would travel with it.
  return extension === null ? null : { extension, bytes: Uint8Array.from(picture.data) };
}

function detectPicture(bytes: Uint8Array): TrackCover["extension"] | null {
  const startsWith = (mark: readonly number[]) => mark.every((byte, index) => bytes[index] === byte);
  if (startsWith([0xff, 0xd8, 0xff])) return "jpg";
  return startsWith([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) ? "png" : null;
}

/** Opus counts in this rate whatever the sound's own is. */
const OPUS_RATE = 48_000;
/** Where a page of an Ogg stream says how many samples were heard at its end: eight bytes, little endian. */
const OGG_GRANULE_AT = 6;
/** That number of a page on which no packet ends. */
const OGG_NO_GRANULE = 0xffff_ffff_ffff_ffffn;

/** The last page of an Ogg stream tells its length; the library would read every page on the way there. */
function findOggDuration(file: Opened, { format }: IAudioMetadata): number | null {
  if (format.container !== "Ogg") return null;
  const rate = /opus/i.test(format.codec ?? "") ? OPUS_RATE : (format.sampleRate ?? 0);
  const tail = Buffer.alloc(Math.min(OGG_TAIL_BYTES, file.sizeBytes));
  readInto(file, { start: file.sizeBytes - tail.length, into: tail });
  for (
    let at = tail.lastIndexOf("OggS");
    at >= 0 && rate > 0;
    at = at === 0 ? -1 : tail.lastIndexOf("OggS", at - 1)
  ) {
    if (at + OGG_GRANULE_AT + 8 > tail.length) continue;
    const granule = tail.readBigUInt64LE(at + OGG_GRANULE_AT);
    if (granule !== OGG_NO_GRANULE) return Number(granule) / rate;
  }
  return null;
}
