import { join } from "node:path";
import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import { inTransaction } from "../../base/transaction.ts";
import { isPartialName } from "../../ports/files/port.ts";
import { relocateRoms } from "../discovery/service.ts";
import { type DiskChange, DiskChangeSchema, type DiskPlace, type DoomedRom } from "./contract.ts";
import { HALF_NOTE_AGE_MS, NOTE_BYTES_MAX, REMOVE_TRIES_MAX } from "./limits.ts";
import { hasRomOfName, lockPlaces, type PlacedRom } from "./queries.ts";
import { isNoteName, toNoteName, toRomFolder, toRomResources } from "./rules.ts";

/** Random bytes in the name of a note. */
const TOKEN_BYTES = 8;

type Scene = Pick<Context, "ports" | "facts">;

/** Below the base folder: it lives as long as the library and the database, and is ours alone. */
const toNotesFolder = (ctx: Scene) => join(ctx.facts.basePath, "pending");

/**
 * Notes durably what is about to be done to files, before the first of them is touched and after the rows were
 * locked: whatever ends this process in between, `settleDiskChanges` then brings disk and database together.
 * @returns The note, for `forgetDiskChange` once both are done.
 */
export async function noteDiskChange(ctx: Scene, change: DiskChange): Promise<string> {
  const folder = toNotesFolder(ctx);
  await ctx.ports.files.createFolder(folder, { mode: 0o700 });
  const note = join(folder, toNoteName(createHexToken(TOKEN_BYTES)));
  await ctx.ports.files.writeAtomic(note, JSON.stringify(change));
  return note;
}

/** Takes a note away; one that stays is settled to no effect. */
export async function forgetDiskChange(ctx: Scene, note: string): Promise<void> {
  try {
    await ctx.ports.files.remove(note);
  } catch (error) {
    ctx.ports.log.warn("a note about a finished change stays", { path: note, error });
  }
}

/**
 * Ends what a crash has interrupted: files of roms whose row is gone go, those of others come back, and a row follows
 * its renamed files. Waits for changes that are being made. To be called before anything compares disk and database.
 */
export async function settleDiskChanges(ctx: Context): Promise<void> {
  const folder = toNotesFolder(ctx);
  if ((await ctx.ports.files.find(folder)) === null) return;
  for (const { name } of await ctx.ports.files.list(folder)) {
    if (name !== null && isNoteName(name)) await settleDiskChange(ctx, join(folder, name));
    if (name !== null && isPartialName(name)) await forgetHalfNote(ctx, join(folder, name));
  }
}

/** Nothing was touched yet for a note that was not whole; a young one may be somebody's who is writing it. */
async function forgetHalfNote(ctx: Scene, path: string): Promise<void> {
  const facts = await ctx.ports.files.find(path);
  if (facts === null || ctx.ports.clock.now().getTime() - facts.modifiedAtMs < HALF_NOTE_AGE_MS) return;
  await forgetDiskChange(ctx, path);
}

/** Does so for one change. What cannot be done now keeps its note, for the next time. */
export async function settleDiskChange(ctx: Context, note: string): Promise<void> {
  try {
    const change = await readNote(ctx, note);
    if (change === null) return;
    await (change.kind === "removal" ? settleRemoval(ctx, change.roms) : settleRename(ctx, change));
    await forgetDiskChange(ctx, note);
  } catch (error) {
    // Without a database nothing can be settled, and whoever asked has to know.
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("an interrupted change of the library cannot be ended yet", { path: note, error });
  }
}

/** Does so after a failure that is about to be told, and which no other may hide. */
export async function settleAfterFailure(ctx: Context, note: string | null): Promise<void> {
  if (note === null) return;
  try {
    await settleDiskChange(ctx, note);
  } catch (error) {
    ctx.ports.log.warn("an interrupted change of the library waits for the next scan", { path: note, error });
  }
}

/** Null when somebody else was faster. */
async function readNote(ctx: Scene, note: string): Promise<DiskChange | null> {
  if ((await ctx.ports.files.find(note)) === null) return null;
  const text = await ctx.ports.files.readText(note, { maxBytes: NOTE_BYTES_MAX });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), DiskChangeSchema), text);
  if (parsed.success) return parsed.output;
  throw new AppError("conflict", "ROMS_NOTE_DAMAGED", {
    message: "A note about an interrupted change is damaged; remove it when the library is in order",
    details: { path: note },
  });
}

async function settleRemoval(ctx: Context, doomed: readonly DoomedRom[]): Promise<void> {
  const gone = await inTransaction(ctx, async (tx) => {
    const rows = await lockPlaces(
      tx.db,
      doomed.map((rom) => rom.romId),
    );
    const present = new Map(rows.map((row) => [row.romId, row]));
    for (const rom of doomed) await restore(tx, rom, present.get(rom.romId));
    return doomed.filter((rom) => !present.has(rom.romId));
  });
  for (const rom of gone) await discardRom(ctx, rom);
}

/** Gives a rom that stays its files back. */
async function restore(ctx: Scene, rom: DoomedRom, row: PlacedRom | undefined): Promise<void> {
  if (row === undefined || rom.trashName === null) return;
  const folder = toRomFolder(ctx.facts.libraryPath, rom);
  if (!(await hasEntry(ctx, folder, rom.trashName))) return;
  const home = toRomFolder(ctx.facts.libraryPath, row);
  if (await hasEntry(ctx, home, row.fsName)) {
    throw new AppError("conflict", "FILES_EXISTS", {
      message: "Files cannot be brought back, for others have their name",
      details: { path: join(home, row.fsName), trashName: rom.trashName },
    });
  }
  await ctx.ports.files.rename(join(folder, rom.trashName), join(home, row.fsName));
}

/**
 * Removes what is left of a rom without a row: files that were moved aside, never their folder, and what was kept of
 * it beside them. Links go, and what they point at stays.
 * @throws AppError of the files port.
 */
export async function discardRom(ctx: Scene, rom: DoomedRom): Promise<void> {
  const { libraryPath } = ctx.facts;
  if (rom.trashName !== null) await removeWhole(ctx, toRomFolder(libraryPath, rom), rom.trashName);
  await discardResources(ctx, rom);
}

/**
 * Removes what was kept of a rom beside its files.
 * @throws AppError of the files port.
 */
export async function discardResources(
  { ports, facts }: Scene,
  { platformId, romId }: Pick<DoomedRom, "platformId" | "romId">,
): Promise<void> {
  const path = join(facts.resourcesPath, toRomResources(platformId, romId));
  await ports.files.remove(path, { recursive: true });
}

/** Somebody who removes the same folder at the same time makes either stop early. */
async function removeWhole(ctx: Scene, folder: string, name: string): Promise<void> {
  for (let tries = 1; tries <= REMOVE_TRIES_MAX; tries += 1) {
    await ctx.ports.files.remove(join(folder, name), { recursive: true });
    if ((await ctx.ports.files.find(join(folder, name))) === null) return;
  }
}

/** The files have their new name or the old one; the row follows them. */
async function settleRename(
  ctx: Context,
  { romId, fsPath, from, to }: Extract<DiskChange, { kind: "rename" }>,
): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const [row] = await lockPlaces(tx.db, [romId]);
    if (row === undefined || row.fsName !== from || row.fsPath !== fsPath) return;
    const folder = toRomFolder(tx.facts.libraryPath, { fsPath, fsName: from });
    if ((await hasEntry(tx, folder, from)) || !(await hasEntry(tx, folder, to))) return;
    if (await hasRomOfName(tx.db, row.platformId, to)) return;
    await relocateRoms(tx.db, [{ romId, platformId: row.platformId, fsName: to, fsPath }]);
    tx.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids: [romId] } });
  });
}

/** Whether a folder has an entry of exactly this name: also a link to nowhere counts, and case does. */
export async function hasEntry(ctx: Scene, folder: string, name: string): Promise<boolean> {
  if ((await ctx.ports.files.find(folder)) === null) return false;
  return (await ctx.ports.files.list(folder)).some((entry) => entry.name === name);
}

/**
 * Moves a rom's files aside, within their folder.
 * @returns False when there were none.
 */
export async function moveAside(ctx: Scene, place: DiskPlace, trashName: string): Promise<boolean> {
  const folder = toRomFolder(ctx.facts.libraryPath, place);
  try {
    await ctx.ports.files.rename(join(folder, place.fsName), join(folder, trashName));
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "FILES_NOT_FOUND") return false;
    throw error;
  }
}
