import type { Context } from "../base/context.ts";
import type { ScanSource } from "../base/library-config-readings.ts";

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
