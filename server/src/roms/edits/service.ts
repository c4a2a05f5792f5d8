import { join } from "node:path";
import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { compileExclusions } from "../../base/exclusions.ts";
import { operation } from "../../base/operation.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { EnrichWish } from "../../metadata/contract.ts";
import { queueEnrichment } from "../../metadata/service.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import { RomSchema } from "../contract.ts";
import {
  coverPathsOf,
  fetchCover,
  type PreparedCover,
  readCover,
  removeOldCovers,
  storeCover,
} from "../covers/service.ts";
import { DetailedRomSchema } from "../details/contract.ts";
import { getRomDetails } from "../details/service.ts";
import { relocateRoms, reparseRoms } from "../discovery/service.ts";
import { toRomFolder } from "../disk-changes/rules.ts";
import { forgetDiskChange, hasEntry, noteDiskChange, settleAfterFailure } from "../disk-changes/service.ts";
import { requestHashes } from "../hashes/service.ts";
import { listProviderAnswers } from "../merging/queries.ts";
import { mergeStoredMetadata } from "../merging/service.ts";
import { romNotFound } from "../rules.ts";
import { getRom } from "../service.ts";
import { UpdateRomFormInput, UpdateRomInput } from "./contract.ts";
import { findChangeable, isNameTaken, lockChangeable, storeAnswers, updateRomRow } from "./queries.ts";
import {
  type ChangeableRom,
  fromForm,
  fsNameTaken,
  type PlannedChange,
  planChange,
  planUnmatch,
  requireFsName,
} from "./rules.ts";

export { coverTooLarge } from "../covers/service.ts";

/**
 * Changes a rom, and on request the name of its file or folder in the library; what is left out stays.
 * @throws AppError `ROMS_NOT_FOUND`; `ROMS_NAME_INVALID`, `ROMS_NAME_TAKEN`, `ROMS_FILE_MISSING` and
 *   `LIBRARY_READ_ONLY` of a new name in the library; those of covers.
 */
export const updateRom = operation(
  { type: "mutation", scope: "roms.write", input: UpdateRomInput, output: RomSchema },
  async (ctx, input) => {
    await update(ctx, input, null);
    return await getRom.run(ctx, { romId: input.romId, with: [] });
  },
);

/** Does the same from the fields of a compatible form, perhaps with a cover. */
export const updateRomByForm = operation(
  {
    type: "mutation",
    scope: "roms.write",
    input: UpdateRomFormInput,
    output: DetailedRomSchema,
    storesNoAnswer: true,
  },
  async (ctx, { artwork, ...form }) => {
    const input = fromForm(form);
    await update(ctx, input, artwork ?? null);
    return await getRomDetails.run(ctx, { romId: input.romId });
  },
);

async function update(ctx: Context, input: UpdateRomInput, artwork: ReceivedFile | null): Promise<void> {
  const { romId } = input;
  const [row, hidden] = await Promise.all([findChangeable(ctx.db, romId), getHidden(ctx)]);
  if (row === null || hidesRom(hidden, row)) throw romNotFound(romId);
  const fsName = findNewName(row, input);
  if (fsName !== null) await requireRenaming(ctx, row, fsName);
  const cover = await prepareCover(ctx, { row, input, artwork });
  const renaming: Renaming = { fsName, note: null };
  try {
    await inTransaction(ctx, (tx) => change(tx, { input, cover, renaming }));
  } catch (error) {
    await settleAfterFailure(ctx, renaming.note);
    throw error;
  }
  if (renaming.note !== null) await forgetDiskChange(ctx, renaming.note);
  if (cover !== null || input.removeCover || input.unmatch) {
    await removeOldCovers(ctx, { romId, platformId: row.platformId });
  }
}

/** Forms send every field, so a name that stays is no wish, nor is none. */
function findNewName(row: ChangeableRom, { fsName, unmatch }: UpdateRomInput): string | null {
  return unmatch || fsName === undefined || fsName === "" || fsName === row.fsName ? null : fsName;
}

async function requireRenaming(ctx: Context, row: ChangeableRom, fsName: string): Promise<void> {
  const { isRomFileExcluded, isRomFolderExcluded } = compileExclusions(await ctx.ports.settings.read());
  requireFsName(fsName, row.isFolder ? isRomFolderExcluded : isRomFileExcluded);
  const folder = toRomFolder(ctx.facts.libraryPath, row);
  await requireWritableLibrary(ctx, folder);
  await requireFreeName(ctx, { folder, from: row.fsName, to: fsName });
}

interface NamePair {
  /** Absolute. */
  readonly folder: string;
  readonly from: string;
  readonly to: string;
}

/** Nothing is ever overwritten. Where case does not count, the other spelling of a name is the same entry. */
async function requireFreeName(ctx: Context, { folder, from, to }: NamePair): Promise<void> {
  if (!(await hasEntry(ctx, folder, from))) {
    throw new AppError("not_found", "ROMS_FILE_MISSING", {
      message: `'${from}' is not in the library folder any more`,
    });
  }
  if (await hasEntry(ctx, folder, to)) throw fsNameTaken(to);
  const [own, other] = await Promise.all([from, to].map((name) => ctx.ports.files.find(join(folder, name))));
  if (other === null || other === undefined) return;
  if (own?.inode !== other.inode || own.deviceId !== other.deviceId) throw fsNameTaken(to);
}

interface CoverWish {
  readonly row: ChangeableRom;
  readonly input: UpdateRomInput;
  readonly artwork: ReceivedFile | null;
}

/** A cover that was sent comes before an address, and an address only counts when it is another one. */
async function prepareCover(ctx: Context, { row, input, artwork }: CoverWish): Promise<PreparedCover | null> {
  const { urlCover = "", removeCover, unmatch } = input;
  if (removeCover || unmatch) return null;
  if (artwork !== null) return await readCover(ctx, artwork);
  const isPresent = urlCover === row.urlCover && row.pathCoverLarge !== "";
  return urlCover === "" || isPresent ? null : await fetchCover(ctx, urlCover);
}

/** A new name on its way from the row to the disk. */
interface Renaming {
  readonly fsName: string | null;
  /** Of the change on disk, from before it until both agree. */
  note: string | null;
}

interface Change {
  readonly input: UpdateRomInput;
  readonly cover: PreparedCover | null;
  readonly renaming: Renaming;
}

/** What cannot be taken back comes last: first the pictures, and then, of which there is a note, the name on disk. */
async function change(tx: Context, { input, cover, renaming }: Change): Promise<void> {
  const { romId } = input;
  const row = await lockChangeable(tx.db, romId);
  if (row === null) throw romNotFound(romId);
  const answers = (await listProviderAnswers(tx.db, [romId])).get(romId) ?? {};
  const plan = input.unmatch ? planUnmatch(row, answers) : planChange(row, input, answers);
  const owner = { romId, platformId: row.platformId };
  const isChanged = await storePlan(tx, { row, plan, cover, renaming, isUnmatched: input.unmatch });
  if (!isChanged) return;
  if (cover !== null) await storeCover(tx, owner, cover);
  if (renaming.fsName !== null) await renameOnDisk(tx, row, renaming);
}

interface Plan {
  readonly row: ChangeableRom;
  readonly plan: PlannedChange;
  readonly cover: PreparedCover | null;
  readonly renaming: Renaming;
  readonly isUnmatched: boolean;
}

/** Brings the database to where it shall be; false when it is there already. */
async function storePlan(tx: Context, { row, plan, cover, renaming, isUnmatched }: Plan): Promise<boolean> {
  const { id: romId, platformId } = row;
  const { fsName } = renaming;
  const covers = cover === null ? {} : coverPathsOf({ romId, platformId }, cover);
  const patch = { ...plan.patch, ...covers };
  const isSame = Object.keys(patch).length + plan.answers.length === 0 && fsName === null;
  if (isSame) return false;
  if (fsName !== null) await renameRow(tx, row, fsName);
  // Regions and languages may have come from a provider.
  if (isUnmatched) await reparseRoms(tx.db, [{ romId, fsName: row.fsName }]);
  if (plan.answers.length > 0) {
    await storeAnswers(tx.db, romId, plan.answers);
    await mergeStoredMetadata(tx.db, [romId]);
  }
  const updatedAt = nextChange(tx.ports.clock.now(), row.updatedAt);
  await updateRomRow(tx.db, romId, { ...patch, updatedAt });
  if (plan.asked.length > 0) await queueEnrichment(tx, toWish(row, plan, updatedAt));
  tx.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids: [romId] } });
  return true;
}

function toWish({ id, platformId }: ChangeableRom, { asked }: PlannedChange, now: Date): EnrichWish {
  return {
    mode: "known",
    platformIds: [platformId],
    romIds: [id],
    sources: asked,
    scanCreatedAt: now.toISOString(),
  };
}

/** A second call for the same name waits here for the first, and then finds it taken. */
async function renameRow(tx: Context, row: ChangeableRom, fsName: string): Promise<void> {
  const { id: romId, platformId, fsPath } = row;
  try {
    await relocateRoms(tx.db, [{ romId, platformId, fsName, fsPath }]);
  } catch (error) {
    if (!isNameTaken(error)) throw error;
    throw fsNameTaken(fsName, error);
  }
  // What is hashed of a file depends on its extension: of some, what they hold.
  const extensionOf = (name: string) => name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (row.isFolder || extensionOf(fsName) === extensionOf(row.fsName)) return;
  await requestHashes(tx.db, { platformId, romIds: [romId], before: tx.ports.clock.now() });
}

async function renameOnDisk(tx: Context, row: ChangeableRom, renaming: Renaming): Promise<void> {
  const { id: romId, fsPath, fsName: from } = row;
  const to = renaming.fsName ?? from;
  const folder = toRomFolder(tx.facts.libraryPath, row);
  await requireFreeName(tx, { folder, from, to });
  renaming.note = await noteDiskChange(tx, { kind: "rename", romId, fsPath, from, to });
  await tx.ports.files.rename(join(folder, from), join(folder, to));
}
