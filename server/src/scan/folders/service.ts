import type { Context } from "../../base/context.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { PlatformFolder } from "../../platforms/folders/contract.ts";
import type { EnsuredPlatform } from "../../platforms/service.ts";
import { noteFileChanges, readKnownFiles, settleFiles } from "../../roms/discovered-files/service.ts";
import type {
  DiscoveredFile,
  DiscoveredRom,
  FileChanges,
  KnownFile,
  KnownRom,
} from "../../roms/discovery/contract.ts";
import {
  addDiscoveredRoms,
  markRomsMissing,
  markRomsPresent,
  relocateRoms,
  reparseRoms,
} from "../../roms/discovery/service.ts";
import { SCAN_BATCH_ROMS } from "../limits.ts";
import { takeMoved } from "../moves/service.ts";
import type { Progress } from "../progress/service.ts";
import { compareFiles, compareFolder, type FolderDiff, needsConfirmation } from "../rules.ts";
import {
  type FoundEntry,
  listFolderFiles,
  lookAtFileRoms,
  lookAtFiles,
  lookAtFolderRom,
  type Walk,
} from "../walk/service.ts";

/** One platform folder that was listed, and how it differs from what is known. */
export interface FolderListing {
  readonly folder: PlatformFolder;
  readonly platform: EnsuredPlatform;
  /** Kind by name. */
  readonly entries: ReadonlyMap<string, FoundEntry>;
  readonly known: readonly KnownRom[];
  readonly diff: FolderDiff;
  /** Whether its files are hashed at all. */
  readonly needsHash: boolean;
}

/** Compares a listed folder with what is known of its platform. */
export function compareListing(
  folder: PlatformFolder,
  platform: EnsuredPlatform,
  {
    entries,
    known,
    config,
  }: {
    readonly entries: readonly FoundEntry[];
    readonly known: readonly KnownRom[];
    readonly config: LibraryConfig;
  },
): FolderListing {
  const diff = compareFolder(
    entries.map((entry) => entry.name),
    known,
  );
  const isSkipped = config.skipHashPlatforms.some((name) => name === folder.fsSlug || name === platform.slug);
  const needsHash = platform.isHashable && !config.skipHashCalculation && !isSkipped;
  return {
    folder,
    platform,
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    known,
    diff,
    needsHash,
  };
}

/** How to bring listed folders in line. */
export interface Reconciling extends Walk {
  readonly progress: Progress;
  /** Roms of all listed folders that were not found; they may have moved. */
  readonly goneRomIds: readonly number[];
  /** Also look at files that are known: their size, their time, everything in their folders. */
  readonly looksAtAll: boolean;
  /** Also read the names of known roms again. */
  readonly readsNames: boolean;
  /** List what is new. */
  readonly addsNew: boolean;
}

/**
 * Brings the rows of one platform folder in line with the disk: what is new is inserted, what moved follows, what
 * changed is noted. Safe to repeat from the start at any point.
 * @returns Roms that moved here, from this folder or another.
 */
export async function reconcileFolder(
  ctx: Context,
  listing: FolderListing,
  how: Reconciling,
): Promise<ReadonlySet<number>> {
  await markBack(ctx, listing, how.progress);
  await refreshKept(ctx, listing, how);
  return how.addsNew ? await addNew(ctx, listing, how) : new Set();
}

/** Known roms are there: those that were missing are back, and one with another form of its name follows it. */
async function markBack(
  ctx: Context,
  { folder, platform, diff }: FolderListing,
  progress: Progress,
): Promise<void> {
  const moved = diff.kept.filter(
    ({ name, known }) => known.fsName !== name || known.fsPath !== folder.romsPath,
  );
  await relocateRoms(
    ctx.db,
    moved.map(({ name, known }) => ({
      romId: known.romId,
      platformId: platform.id,
      fsName: name,
      fsPath: folder.romsPath,
    })),
  );
  const back = diff.kept.filter(({ known }) => known.isMissing).map(({ known }) => known.romId);
  const ids = await markRomsPresent(ctx.db, back);
  progress.add({ romsDone: diff.kept.length });
  announceRoms(ctx, "updated", ids);
}

function announceRoms(ctx: Context, change: "created" | "updated" | "missing", ids: readonly number[]): void {
  if (ids.length > 0) ctx.raise({ topic: "library", userId: null, data: { change, entity: "rom", ids } });
}

/** Known roms as they are on disk now, as far as this type of scan looks. */
async function refreshKept(ctx: Context, listing: FolderListing, how: Reconciling): Promise<void> {
  const { diff, entries } = listing;
  const isOther = ({ name, known }: FolderDiff["kept"][number]) =>
    (entries.get(name)?.isFolder ?? false) !== known.isFolder;
  const files = diff.kept.filter((each) => !each.known.isFolder && !isOther(each));
  const folders = diff.kept.filter((each) => each.known.isFolder || isOther(each));
  if (how.looksAtAll) await refreshFiles(ctx, { listing, kept: files }, how);
  await refreshFolders(ctx, { listing, kept: folders }, how);
  if (how.readsNames) {
    await reparseRoms(
      ctx.db,
      diff.kept.map(({ name, known }) => ({ romId: known.romId, fsName: name })),
    );
  }
}

interface Kept {
  readonly listing: FolderListing;
  readonly kept: FolderDiff["kept"];
}

async function refreshFiles(ctx: Context, { listing, kept }: Kept, how: Reconciling): Promise<void> {
  for (let start = 0; start < kept.length; start += SCAN_BATCH_ROMS) {
    how.progress.signal.throwIfAborted();
    const batch = kept.slice(start, start + SCAN_BATCH_ROMS);
    const fsNames = batch.map(({ name }) => name);
    const found = await lookAtFileRoms(ctx, { fsPath: listing.folder.romsPath, fsNames }, how);
    const byName = new Map(batch.map(({ name, known }) => [name, known]));
    const changed = found.filter((rom) => isChanged(byName.get(rom.fsName), rom));
    const files = await readKnownFiles(
      ctx.db,
      changed.flatMap((rom) => byName.get(rom.fsName)?.romId ?? []),
    );
    const changes = changed.flatMap((rom) => {
      const romId = byName.get(rom.fsName)?.romId;
      return romId === undefined ? [] : [compareRomFiles(romId, rom, files.get(romId) ?? [])];
    });
    await noteFileChanges(ctx.db, changes, { isHashed: !listing.needsHash });
  }
}

function isChanged(known: KnownRom | undefined, rom: DiscoveredRom): boolean {
  return known?.sizeBytes !== rom.sizeBytes || known.modifiedAtMs !== rom.files[0]?.modifiedAtMs;
}

function compareRomFiles(romId: number, rom: DiscoveredRom, known: readonly KnownFile[]): FileChanges {
  const { isFolder, sizeBytes } = rom;
  return { romId, isFolder, sizeBytes, ...compareFiles(rom.files, known) };
}

/** Folders are listed at every scan, for what is new in them; what is known is looked at when all is. */
async function refreshFolders(ctx: Context, { listing, kept }: Kept, how: Reconciling): Promise<void> {
  for (let start = 0; start < kept.length; start += SCAN_BATCH_ROMS) {
    const batch = kept.slice(start, start + SCAN_BATCH_ROMS);
    const known = await readKnownFiles(
      ctx.db,
      batch.map((each) => each.known.romId),
    );
    for (const each of batch) {
      how.progress.signal.throwIfAborted();
      const files = known.get(each.known.romId) ?? [];
      const rom = await lookAgain(ctx, { listing, each, files }, how);
      if (rom === null) continue;
      const changes = compareRomFiles(each.known.romId, rom, files);
      const isSame = changes.added.length + changes.changed.length + changes.goneFileIds.length === 0;
      if (isSame && rom.isFolder === each.known.isFolder && rom.sizeBytes === each.known.sizeBytes) continue;
      await noteFileChanges(ctx.db, [changes], { isHashed: !listing.needsHash });
      // Nothing will be hashed that could tell a renamed file.
      if (!listing.needsHash || !rom.isFolder) await settleFiles(ctx.db, each.known.romId);
    }
  }
}

interface Look {
  readonly listing: FolderListing;
  readonly each: FolderDiff["kept"][number];
  readonly files: readonly KnownFile[];
}

/** The rom as it is on disk; null when it cannot be read. */
async function lookAgain(ctx: Context, look: Look, how: Reconciling): Promise<DiscoveredRom | null> {
  const { listing, each, files } = look;
  const fsPath = listing.folder.romsPath;
  const isFolder = listing.entries.get(each.name)?.isFolder ?? false;
  if (!isFolder) {
    const [rom] = await lookAtFileRoms(ctx, { fsPath, fsNames: [each.name] }, how);
    return rom ?? null;
  }
  if (how.looksAtAll) return await lookAtFolderRom(ctx, { fsPath, fsName: each.name }, how);
  const found = await listFolderFiles(ctx, `${fsPath}/${each.name}`, how);
  if (found === null) return null;
  // A quick scan takes the word of the row for a file that has not gone.
  const rows = new Map(files.flatMap((file) => (isSettled(file) ? [[placeOf(file), file] as const] : [])));
  const fresh = await lookAtFiles(
    ctx,
    found.filter((file) => !rows.has(placeOf(file))),
    how,
  );
  const freshByPlace = new Map(fresh.map((file) => [placeOf(file), file]));
  const all = found.flatMap(
    (file) => freshByPlace.get(placeOf(file)) ?? toDiscovered(rows.get(placeOf(file))),
  );
  return {
    fsName: each.name,
    fsPath,
    isFolder,
    sizeBytes: all.reduce((sum, file) => sum + file.sizeBytes, 0),
    files: all,
  };
}

const placeOf = (file: { readonly filePath: string; readonly fileName: string }) =>
  `${file.filePath}/${file.fileName}`;

const isSettled = (file: KnownFile) => !file.isMissing && file.modifiedAtMs !== null;

function toDiscovered(file: KnownFile | undefined): readonly DiscoveredFile[] {
  if (file === undefined || file.modifiedAtMs === null) return [];
  const { fileName, filePath, sizeBytes, modifiedAtMs } = file;
  return [{ fileName, filePath, sizeBytes, modifiedAtMs, category: null }];
}

/** Inserts what is new, unless it is a known rom that moved here. */
async function addNew(ctx: Context, listing: FolderListing, how: Reconciling): Promise<ReadonlySet<number>> {
  const movedIds = new Set<number>();
  const { added } = listing.diff;
  for (let start = 0; start < added.length; start += SCAN_BATCH_ROMS) {
    how.progress.signal.throwIfAborted();
    const names = added.slice(start, start + SCAN_BATCH_ROMS);
    const found = await lookAtNew(ctx, { listing, names }, how);
    const { moved, rest } = await takeMoved(ctx, { listing, found, takenRomIds: movedIds }, how);
    for (const romId of moved) movedIds.add(romId);
    const options = { platformId: listing.platform.id, isHashed: !listing.needsHash };
    const ids = await addDiscoveredRoms(ctx.db, rest, options);
    how.progress.add({ romsNew: ids.length, romsDone: names.length });
    announceRoms(ctx, "created", ids);
    announceRoms(ctx, "updated", moved);
  }
  return movedIds;
}

async function lookAtNew(
  ctx: Context,
  { listing, names }: { readonly listing: FolderListing; readonly names: readonly string[] },
  how: Reconciling,
): Promise<readonly DiscoveredRom[]> {
  const fsPath = listing.folder.romsPath;
  const isFolder = (name: string) => listing.entries.get(name)?.isFolder ?? false;
  const fsNames = names.filter((name) => !isFolder(name));
  const found = [...(await lookAtFileRoms(ctx, { fsPath, fsNames }, how))];
  for (const fsName of names.filter(isFolder)) {
    how.progress.signal.throwIfAborted();
    const rom = await lookAtFolderRom(ctx, { fsPath, fsName }, how);
    if (rom !== null) found.push(rom);
  }
  return found;
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
  announceRoms(ctx, "missing", ids);
}
