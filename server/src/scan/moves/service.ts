import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { findConvertedRom, followIntoFolder } from "../../roms/conversion/service.ts";
import { noteFileChanges, readKnownFiles } from "../../roms/discovered-files/service.ts";
import type { DiscoveredRom, MoveCandidate } from "../../roms/discovery/contract.ts";
import { readMoveCandidates, relocateRoms } from "../../roms/discovery/service.ts";
import type { FolderListing, Reconciling } from "../folders/service.ts";
import { hashUnlisted } from "../hashing/service.ts";
import { compareFiles, findMove } from "../rules.ts";

/** What was found and has no row of its name. */
export interface FoundRoms {
  readonly listing: FolderListing;
  readonly found: readonly DiscoveredRom[];
  /** Roms that were recognised in this folder before. */
  readonly takenRomIds: ReadonlySet<number>;
}

/** What of it are known roms under another name. */
export interface MovedRoms {
  /** Ids of the roms that moved; their rows have followed. */
  readonly moved: readonly number[];
  readonly rest: readonly DiscoveredRom[];
}

/**
 * Recognises known roms that were renamed or moved, also from another platform's folder: they are gone from where
 * they were, and size and all hashes are the same. Only those that may be one are hashed before they are listed.
 */
export async function takeMoved(ctx: Context, roms: FoundRoms, how: Reconciling): Promise<MovedRoms> {
  const { moved, rest } = await takeConverted(ctx, roms);
  const takenRomIds = new Set([...roms.takenRomIds, ...moved]);
  if (!roms.listing.needsHash) return { moved, rest };
  const more = await takeAlike(ctx, { ...roms, found: rest, takenRomIds }, how);
  return { moved: [...moved, ...more.moved], rest: more.rest };
}

/** Recognises folders that hold what was a rom of one file beside them, and have its name. */
async function takeConverted(ctx: Context, { listing, found, takenRomIds }: FoundRoms): Promise<MovedRoms> {
  const gone = listing.diff.gone.filter(({ romId }) => !takenRomIds.has(romId));
  const moved: number[] = [];
  const rest: DiscoveredRom[] = [];
  for (const rom of found) {
    const before = findConvertedRom(rom, gone);
    if (before === null) {
      rest.push(rom);
      continue;
    }
    const { romId } = before;
    await followIntoFolder(ctx.db, { romId, folderName: rom.fsName });
    await noteFiles(ctx, { rom, romId });
    moved.push(romId);
  }
  return { moved, rest };
}

/** Recognises what is known under another name by its content. */
async function takeAlike(ctx: Context, roms: FoundRoms, how: Reconciling): Promise<MovedRoms> {
  const { listing, found } = roms;
  const candidates = await listCandidates(ctx, roms, how);
  const bySize = Map.groupBy(candidates, (candidate) => candidate.sizeBytes);
  const taken = new Set(roms.takenRomIds);
  const moved: number[] = [];
  const rest: DiscoveredRom[] = [];
  for (const rom of found) {
    const alike = (bySize.get(rom.sizeBytes) ?? []).filter(
      (candidate) => candidate.isFolder === rom.isFolder && !taken.has(candidate.romId),
    );
    how.progress.signal.throwIfAborted();
    const match = alike.length === 0 ? null : await recognise(ctx, { listing, rom, alike }, how);
    if (match === null) {
      rest.push(rom);
      continue;
    }
    taken.add(match.romId);
    moved.push(match.romId);
    await follow(ctx, { listing, rom, romId: match.romId });
  }
  return { moved, rest };
}

async function listCandidates(
  ctx: Context,
  { found }: FoundRoms,
  { goneRomIds }: Reconciling,
): Promise<readonly MoveCandidate[]> {
  const sizesBytes = [...new Set(found.map((rom) => rom.sizeBytes).filter((size) => size > 0))];
  const fsNames = found.map((rom) => rom.fsName);
  const all = await readMoveCandidates(ctx.db, { sizesBytes, fsNames, goneRomIds });
  const gone = new Set(goneRomIds);
  const candidates: MoveCandidate[] = [];
  for (const candidate of all) {
    if (candidate.isMissing || gone.has(candidate.romId) || (await isGone(ctx, candidate)))
      candidates.push(candidate);
  }
  return candidates;
}

/** A rom of a folder that this scan does not look at: only the disk can tell. */
async function isGone(ctx: Context, { fsPath, fsName }: MoveCandidate): Promise<boolean> {
  return (await ctx.ports.files.find(join(ctx.facts.libraryPath, fsPath, fsName))) === null;
}

interface Recognition {
  readonly listing: FolderListing;
  readonly rom: DiscoveredRom;
  readonly alike: readonly MoveCandidate[];
}

async function recognise(
  ctx: Context,
  { listing, rom, alike }: Recognition,
  how: Reconciling,
): Promise<MoveCandidate | null> {
  const hashes = await hashUnlisted(ctx, { platform: listing.platform, rom, signal: how.progress.signal });
  return hashes === null ? null : findMove(alike, hashes, rom.fsName);
}

async function follow(
  ctx: Context,
  {
    listing,
    rom,
    romId,
  }: { readonly listing: FolderListing; readonly rom: DiscoveredRom; readonly romId: number },
): Promise<void> {
  const { fsName, fsPath } = rom;
  await relocateRoms(ctx.db, [{ romId, platformId: listing.platform.id, fsName, fsPath }]);
  await noteFiles(ctx, { rom, romId });
}

/** Takes note of what is not as it was in a rom that was recognised. */
async function noteFiles(
  ctx: Context,
  { rom, romId }: { readonly rom: DiscoveredRom; readonly romId: number },
): Promise<void> {
  const { isFolder, sizeBytes } = rom;
  const known = (await readKnownFiles(ctx.db, [romId])).get(romId) ?? [];
  const changes = { romId, isFolder, sizeBytes, ...compareFiles(rom.files, known) };
  if (changes.added.length + changes.changed.length + changes.goneFileIds.length === 0) return;
  await noteFileChanges(ctx.db, [changes], { isHashed: false });
}
