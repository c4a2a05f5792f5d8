import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange } from "../../permissions/changes/service.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { forgetHiddenRoms, getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import type { DoomedRom } from "../disk-changes/contract.ts";
import { listPlaces, lockPlaces, type PlacedRom } from "../disk-changes/queries.ts";
import { findRomFolder, toTrashName } from "../disk-changes/rules.ts";
import {
  discardRom,
  forgetDiskChange,
  moveAside,
  noteDiskChange,
  settleAfterFailure,
} from "../disk-changes/service.ts";
import { romNotFound } from "../rules.ts";
import { RemoveRomsInBulkInput, RemoveRomsInput, type RomsRemoved, RomsRemovedSchema } from "./contract.ts";
import { REMOVAL_BATCH_ROMS } from "./limits.ts";
import {
  countMissing,
  deleteMissing,
  deleteRoms,
  lockMissing,
  type MissingRoms,
  type RemovedRom,
} from "./queries.ts";

/** Rows that one transaction removes, so that nobody waits long for it. */
const BATCH_ROWS = 200;
/** Random bytes in the name under which files wait for their end. */
const TOKEN_BYTES = 8;

/** How many roms are missing on disk, also those that stay because of what users stored for them. */
export async function countMissingRoms(ctx: Pick<Context, "db">, missing: MissingRoms): Promise<number> {
  return await countMissing(ctx.db, missing);
}

/**
 * Removes the rows of roms that are missing on disk, batch by batch, and tells each batch once it is gone. Roms
 * for which a user has saves, states or screenshots stay: those would go with the row.
 */
export async function* removeMissingRoms(
  ctx: Context,
  missing: MissingRoms,
): AsyncGenerator<readonly RemovedRom[]> {
  let afterId = 0;
  while (true) {
    ctx.signal.throwIfAborted();
    const from = afterId;
    const { lastId, removed, wasHidden } = await inTransaction(ctx, async (tx) => {
      const ids = await lockMissing(tx.db, { ...missing, afterId: from, limit: BATCH_ROWS });
      // Asked again now that the rows are locked: what came in between is seen, and nothing new can come.
      const gone = ids.length === 0 ? [] : await deleteMissing(tx.db, ids);
      return { lastId: ids.at(-1), removed: gone, wasHidden: await announceRemoved(tx, gone) };
    });
    if (wasHidden) noteAccessChange(ctx);
    if (lastId === undefined) return;
    afterId = lastId;
    if (removed.length > 0) yield removed;
  }
}

/** What goes with rows of roms in their transaction; tells whether one of them was hidden from somebody. */
async function announceRemoved(tx: Context, gone: readonly { readonly id: number }[]): Promise<boolean> {
  if (gone.length === 0) return false;
  const ids = gone.map(({ id }) => id);
  tx.raise({ topic: "library", userId: null, data: { change: "removed", entity: "rom", ids } });
  return await forgetHiddenRoms(tx.db, ids);
}

/**
 * Removes roms with everything that users keep for them, on request also their files; files of users go to the trash.
 * Needs the grant to delete roms.
 * @throws AppError of the rom that could not be removed, when it was the only one; `ROMS_NOT_REMOVED`, with
 *   `details.failures`, when some of several could not be; `LIBRARY_READ_ONLY` before anything is done.
 */
export const removeRoms = operation(
  { type: "mutation", scope: "roms.write", input: RemoveRomsInput, output: Nothing },
  async (ctx, { romIds, deleteFiles }): Promise<null> => {
    const removal = await removeAll(ctx, { romIds, deleteFilesOf: deleteFiles ? romIds : [] });
    if (removal.failures.length === 0) return null;
    // The others are gone.
    ctx.noteWrite();
    throw toRefusal(removal);
  },
);

/**
 * Does the same and tells which could not be removed instead of throwing; each rom's files are asked for by
 * themselves.
 * @throws AppError `LIBRARY_READ_ONLY` before anything is done.
 */
export const removeRomsInBulk = operation(
  { type: "mutation", scope: "roms.write", input: RemoveRomsInBulkInput, output: RomsRemovedSchema },
  async (ctx, wish): Promise<RomsRemoved> => toOutcome(await removeAll(ctx, wish)),
);

interface Wish {
  readonly romIds: readonly number[];
  readonly deleteFilesOf: readonly number[];
}

interface Failure {
  readonly romId: number;
  readonly error: AppError;
}

interface Removal {
  readonly removedIds: readonly number[];
  readonly failures: readonly Failure[];
}

function toOutcome({ removedIds, failures }: Removal): RomsRemoved {
  return {
    removedIds,
    failures: failures.map(({ romId, error: { code, message } }) => ({ romId, code, message })),
  };
}

function toRefusal(removal: Removal): AppError {
  const { removedIds, failures } = removal;
  const [first] = failures;
  if (first !== undefined && failures.length === 1 && removedIds.length === 0) return first.error;
  return new AppError("conflict", "ROMS_NOT_REMOVED", {
    message: `${failures.length} of ${removedIds.length + failures.length} roms could not be removed`,
    details: toOutcome(removal),
  });
}

async function removeAll(ctx: Context, { romIds, deleteFilesOf }: Wish): Promise<Removal> {
  await requireGrant(ctx, { entity: "roms", action: "delete" });
  const ids = [...new Set(romIds)].sort((a, b) => a - b);
  const withFiles = new Set(deleteFilesOf);
  const hidden = await getHidden(ctx);
  await requireWritableFolders(ctx, { ids: ids.filter((id) => withFiles.has(id)), hidden });
  const removedIds: number[] = [];
  const failures: Failure[] = [];
  // To the end, also for a caller who has gone: half of it would be no better.
  for (let start = 0; start < ids.length; start += REMOVAL_BATCH_ROMS) {
    const batch = ids.slice(start, start + REMOVAL_BATCH_ROMS);
    const outcome = await removeBatch(ctx, { ids: batch, withFiles, hidden });
    removedIds.push(...outcome.removedIds);
    failures.push(...outcome.failures);
  }
  return { removedIds, failures };
}

/** A library that cannot be written refuses the whole call, before anything of it is done. */
async function requireWritableFolders(
  ctx: Context,
  { ids, hidden }: { readonly ids: readonly number[]; readonly hidden: Hidden },
): Promise<void> {
  if (ids.length === 0) return;
  const places = (await listPlaces(ctx.db, ids)).filter((place) => !isHidden(hidden, place));
  const folders = new Set(places.map((place) => findRomFolder(ctx.facts.libraryPath, place)));
  for (const folder of folders) if (folder !== null) await requireWritableLibrary(ctx, folder);
}

const isHidden = (hidden: Hidden, { romId, platformId }: PlacedRom) =>
  hidesRom(hidden, { id: romId, platformId });

interface Batch {
  /** Ascending, so that two calls wait for each other in the same order. */
  readonly ids: readonly number[];
  readonly withFiles: ReadonlySet<number>;
  readonly hidden: Hidden;
}

/**
 * Files are moved aside, then their rows go, then the files: until the rows are gone everything can be brought back,
 * and from then on nothing of it is found any more.
 */
async function removeBatch(ctx: Context, batch: Batch): Promise<Removal> {
  const noted: { note: string | null } = { note: null };
  try {
    const { doomed, failures, wasHidden } = await inTransaction(ctx, (tx) => removeRows(tx, batch, noted));
    if (wasHidden) noteAccessChange(ctx);
    const left = await discardAll(ctx, doomed);
    // What could not be removed is tried again by the next scan.
    if (noted.note !== null && left.length === 0) await forgetDiskChange(ctx, noted.note);
    const kept = new Set(left.map(({ romId }) => romId));
    const removedIds = doomed.map(({ romId }) => romId).filter((id) => !kept.has(id));
    return { removedIds, failures: [...failures, ...left] };
  } catch (error) {
    await settleAfterFailure(ctx, noted.note);
    throw error;
  }
}

interface RemovedRows {
  readonly doomed: readonly DoomedRom[];
  readonly failures: readonly Failure[];
  readonly wasHidden: boolean;
}

async function removeRows(
  tx: Context,
  { ids, withFiles, hidden }: Batch,
  noted: { note: string | null },
): Promise<RemovedRows> {
  const rows = (await lockPlaces(tx.db, ids)).filter((row) => !isHidden(hidden, row));
  const found = new Set(rows.map(({ romId }) => romId));
  const failures: Failure[] = ids
    .filter((id) => !found.has(id))
    .map((romId) => ({ romId, error: romNotFound(romId) }));
  if (rows.length === 0) return { doomed: [], failures, wasHidden: false };
  const planned = rows.map((row): DoomedRom => {
    const trashName = withFiles.has(row.romId) ? toTrashName(createHexToken(TOKEN_BYTES)) : null;
    return { ...row, trashName };
  });
  noted.note = await noteDiskChange(tx, { kind: "removal", roms: planned });
  const doomed: DoomedRom[] = [];
  for (const rom of planned) {
    const error = await tryMoveAside(tx, rom);
    if (error === null) doomed.push(rom);
    else failures.push({ romId: rom.romId, error });
  }
  const gone = doomed.map(({ romId: id }) => ({ id }));
  await deleteRoms(
    tx.db,
    gone.map(({ id }) => id),
  );
  return { doomed, failures, wasHidden: await announceRemoved(tx, gone) };
}

/** Null when the files wait aside, or there are none. */
async function tryMoveAside(tx: Context, rom: DoomedRom): Promise<AppError | null> {
  if (rom.trashName === null) return null;
  try {
    await moveAside(tx, rom, rom.trashName);
    return null;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error;
  }
}

async function discardAll(ctx: Context, doomed: readonly DoomedRom[]): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const rom of doomed) {
    try {
      await discardRom(ctx, rom);
    } catch (cause) {
      ctx.ports.log.warn("files of a removed rom stay", { romId: rom.romId, error: cause });
      const reason = isAppError(cause) ? cause.message : "the disk reports an error";
      const message = `The rom was removed, but not all of its files could be: ${reason}`;
      const error = new AppError("unavailable", "ROMS_FILES_LEFT", { message, cause });
      failures.push({ romId: rom.romId, error });
    }
  }
  return failures;
}
