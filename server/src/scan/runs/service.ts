import { dirname } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { createUuid } from "../../base/ids.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { LibraryLayout, PlatformFolder } from "../../platforms/folders/contract.ts";
import { listPlatformFolders, readLayout } from "../../platforms/folders/service.ts";
import { type EnsuredPlatform, listKnownPlatforms, markMissingPlatforms } from "../../platforms/service.ts";
import { readKnownRoms } from "../../roms/discovery/service.ts";
import { markGone, scanFolder } from "../folders/service.ts";
import { hashPlatform } from "../hashing/service.ts";
import { DATABASE_RETRY_MAX, DATABASE_RETRY_MS, SCAN_LEASE_MS } from "../limits.ts";
import { type Progress, type StopReason, startProgress } from "../progress/service.ts";
import { claimScan, findRootDevice, removeProblems, storeRootDevice } from "../queries.ts";

/** Names this process in leases. */
const LEASE_OWNER = createUuid();

/**
 * Runs one scan from where it stands to its end. Another process that holds the lease keeps it. While the
 * database is away it waits.
 * @throws AppError `STORAGE_FULL`-like failures, so that the queue pauses the job.
 */
export async function runScan(ctx: Context, scanId: number, signal: AbortSignal): Promise<void> {
  const scan = await whenAvailable(signal, async () => {
    const claimed = await claimScan(ctx.db, { scanId, owner: LEASE_OWNER, leaseMs: SCAN_LEASE_MS });
    if (claimed !== null) await removeProblems(ctx.db, scanId);
    return claimed;
  });
  if (scan === null) return;
  const progress = startProgress(ctx, { scan, leaseOwner: LEASE_OWNER, signal });
  try {
    await scanLibrary(ctx, progress);
    await withDatabase(ctx, progress, () => progress.close("done", null));
  } catch (error) {
    await endEarly(ctx, progress, error);
  }
}

async function endEarly(ctx: Context, progress: Progress, error: unknown): Promise<void> {
  if (progress.signal.aborted) {
    const reason = progress.signal.reason as StopReason;
    if (reason === "cancelled") await progress.close("cancelled", null);
    // Handed back: the next process, or this one after its restart, goes on.
    else if (reason === "shutdown") await progress.close("queued", null);
    return;
  }
  const expected = toAppError(error);
  if (expected.kind === "storage_full") {
    await progress.close("paused", expected.message);
    throw expected;
  }
  if (expected.kind === "internal") ctx.ports.log.error("scan failed", { scanId: progress.scan.id, error });
  await withDatabase(ctx, progress, () => progress.close("failed", expected.message));
}

async function scanLibrary(ctx: Context, progress: Progress): Promise<void> {
  const config = await ctx.ports.settings.read();
  const folders = await withDatabase(ctx, progress, () => listFolders(ctx, config, progress));
  const wanted = chooseFolders(folders, progress.scan.platformFsSlugs);
  progress.add({ platformsTotal: wanted.length });
  const platforms = await discover(ctx, { folders: wanted, config, progress });
  if (!config.skipHashCalculation) await hashAll(ctx, platforms, progress);
  progress.enter("finishing", null);
  if (progress.scan.platformFsSlugs.length > 0) return;
  await withDatabase(ctx, progress, () => markFoldersGone(ctx, progress, folders));
}

async function listFolders(
  ctx: Context,
  config: LibraryConfig,
  progress: Progress,
): Promise<readonly PlatformFolder[]> {
  const layout = await readLayout(ctx, config);
  const folders = await listPlatformFolders(ctx, config, layout);
  await requireLibrary(ctx, { layout, folders, progress });
  return folders;
}

interface LibraryCheck {
  readonly layout: LibraryLayout;
  readonly folders: readonly PlatformFolder[];
  readonly progress: Progress;
}

/**
 * Refuses to believe that a library emptied itself while games are known: a mount is probably absent.
 * @throws AppError `SCAN_LIBRARY_MISSING` unless the caller accepts missing files.
 */
async function requireLibrary(ctx: Context, { layout, folders, progress }: LibraryCheck): Promise<void> {
  const known = (await listKnownPlatforms(ctx.db)).filter((platform) => !platform.isMissing);
  const root = layout.platformsPath;
  const before = await findRootDevice(ctx.db, root);
  const isEmpty = folders.length === 0 && known.length > 0;
  const isOtherDisk = before !== null && layout.deviceNumber !== null && before !== layout.deviceNumber;
  if (!progress.scan.acceptMissing && (isEmpty || (isOtherDisk && (await hasVanished(folders, known))))) {
    const what = isEmpty ? "is empty" : "is on another disk than at the last scan";
    const message = `library root ${root} ${what} but ${known.length} platforms are known; is the mount there? Accept missing files to go on. (E_LIBRARY_MISSING)`;
    throw new AppError("unavailable", "SCAN_LIBRARY_MISSING", { message });
  }
  if (layout.deviceNumber !== null) await storeRootDevice(ctx.db, root, layout.deviceNumber);
}

/** Disk numbers change at a reboot too; only a disk that also lacks known folders is suspicious. */
async function hasVanished(
  folders: readonly PlatformFolder[],
  known: readonly { readonly fsSlug: string }[],
): Promise<boolean> {
  const present = new Set(folders.map((folder) => folder.fsSlug));
  return known.some((platform) => !present.has(platform.fsSlug));
}

function chooseFolders(
  folders: readonly PlatformFolder[],
  fsSlugs: readonly string[],
): readonly PlatformFolder[] {
  if (fsSlugs.length === 0) return folders;
  const wanted = new Set(fsSlugs);
  return folders.filter((folder) => wanted.has(folder.fsSlug));
}

interface Discovery {
  readonly folders: readonly PlatformFolder[];
  readonly config: LibraryConfig;
  readonly progress: Progress;
}

/** First pass: every rom is listed before the first one is hashed. */
async function discover(
  ctx: Context,
  { folders, config, progress }: Discovery,
): Promise<readonly EnsuredPlatform[]> {
  const platforms: EnsuredPlatform[] = [];
  for (const folder of folders) {
    progress.signal.throwIfAborted();
    progress.enter("discovering", folder.fsSlug);
    const platform = await withDatabase(ctx, progress, () => scanFolder(ctx, { folder, config, progress }));
    if (platform === null) continue;
    platforms.push(platform);
    progress.add({ platformsDone: 1 });
  }
  await withDatabase(ctx, progress, () => progress.save());
  return platforms;
}

async function hashAll(
  ctx: Context,
  platforms: readonly EnsuredPlatform[],
  progress: Progress,
): Promise<void> {
  for (const platform of platforms) {
    if (!platform.isHashable) continue;
    progress.enter("hashing", platform.slug);
    await withDatabase(ctx, progress, () => hashPlatform(ctx, { platformId: platform.id, progress }));
  }
}

/** Platforms whose folders are gone: they and their roms are marked missing, with the same care. */
async function markFoldersGone(
  ctx: Context,
  progress: Progress,
  folders: readonly PlatformFolder[],
): Promise<void> {
  const present = new Set(folders.map((folder) => folder.fsSlug));
  const gone = (await listKnownPlatforms(ctx.db)).filter((platform) => !present.has(platform.fsSlug));
  for (const platform of gone) {
    const known = await readKnownRoms(ctx.db, platform.id);
    await markGone(ctx, { path: platform.fsSlug, progress, known, gone: known });
  }
  await markMissingPlatforms(
    ctx.db,
    gone.map((platform) => platform.id),
  );
}

/** As `whenAvailable`; the outage is counted as one problem of the scan. */
async function withDatabase<T>(ctx: Context, progress: Progress, step: () => Promise<T>): Promise<T> {
  return await whenAvailable(progress.signal, step, () => {
    const path = dirname(ctx.facts.libraryPath);
    progress.report({
      code: "database_away",
      path,
      message: "the database went away; the scan waits for it",
    });
  });
}

/**
 * Repeats a step when the database goes away under it; every step may be repeated from its start.
 * @param onAway Called once, when the waiting begins.
 */
async function whenAvailable<T>(
  signal: AbortSignal,
  step: () => Promise<T>,
  onAway: () => void = () => undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      signal.throwIfAborted();
      if (toAppError(error).code !== "DATABASE_AWAY" || attempt >= DATABASE_RETRY_MAX) throw error;
      if (attempt === 1) onAway();
      await Bun.sleep(DATABASE_RETRY_MS);
    }
  }
}
