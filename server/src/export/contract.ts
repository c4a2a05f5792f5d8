import * as v from "valibot";
import { Id, list } from "../base/schemas.ts";
import { EXPORT_PLATFORMS_MAX } from "./limits.ts";

/** What to write lists of, and for whom. */
export const ExportInput = v.strictObject({
  platformIds: v.optional(v.pipe(v.array(Id), v.maxLength(EXPORT_PLATFORMS_MAX), v.readonly()), []),
  /**
   * For programs on the same disk: paths instead of addresses, with the pictures put beside the roms. Without it
   * the list leads to this server.
   */
  isLocal: v.optional(v.boolean(), false),
});

/** One list that was written. */
export interface WrittenList {
  readonly platformId: number;
  /** Library-relative path of the file. */
  readonly path: string;
}

export const WrittenListsSchema = list(v.object({ platformId: Id, path: v.string() }));

/** Formats that can be written. */
export const EXPORT_FORMATS = ["gamelist", "pegasus"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export needs of a platform. */
export interface ExportPlatform {
  readonly id: number;
  readonly slug: string;
  readonly fsSlug: string;
  readonly name: string;
  /** The operator's own name, or "". */
  readonly customName: string;
}

/** What lists tell of a rom. Paths of media lead below the resources; "" and null where there is nothing. */
export interface ExportRom {
  readonly id: number;
  readonly name: string;
  readonly sortKey: string;
  readonly fsName: string;
  readonly fsNameNoExt: string;
  readonly fsNameNoTags: string;
  readonly summary: string;
  readonly pathVideo: string;
  readonly youtubeVideoId: string;
  readonly pathManual: string;
  readonly pathCover: string;
  readonly pathScreenshots: readonly string[];
  readonly companies: readonly string[];
  readonly genres: readonly string[];
  readonly franchises: readonly string[];
  readonly tags: readonly string[];
  readonly regions: readonly string[];
  readonly languages: readonly string[];
  readonly playerCount: string;
  readonly firstReleaseDateMs: number | null;
  /** 0 to 100. */
  readonly averageRating: number | null;
  readonly gamelistId: string;
  /** What ScreenScraper and an imported gamelist said, as they are stored. */
  readonly ss: Readonly<Record<string, unknown>>;
  readonly gamelist: Readonly<Record<string, unknown>>;
}

/** A stored file that a list shows: its path below the resources, and the folder it is put into beside the roms. */
export interface Medium {
  readonly path: string;
  readonly folder: string;
}

/** How a list names roms and media. */
export interface Naming {
  /** Of a rom. */
  rom(rom: ExportRom): string;
  /** Of a medium of a rom; null when it is not there after all. */
  medium(rom: ExportRom, medium: Medium): string | null;
}
