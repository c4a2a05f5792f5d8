import { dirname, join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { compileExclusions } from "../../base/exclusions.ts";
import { createUuid } from "../../base/ids.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { EnrichMode } from "../../metadata/contract.ts";
import { queueEnrichment } from "../../metadata/service.ts";
import type { LibraryLayout, PlatformFolder } from "../../platforms/folders/contract.ts";
import { listPlatformFolders, readLayout } from "../../platforms/folders/service.ts";
import { ensurePlatform, listKnownPlatforms, markMissingPlatforms } from "../../platforms/service.ts";
import type { KnownRom } from "../../roms/discovery/contract.ts";
import { readKnownRoms, readKnownRomsByIds } from "../../roms/discovery/service.ts";
import { settleDiskChanges } from "../../roms/disk-changes/service.ts";
import { requestHashes } from "../../roms/hashes/service.ts";
import type { Scan, ScanType } from "../contract.ts";
import { scanFirmware } from "../firmware/service.ts";
import { compareListing, type FolderListing, markGone, reconcileFolder } from "../folders/service.ts";
import { hashPlatform } from "../hashing/service.ts";
import { DATABASE_RETRY_MAX, DATABASE_RETRY_MS, SCAN_LEASE_MS } from "../limits.ts";
import { type Progress, type StopReason, startProgress } from "../progress/service.ts";
import { claimScan, findRootDevice, removeProblems, storeRootDevice } from "../queries.ts";
import { readPlatformTracks } from "../tracks/service.ts";
import { type FoundEntry, listRomEntries } from "../walk/service.ts";

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

/** How much of a library a type of scan looks at, and what it does about it. */
interface Scope {
  readonly looksAtAll: boolean;
  readonly readsNames: boolean;
  readonly addsNew: boolean;
  readonly hashes: "nothing" | "new" | "all";
  readonly asksAbout: EnrichMode;
}

const SCOPES: Readonly<Record<ScanType, Scope>> = {
  new_platforms: { looksAtAll: false, readsNames: false, addsNew: true, hashes: "new", asksAbout: "new" },
  quick: { looksAtAll: false, readsNames: false, addsNew: true, hashes: "new", asksAbout: "new" },
  update: { looksAtAll: false, readsNames: false, addsNew: false, hashes: "nothing", asksAbout: "known" },
  unmatched: {
    looksAtAll: false,
    readsNames: false,
    addsNew: false,
    hashes: "nothing",
    asksAbout: "unmatched",
  },
  hashes: { looksAtAll: true, readsNames: false, addsNew: true, hashes: "all", asksAbout: "all" },
  complete: { looksAtAll: true, readsNames: true, addsNew: true, hashes: "new", asksAbout: "all" },
};
/** Roms that were named are read again whatever the type. */
const NAMED_ROMS: Scope = {
  looksAtAll: true,
  readsNames: true,
  addsNew: false,
  hashes: "all",
  asksAbout: "all",
};

/** A quick scan of some folders also looks at what is known in them: a file that was replaced shows by size and time. */
function chooseScope({
  type,
  romIds,
  platformFsSlugs,
}: Pick<Scan, "type" | "romIds" | "platformFsSlugs">): Scope {
  if (romIds.length > 0) return NAMED_ROMS;
  const scope = SCOPES[type];
  return type === "quick" && platformFsSlugs.length > 0 ? { ...scope, looksAtAll: true } : scope;
}

async function scanLibrary(ctx: Context, progress: Progress): Promise<void> {
  const { scan } = progress;
  const config = await ctx.ports.settings.read();
  const scope = chooseScope(scan);
  progress.enter("discovering", null);
  await withDatabase(ctx, progress, () => settleDiskChanges(ctx));
  const folders = await withDatabase(ctx, progress, () => listFolders(ctx, config, progress));
  const listings = await listAll(ctx, { folders, config, progress });
  await discover(ctx, { listings, config, progress, scope });
  if (scope.hashes !== "nothing") await hashAll(ctx, { listings, progress, scope });
  if (scope.hashes !== "nothing") await readAllTracks(ctx, { listings, progress });
  progress.enter("finishing", null);
  const platformIds = listings.map((listing) => listing.platform.id);
  const { romIds, sources, createdAt } = scan;
  const wish = { mode: scope.asksAbout, platformIds, romIds, sources, scanCreatedAt: createdAt };
  await withDatabase(ctx, progress, () => queueEnrichment(ctx, wish));
  if (scan.platformFsSlugs.length > 0 || scan.romIds.length > 0 || scan.type === "new_platforms") return;
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

interface Listing {
  readonly folders: readonly PlatformFolder[];
  readonly config: LibraryConfig;
  readonly progress: Progress;
}

/** First pass: every folder is listed before anything is changed, so that what moved between two is recognised. */
async function listAll(
  ctx: Context,
  { folders, config, progress }: Listing,
): Promise<readonly FolderListing[]> {
  const { scan } = progress;
  const named =
    scan.romIds.length === 0
      ? null
      : await withDatabase(ctx, progress, () => readKnownRomsByIds(ctx.db, scan.romIds));
  const wanted = named === null ? chooseFolders(folders, scan.platformFsSlugs) : folders;
  const listings: FolderListing[] = [];
  for (const folder of wanted) {
    progress.signal.throwIfAborted();
    const listing = await withDatabase(ctx, progress, () =>
      listOne(ctx, folder, { config, progress, named }),
    );
    if (listing !== null) listings.push(listing);
  }
  const sum = (count: (listing: FolderListing) => number) =>
    listings.reduce((total, listing) => total + count(listing), 0);
  progress.add({
    platformsTotal: named === null ? wanted.length : listings.length,
    romsTotal: sum((listing) => listing.entries.size),
    platformsNew: sum((listing) => (listing.platform.isNew ? 1 : 0)),
    platformsIdentified: sum((listing) => (listing.platform.isIdentified ? 1 : 0)),
  });
  return listings;
}

/** Roms that were asked for by their ids, per platform; null asks for all. */
type NamedRoms = ReadonlyMap<number, readonly KnownRom[]> | null;

async function listOne(
  ctx: Context,
  folder: PlatformFolder,
  { config, progress, named }: Omit<Listing, "folders"> & { readonly named: NamedRoms },
): Promise<FolderListing | null> {
  const { scan } = progress;
  const walk = { progress, exclusions: compileExclusions(config) };
  if (named !== null) {
    const row = (await listKnownPlatforms(ctx.db)).find(({ fsSlug }) => fsSlug === folder.fsSlug);
    const known = row === undefined ? undefined : named.get(row.id);
    if (known === undefined) return null;
    const entries = await findEntries(ctx, folder, known);
    const platform = await ensurePlatform(ctx.db, folder.fsSlug, config);
    return compareListing(folder, platform, { entries, known, config });
  }
  const entries = await listRomEntries(ctx, folder.romsPath, walk);
  if (entries === null) return null;
  const platform = await ensurePlatform(ctx.db, folder.fsSlug, config);
  // One that this scan itself has made before it was interrupted is still new to it.
  const isOld = !platform.isNew && platform.createdAt.getTime() < Date.parse(scan.createdAt);
  if (scan.type === "new_platforms" && isOld) return null;
  const known = await readKnownRoms(ctx.db, platform.id);
  return compareListing(folder, platform, { entries, known, config });
}

/** Roms that were named are looked for where they were; nothing else of their folder is. */
async function findEntries(
  ctx: Context,
  folder: PlatformFolder,
  known: readonly KnownRom[],
): Promise<readonly FoundEntry[]> {
  const entries: FoundEntry[] = [];
  for (const { fsName } of known) {
    const facts = await ctx.ports.files.find(join(ctx.facts.libraryPath, folder.romsPath, fsName));
    if (facts !== null) entries.push({ name: fsName, isFolder: facts.kind === "folder" });
  }
  return entries;
}

interface Discovery {
  readonly listings: readonly FolderListing[];
  readonly config: LibraryConfig;
  readonly progress: Progress;
  readonly scope: Scope;
}

/** Second pass: every rom is listed before the first one is hashed. */
async function discover(ctx: Context, { listings, config, progress, scope }: Discovery): Promise<void> {
  const gone = listings.flatMap((listing) => listing.diff.gone);
  const goneRomIds = gone.map((rom) => rom.romId);
  const walk = { progress, exclusions: compileExclusions(config) };
  const moved = new Set<number>();
  for (const listing of listings) {
    const { folder, platform } = listing;
    progress.signal.throwIfAborted();
    if (scope.addsNew) {
      await withDatabase(ctx, progress, () => scanFirmware(ctx, { ...walk, folder, platform }));
    }
    progress.enter("discovering", folder.fsSlug);
    const here = await withDatabase(ctx, progress, () =>
      reconcileFolder(ctx, listing, { ...walk, ...scope, goneRomIds }),
    );
    for (const romId of here) moved.add(romId);
    progress.add({ platformsDone: 1 });
  }
  for (const { folder, known, diff } of listings) {
    const vanished = diff.gone.filter((rom) => !moved.has(rom.romId));
    await withDatabase(ctx, progress, () =>
      markGone(ctx, { path: folder.romsPath, progress, known, gone: vanished }),
    );
  }
  await withDatabase(ctx, progress, () => progress.save());
}

async function hashAll(
  ctx: Context,
  { listings, progress, scope }: Omit<Discovery, "config">,
): Promise<void> {
  const { scan } = progress;
  for (const { platform, needsHash } of listings) {
    if (!needsHash) continue;
    progress.enter("hashing", platform.slug);
    await withDatabase(ctx, progress, async () => {
      if (scope.hashes === "all") {
        const romIds = scan.romIds.length === 0 ? null : scan.romIds;
        await requestHashes(ctx.db, { platformId: platform.id, romIds, before: new Date(scan.createdAt) });
      }
      await hashPlatform(ctx, { platform, progress });
    });
  }
}

/** Behind the hashes, which belong to the bytes whose tags are read. */
async function readAllTracks(
  ctx: Context,
  { listings, progress }: Pick<Discovery, "listings" | "progress">,
): Promise<void> {
  for (const { platform } of listings) {
    await withDatabase(ctx, progress, () => readPlatformTracks(ctx, { platformId: platform.id, progress }));
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
