import { operation } from "../base/operation.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import { GetStatsInput, StatsSchema } from "./contract.ts";
import { readPlatformStats, readTotals } from "./queries.ts";

/**
 * What the library and its users hold; the breakdown per platform only when asked for. Platforms, roms and sizes
 * count without what is hidden from the caller; saves, states and screenshots are those of all users.
 */
export const getStats = operation(
  { type: "query", scope: "public", input: GetStatsInput, output: StatsSchema },
  async (ctx, { withPlatforms }) => {
    const hidden = await getHidden(ctx);
    const [totals, perPlatform] = await Promise.all([
      readTotals(ctx.db, hidden),
      withPlatforms ? readPlatformStats(ctx.db, hidden) : null,
    ]);
    return { ...totals, perPlatform };
  },
);
