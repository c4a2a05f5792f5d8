import { sql } from "drizzle-orm";
import type { Context } from "../base/context.ts";
import { listPlatformFolders, readLayout } from "../platforms/folders/service.ts";
import type { Config } from "./config.ts";
import { VERSION } from "./facts.ts";

/** What an operator wants to see at each start, besides problems. */
export interface SummaryParts {
  readonly ctx: Context;
  readonly url: string;
  /** The database in words. */
  readonly database: string;
}

/** The few lines that say what was started with what. */
export async function describeStart(
  config: Config,
  { ctx, url, database }: SummaryParts,
): Promise<readonly string[]> {
  const identity = `${process.getuid?.() ?? "?"}:${process.getgid?.() ?? "?"}`;
  const kept = config.redisUrl === null ? "that database" : "Redis";
  return [
    `Multitap ${VERSION} as uid ${identity}, ${config.workerCount} hashing workers`,
    `data folder ${config.basePath}, database ${database}; what expires is kept by ${kept}`,
    await describeLibrary(ctx),
    `listening on ${url}`,
  ];
}

/** The library's root with whether we may write there, and how many games it is known to hold. */
async function describeLibrary(ctx: Context): Promise<string> {
  const config = await ctx.ports.settings.read();
  const layout = await readLayout(ctx, config);
  const folders = await listPlatformFolders(ctx, config, layout);
  const [row] = (await ctx.db.execute(sql`select count(*)::int as roms from roms`)) as unknown as {
    roms: number;
  }[];
  const known = `${(row?.roms ?? 0).toLocaleString("en")} games known`;
  if (layout.structure === null) {
    return `library ${ctx.facts.libraryPath} is empty (looking for ${config.romsFolder}/<platform>/ or <platform>/${config.romsFolder}/), ${known}`;
  }
  const access = (await ctx.ports.files.canWrite(layout.platformsPath)) ? "read-write" : "read-only";
  return `library ${layout.platformsPath} (${access}), ${folders.length} platform folders, ${known}`;
}
