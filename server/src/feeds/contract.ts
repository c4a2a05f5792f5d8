import * as v from "valibot";
import { NoInput } from "../base/schemas.ts";
import { FEED_WORD_CHARS_MAX } from "./limits.ts";

/** What a shop app is sent. */
export type FeedAnswer =
  /** The text of one JSON value, which may be too long to be written in one go; `isFresh` forbids keeping it. */
  | { readonly kind: "json"; readonly text: string; readonly isFresh: boolean }
  /** A text that the app stores under a name, never kept. */
  | { readonly kind: "text"; readonly fileName: string; readonly text: string };

export const FeedAnswerSchema: v.GenericSchema<unknown, FeedAnswer> = v.variant("kind", [
  v.object({ kind: v.literal("json"), text: v.string(), isFresh: v.boolean() }),
  v.object({ kind: v.literal("text"), fileName: v.string(), text: v.string() }),
]);

const Word = v.pipe(v.string(), v.maxLength(FEED_WORD_CHARS_MAX));

export const FeedInput = NoInput;
export const ContentTypeInput = v.strictObject({ contentType: Word });
export const PlatformInput = v.strictObject({ platformSlug: Word });
export const PlatformContentInput = v.strictObject({ platformSlug: Word, contentType: v.optional(Word) });
export const SlugInput = v.strictObject({ slug: v.optional(Word, "switch") });

/** The platform a feed is about. */
export interface FeedPlatform {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
}

/** What feeds tell of a rom. */
export interface FeedRom {
  readonly id: number;
  readonly platformId: number;
  /** As it is shown; "" when only tags and an extension make up the name on disk. */
  readonly title: string;
  /** Null when there is none, or when the feed shows none. */
  readonly summary: string | null;
  readonly fsName: string;
  /** Library-relative folder, without the name. */
  readonly fsPath: string;
  readonly sizeBytes: number;
  /** The first of its regions; "" when it has none. */
  readonly region: string;
  readonly revision: string;
  /** Path below the resources; "" when there is none. */
  readonly coverSmall: string;
  readonly coverLarge: string;
  /** Milliseconds since 1970, or null. */
  readonly firstReleaseDateMs: number | null;
  readonly updatedAtMs: number;
}

/** What feeds tell of a file, with its rom. */
export interface FeedFile {
  readonly id: number;
  readonly rom: FeedRom;
  readonly fileName: string;
  /** Library-relative folder of the file. */
  readonly filePath: string;
  readonly sizeBytes: number;
  /** Lower-case hex, or "". */
  readonly sha1: string;
  /** Null for the game itself, and for files in no known folder. */
  readonly category: string | null;
  /** The scan found it to be an archive, whatever its name says. */
  readonly isArchive: boolean;
  readonly isMissing: boolean;
  readonly updatedAtMs: number;
}
