import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { ScanStats } from "../../base/events.ts";
import { OPERATOR } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Id, NoInput } from "../../base/schemas.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import type { Platform } from "../../platforms/contract.ts";
import { getPlatform, listKnownPlatforms } from "../../platforms/service.ts";
import type { RomDetails } from "../../roms/details/contract.ts";
import { listRomDetailsOf } from "../../roms/details/service.ts";
import { type Scan, ScanStatsSchema } from "../contract.ts";
import { SCAN_LIST_MAX } from "../limits.ts";
import { findScan, listScanRows, requestCancel } from "../queries.ts";
import { emptyStats } from "../rules.ts";
import { findRequester } from "./queries.ts";

/** What those who watch a scan are told of is read once for all of them, and then sorted out for each. */
function withFullSight(ctx: Context): Context {
  return { ...ctx, identity: OPERATOR };
}

/** The scan that somebody works on, or null. */
export async function findRunningScan(ctx: Context): Promise<Scan | null> {
  const scans = await listScanRows(ctx.db, SCAN_LIST_MAX);
  return scans.find((scan) => scan.status === "running") ?? null;
}

/** One scan by its id, or null; for this server's own use. */
export async function findWatchedScan(ctx: Context, scanId: number): Promise<Scan | null> {
  return await findScan(ctx.db, scanId);
}

/** The account that asked for a scan; null for scans that nobody asked for. */
export async function findScanRequester(ctx: Context, scanId: number): Promise<number | null> {
  return await findRequester(ctx.db, scanId);
}

/** The platform of a folder, hidden or not; null while it has no row. */
export async function findScannedPlatform(ctx: Context, fsSlug: string): Promise<Platform | null> {
  const known = (await listKnownPlatforms(ctx.db)).find((platform) => platform.fsSlug === fsSlug);
  if (known === undefined) return null;
  try {
    return await getPlatform.run(withFullSight(ctx), { platformId: known.id });
  } catch (error) {
    if (isAppError(error) && error.kind === "not_found") return null;
    throw error;
  }
}

/** Some roms, hidden or not, in the order of their ids; those that are gone are left out. */
export async function listScannedRoms(
  ctx: Context,
  romIds: readonly number[],
): Promise<readonly RomDetails[]> {
  return await listRomDetailsOf(withFullSight(ctx), romIds);
}

/** What somebody who watches a scan may be told of. */
export interface WatcherSight {
  /** Equal for watchers who may be told of the same. */
  readonly mark: string;
  seesPlatform(platformId: number): boolean;
  seesRom(rom: { readonly id: number; readonly platformId: number }): boolean;
}

/** What the caller may be told of a scan. */
export async function readSight(ctx: Context): Promise<WatcherSight> {
  const hidden: Hidden = await getHidden(ctx);
  return {
    mark: hidden.mark,
    seesPlatform: (platformId) => !hidden.platforms.has(platformId),
    seesRom: (rom) => !hidesRom(hidden, rom),
  };
}

/** What became of the scans that were asked to stop. */
export interface StoppedScans {
  /** The one that somebody works on, which ends by itself; null when none does. */
  readonly runningScanId: number | null;
  /** Its counters; all zero when none runs. */
  readonly stats: ScanStats;
}

/** Asks every scan that is queued, running or paused to stop; what they stored stays. */
export const stopScans = operation(
  {
    type: "mutation",
    scope: "tasks.run",
    input: NoInput,
    output: v.object({ runningScanId: v.nullable(Id), stats: ScanStatsSchema }),
  },
  async (ctx): Promise<StoppedScans> => {
    const open = (await listScanRows(ctx.db, SCAN_LIST_MAX)).filter((scan) => scan.finishedAt === null);
    const stopped: (Scan | null)[] = [];
    for (const scan of open) stopped.push(await requestCancel(ctx.db, scan.id));
    const running = stopped.find((scan) => scan?.status === "running") ?? null;
    return { runningScanId: running?.id ?? null, stats: running?.stats ?? emptyStats() };
  },
);
