import * as v from "valibot";
import { list } from "../base/schemas.ts";

/** What the library and its users hold. */
export interface Stats {
  /** Platforms with at least one rom. */
  readonly platforms: number;
  readonly roms: number;
  readonly saves: number;
  readonly states: number;
  readonly screenshots: number;
  readonly sizeBytes: number;
  /** Only when asked for. */
  readonly perPlatform: readonly PlatformStats[] | null;
}

/** What is known of the roms of one platform. */
export interface PlatformStats {
  readonly platformId: number;
  /** Roms matched per provider, only above zero. */
  readonly matched: readonly { readonly provider: string; readonly count: number }[];
  /** Roms per region, most first. */
  readonly regions: readonly { readonly region: string; readonly count: number }[];
}

export const StatsSchema = v.object({
  platforms: v.number(),
  roms: v.number(),
  saves: v.number(),
  states: v.number(),
  screenshots: v.number(),
  sizeBytes: v.number(),
  perPlatform: v.nullable(
    list(
      v.object({
        platformId: v.number(),
        matched: list(v.object({ provider: v.string(), count: v.number() })),
        regions: list(v.object({ region: v.string(), count: v.number() })),
      }),
    ),
  ),
});

export const GetStatsInput = v.optional(
  v.strictObject({ withPlatforms: v.optional(v.boolean(), false) }),
  {},
);
