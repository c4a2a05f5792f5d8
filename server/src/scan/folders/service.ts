import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { compileExclusions, type Exclusions } from "../../base/exclusions.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { PlatformFolder } from "../../platforms/folders/contract.ts";
import { type EnsuredPlatform, ensurePlatform } from "../../platforms/service.ts";
import type { DirectoryEntry } from "../../ports/files/port.ts";
import type { DiscoveredRom, KnownRom } from "../../roms/discovery/contract.ts";
import {
  addDiscoveredRoms,
  markRomsMissing,
  markRomsPresent,
  noteChangedFiles,
  readKnownRoms,
  relocateRoms,
  reparseRoms,
} from "../../roms/discovery/service.ts";
import { PLATFORM_ENTRIES_MAX, SCAN_BATCH_ROMS, STATS_IN_FLIGHT } from "../limits.ts";
import type { Progress } from "../progress/service.ts";
import { compareFolder, type FolderDiff, judgeEntry, needsConfirmation } from "../rules.ts";

/** One platform folder to bring in line. */
export interface FolderScan {
  readonly folder: PlatformFolder;
  readonly config: LibraryConfig;
  readonly progress: Progress;
}

/**
 * Brings the rows of one platform folder in line with the disk: new files are inserted, vanished ones marked,
 * changed ones noted. Safe to repeat from the start at any point.
 * @returns The platform, or null when its folder cannot be read (nothing is marked missing then).
 */
export async function scanFolder(ctx: Context, scan: FolderScan): Promise<EnsuredPlatform | null> {
  const { folder, config, progress } = scan;
  const names = await listRomNames(ctx, scan, compileExclusions(config));
  if (names === null) return null;
  const platform = await ensurePlatform(ctx.db, folder.fsSlug, config);
  progress.add({
    romsTotal: names.length,
    platformsNew: platform.isNew ? 1 : 0,
    platformsIdentified: platform.isIdentified ? 1 : 0,
  });
  const known = (await readKnownRoms(ctx.db, platform.id)).filter((rom) => !rom.isFolder);
  const diff = compareFolder(names, known);
  await addNew(ctx, { ...scan, platform }, diff.added);
  await markBack(ctx, scan, diff);
  if (progress.scan.type === "complete") await lookAgain(ctx, scan, diff);
  await markGone(ctx, { path: folder.romsPath, progress, known, gone: diff.gone });
  return platform;
}

/** Names of the files that are roms, or null when the folder cannot be read. */
async function listRomNames(
  ctx: Context,
  { folder, progress }: FolderScan,
  exclusions: Exclusions,
): Promise<readonly string[] | null> {
  let entries: readonly DirectoryEntry[];
  try {
    entries = await ctx.ports.files.list(join(ctx.facts.libraryPath, folder.romsPath));
  } catch (error) {
    if (!isAppError(error)) throw error;
    progress.report({ code: "folder_unreadable", path: folder.romsPath, message: error.message });
    return null;
  }
  const names: string[] = [];
  for (const entry of entries.slice(0, PLATFORM_ENTRIES_MAX)) {
    if (entry.name !== null && exclusions.isRomFileExcluded(entry.name)) continue;
    const problem = judgeEntry(entry);
    if (problem !== null) {
      progress.report({
        code: problem.code,
        path: `${folder.romsPath}/${problem.name}`,
        message: problem.message,
      });
    }
    if (entry.name !== null && entry.kind === "file") names.push(entry.name);
  }
  return names;
}

async function addNew(
  ctx: Context,
  scan: FolderScan & { readonly platform: EnsuredPlatform },
  names: readonly string[],
): Promise<void> {
  const { config, progress, platform } = scan;
  for (let start = 0; start < names.length; start += SCAN_BATCH_ROMS) {
    progress.signal.throwIfAborted();
    const batch = names.slice(start, start + SCAN_BATCH_ROMS);
    const found = await lookAtFiles(ctx, scan, batch);
    const needsHash = platform.isHashable && !config.skipHashCalculation;
    const ids = await addDiscoveredRoms(ctx.db, found, { platformId: platform.id, isHashed: !needsHash });
    progress.add({ romsNew: ids.length, romsDone: batch.length });
    if (ids.length > 0) {
      ctx.raise({ topic: "library", userId: null, data: { change: "created", entity: "rom", ids } });
    }
  }
}

/** Size and time of each file; one that cannot be looked at is a problem of its own. */
async function lookAtFiles(
  ctx: Context,
  scan: FolderScan,
  names: readonly string[],
): Promise<readonly DiscoveredRom[]> {
  const found: DiscoveredRom[] = [];
  for (let start = 0; start < names.length; start += STATS_IN_FLIGHT) {
    const some = names.slice(start, start + STATS_IN_FLIGHT);
    const looked = await Promise.all(some.map((fsName) => lookAtFile(ctx, scan, fsName)));
    found.push(...looked.filter((each) => each !== null));
  }
  return found;
}

async function lookAtFile(
  ctx: Context,
  { folder, progress }: FolderScan,
  fsName: string,
): Promise<DiscoveredRom | null> {
  const path = `${folder.romsPath}/${fsName}`;
  try {
    const facts = await ctx.ports.files.find(join(ctx.facts.libraryPath, path));
    if (facts === null) {
      progress.report({ code: "file_vanished", path, message: "the file went away while it was scanned" });
      return null;
    }
    return { fsName, fsPath: folder.romsPath, sizeBytes: facts.sizeBytes, modifiedAtMs: facts.modifiedAtMs };
  } catch (error) {
    if (!isAppError(error)) throw error;
    progress.report({ code: "file_unreadable", path, message: error.message });
    return null;
  }
}

/** Known roms are there: those that were missing are back, and a moved one follows its file. */
async function markBack(ctx: Context, { folder, progress }: FolderScan, diff: FolderDiff): Promise<void> {
  const moved = diff.kept.filter(
    ({ name, known }) => known.fsName !== name || known.fsPath !== folder.romsPath,
  );
  await relocateRoms(
    ctx.db,
    moved.map(({ name, known }) => ({ romId: known.romId, fsName: name, fsPath: folder.romsPath })),
  );
  const back = diff.kept.filter(({ known }) => known.isMissing).map(({ known }) => known.romId);
  const ids = await markRomsPresent(ctx.db, back);
  progress.add({ romsDone: diff.kept.length });
  if (ids.length > 0) {
    ctx.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids } });
  }
}

/** A complete scan compares size and time of every known file and reads every name again. */
async function lookAgain(ctx: Context, scan: FolderScan, diff: FolderDiff): Promise<void> {
  const { progress } = scan;
  for (let start = 0; start < diff.kept.length; start += SCAN_BATCH_ROMS) {
    progress.signal.throwIfAborted();
    const batch = diff.kept.slice(start, start + SCAN_BATCH_ROMS);
    const byName = new Map(batch.map(({ name, known }) => [name, known]));
    const found = await lookAtFiles(ctx, scan, [...byName.keys()]);
    const paired = found.flatMap((file) => {
      const known = byName.get(file.fsName);
      return known === undefined ? [] : [{ ...file, known }];
    });
    const changed = paired.filter(({ known, ...file }) => isChanged(known, file));
    await noteChangedFiles(
      ctx.db,
      changed.map(({ known, ...file }) => ({ ...file, romId: known.romId })),
    );
    await reparseRoms(
      ctx.db,
      paired.map(({ known, ...file }) => ({ ...file, romId: known.romId })),
    );
  }
}

function isChanged(known: KnownRom, file: DiscoveredRom): boolean {
  return known.sizeBytes !== file.sizeBytes || known.modifiedAtMs !== file.modifiedAtMs;
}

/** Roms of one folder that were not found. */
export interface GoneRoms {
  /** The folder, for messages. */
  readonly path: string;
  readonly progress: Progress;
  readonly known: readonly KnownRom[];
  readonly gone: readonly KnownRom[];
}

/** Marks vanished roms missing, unless so many vanished at once that somebody should confirm it first. */
export async function markGone(ctx: Context, { path, progress, known, gone }: GoneRoms): Promise<void> {
  const fresh = gone.filter((rom) => !rom.isMissing);
  if (fresh.length === 0) return;
  if (needsConfirmation(fresh.length, known.length) && !progress.scan.acceptMissing) {
    const message = `${fresh.length} of ${known.length} roms vanished at once; scan again accepting missing files if that is right`;
    progress.report({ code: "missing_unconfirmed", path, message });
    return;
  }
  const ids = await markRomsMissing(
    ctx.db,
    fresh.map((rom) => rom.romId),
  );
  progress.add({ romsMissing: ids.length });
  if (ids.length > 0) {
    ctx.raise({ topic: "library", userId: null, data: { change: "missing", entity: "rom", ids } });
  }
}
