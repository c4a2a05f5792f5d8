import type { PlatformStats, Stats } from "./contract.ts";

/** The statistics of the compatible API. */
export function toStatsWire(stats: Stats) {
  const totals = {
    PLATFORMS: stats.platforms,
    ROMS: stats.roms,
    SAVES: stats.saves,
    STATES: stats.states,
    SCREENSHOTS: stats.screenshots,
    TOTAL_FILESIZE_BYTES: stats.sizeBytes,
  };
  const { perPlatform } = stats;
  if (perPlatform === null) return totals;
  return {
    ...totals,
    METADATA_COVERAGE: byPlatform(perPlatform, (each) =>
      each.matched.map(({ provider, count }) => ({ source: provider, matched: count })),
    ),
    // A platform whose roms name no region is left out here, but not above.
    REGION_BREAKDOWN: byPlatform(
      perPlatform.filter((each) => each.regions.length > 0),
      (each) => each.regions,
    ),
  };
}

function byPlatform<T>(all: readonly PlatformStats[], pick: (each: PlatformStats) => readonly T[]) {
  return Object.fromEntries(all.map((each) => [String(each.platformId), pick(each)] as const));
}
