import type { Context } from "../base/context.ts";
import type { ScanMedia, ScanSource } from "../base/library-config-readings.ts";

/** Which roms a scan wants asked about. */
export type EnrichMode =
  /** Those the scan found new. */
  | "new"
  /** Those a chosen provider knows already, to be asked for by its id. */
  | "known"
  /** Those that lack the id of a chosen provider. */
  | "unmatched"
  /** All. */
  | "all";

/** What a scan leaves behind for the providers. */
export interface EnrichWish {
  readonly mode: EnrichMode;
  /** The platforms that were scanned. */
  readonly platformIds: readonly number[];
  /** Only these roms; empty means all of the platforms. */
  readonly romIds: readonly number[];
  /** Short names of the providers to ask; empty means all that are enabled. */
  readonly sources: readonly string[];
  /** When the scan was asked for: what is younger is new to it. */
  readonly scanCreatedAt: string;
}

/** A source of facts about games. */
export interface MetadataProvider {
  readonly name: ScanSource;
  /** Column of roms that holds its id; null when it gives none. */
  readonly idColumn: ProviderIdColumn | null;
  /** Whether the operator gave it what it needs. */
  isEnabled(ctx: Context): boolean;
  /**
   * Asks about roms and stores what it learns. Idempotent: it may be repeated after a crash.
   * @throws AppError `upstream` or `unavailable` when it cannot be asked; the job goes on with the next provider.
   */
  enrich(ctx: Context, romIds: readonly number[], signal: AbortSignal): Promise<void>;
}

/** A rom as a provider is told of it that only answers. */
export interface AskedRom {
  readonly romId: number;
  readonly fsName: string;
  readonly fsNameNoExt: string;
  /** Library-relative folder, without the name. */
  readonly fsPath: string;
  /** The id that the provider gave before; null when it never did. */
  readonly knownId: string | null;
}

/** Media that belong to a rom as a whole, beside those of a kind. */
export const ROM_MEDIA = ["cover", "screenshot", "manual"] as const;

/** A file in the library that a provider found for a rom. */
export interface FoundMedium {
  readonly kind: (typeof ROM_MEDIA)[number] | ScanMedia;
  /** Absolute, links resolved. */
  readonly path: string;
  /** How it is told in the metadata: `file://` and a path below the library. */
  readonly url: string;
}

/** What a provider says of one rom. Empty texts and lists say nothing. */
export interface RomAnswer {
  readonly romId: number;
  readonly providerId: string;
  readonly name: string;
  /** By which it is sorted, where that is not the name. */
  readonly sortName: string;
  readonly summary: string;
  readonly regions: readonly string[];
  readonly languages: readonly string[];
  readonly media: readonly FoundMedium[];
  /** Kept beside what other providers say, as it is. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A provider that says what it knows and leaves the storing to others. */
export interface AnsweringProvider extends Pick<MetadataProvider, "name" | "idColumn" | "isEnabled"> {
  /**
   * Answers about the roms that it knows; the others are left out.
   * @throws AppError `upstream` or `unavailable` when it cannot be asked; the job goes on with the next provider.
   */
  ask(ctx: Context, roms: readonly AskedRom[], signal: AbortSignal): Promise<readonly RomAnswer[]>;
}

export type AnyProvider = MetadataProvider | AnsweringProvider;

/** What somebody said, and how far it counts. */
export interface Said {
  readonly provider: ScanSource;
  readonly idColumn: ProviderIdColumn | null;
  readonly mode: EnrichMode;
  readonly answers: readonly RomAnswer[];
}

/** Stores answers; to be repeated without harm. */
export type StoreAnswers = (ctx: Context, said: Said) => Promise<void>;

export const PROVIDER_ID_COLUMNS = [
  "igdb_id",
  "sgdb_id",
  "moby_id",
  "ss_id",
  "ra_id",
  "launchbox_id",
  "hasheous_id",
  "tgdb_id",
  "hltb_id",
  "flashpoint_id",
  "gamelist_id",
  "libretro_id",
] as const;
export type ProviderIdColumn = (typeof PROVIDER_ID_COLUMNS)[number];
