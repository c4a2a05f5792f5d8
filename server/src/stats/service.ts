import { operation } from "../base/operation.ts";
import { GetStatsInput, StatsSchema } from "./contract.ts";
import { readPlatformStats, readTotals } from "./queries.ts";

/** What the library and its users hold; the breakdown per platform only when asked for. */
export const getStats = operation(
  { type: "query", scope: "public", input: GetStatsInput, output: StatsSchema },
  async (ctx, { withPlatforms }) => {
    const [totals, perPlatform] = await Promise.all([
      readTotals(ctx.db),
      withPlatforms ? readPlatformStats(ctx.db) : null,
    ]);
    return { ...totals, perPlatform };
  },
);
