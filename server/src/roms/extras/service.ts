import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import { storeReceived, withStaged } from "../../ports/files/received.ts";
import { fileMissing, moveIntoFolder } from "../conversion/service.ts";
import { DetailedRomSchema } from "../details/contract.ts";
import { getRomDetails } from "../details/service.ts";
import { storeHashes } from "../hashes/service.ts";
import { romNotFound } from "../rules.ts";
import { listSoundtrackFiles } from "../tracks/queries.ts";
import { forgetTrackCovers, readTrackTags } from "../tracks/service.ts";
import {
  ExtraDone,
  ExtraFileInput,
  ExtraRomInput,
  ExtraUploadInput,
  SoundtrackListSchema,
} from "./contract.ts";
import {
  deleteStoredFile,
  type ExtraFile,
  type ExtraRom,
  findExtraRom,
  findStoredFile,
  lockExtraRom,
  type StoredFile,
  settleHashed,
  storeExtraFile,
  touchRom,
} from "./queries.ts";
import { checkExtraName, EXTRA_KINDS, type ExtraName, findUpload, type NamedUpload } from "./rules.ts";

/**
 * Gives a rom that the caller may see.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export async function requireExtraRom(ctx: Context, romId: number): Promise<ExtraRom> {
  const [rom, hidden] = await Promise.all([findExtraRom(ctx.db, romId), getHidden(ctx)]);
  if (rom === null || hidesRom(hidden, { id: romId, platformId: rom.platformId })) throw romNotFound(romId);
  return rom;
}

/** Runs a change of what lies in a rom's folder, which nobody else changes meanwhile, and tells of it. */
async function changeRom<T>(
  ctx: Context,
  romId: number,
  work: (inner: Context, rom: ExtraRom) => Promise<T>,
): Promise<T> {
  return await inTransaction(ctx, async (inner) => {
    const rom = await lockExtraRom(inner.db, romId);
    if (rom === null) throw romNotFound(romId);
    const result = await work(inner, rom);
    inner.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids: [romId] } });
    return result;
  });
}

function addition(name: ExtraName) {
  return operation(
    {
      type: "mutation",
      scope: "roms.write",
      storesNoAnswer: true,
      input: ExtraUploadInput,
      output: ExtraDone,
    },
    async (ctx, { romId, fileNames, files }): Promise<null> => {
      const rom = await requireExtraRom(ctx, romId);
      const upload = findUpload(fileNames, files);
      checkExtraName(upload.fileName, EXTRA_KINDS[name]);
      await requireWritableLibrary(ctx, join(ctx.facts.libraryPath, rom.fsPath));
      await ctx.ports.space.assertSpace(upload.file.sizeBytes, { path: ctx.facts.libraryPath });
      const stored = await storeStaged(ctx, rom, { name, upload });
      await readStored(ctx, stored);
      return null;
    },
  );
}

/** A file that was stored, before its content was looked at. */
interface AddedFile extends ExtraFile {
  readonly fileId: number;
  readonly platformId: number;
  /** The rom waited for no hash before. */
  readonly wasHashed: boolean;
}

interface StagedExtra {
  readonly name: ExtraName;
  readonly fileName: string;
  readonly file: Pick<ReceivedFile, "content">;
}

/** Nobody waits for the rom while its file is copied: it is beside it before the rom is locked. */
async function storeStaged(
  ctx: Context,
  rom: ExtraRom,
  { name, upload: { fileName, file } }: { readonly name: ExtraName; readonly upload: NamedUpload },
): Promise<AddedFile> {
  const folder = join(ctx.facts.libraryPath, rom.fsPath);
  if ((await ctx.ports.files.find(folder))?.kind !== "folder") throw fileMissing(rom.fsName);
  return await withStaged(ctx.ports, { folder, file }, (staged) =>
    changeRom(ctx, rom.romId, (inner, locked) =>
      storeUpload(inner, locked, { name, fileName, file: staged }),
    ),
  );
}

/** The file comes before its row: a scan lists a file without one, and would remove a row without a file. */
async function storeUpload(
  ctx: Context,
  rom: ExtraRom,
  { name, fileName, file: staged }: StagedExtra,
): Promise<AddedFile> {
  const { files } = ctx.ports;
  const kind = EXTRA_KINDS[name];
  const { fsPath, fsName } = await moveIntoFolder(ctx, rom);
  const home = join(ctx.facts.libraryPath, fsPath, fsName);
  if ((await files.find(home))?.kind !== "folder") throw fileMissing(fsName);
  await files.createFolder(join(home, kind.folder));
  const path = join(home, kind.folder, fileName);
  await storeReceived(files, staged, path);
  const facts = await files.find(path);
  if (facts === null) throw fileMissing(fileName);
  const file: ExtraFile = {
    romId: rom.romId,
    fileName,
    filePath: `${fsPath}/${fsName}/${kind.folder}`,
    sizeBytes: facts.sizeBytes,
    modifiedAtMs: facts.modifiedAtMs,
    category: kind.category,
    isHashed: !rom.hasHash,
  };
  const fileId = await storeExtraFile(ctx.db, file);
  // Until the file is hashed; a scan does it if we do not come to it.
  await touchRom(ctx.db, rom.romId, { isMissing: false, ...(rom.hasHash ? { isHashed: false } : {}) });
  return { ...file, fileId, platformId: rom.platformId, wasHashed: rom.isHashed };
}

/** Hashes a new file and reads its tags. What fails here a scan makes good. */
async function readStored(ctx: Context, file: AddedFile): Promise<void> {
  try {
    if (!file.isHashed) await hashStored(ctx, file);
    if (file.category === "soundtrack") await readTrackTags(ctx, file, ctx.signal);
  } catch (error) {
    const { romId, fileId } = file;
    ctx.ports.log.warn("could not read a file that was added to a rom", { romId, fileId, error });
  }
}

async function hashStored(ctx: Context, file: AddedFile): Promise<void> {
  const path = join(ctx.facts.libraryPath, file.filePath, file.fileName);
  const files = [{ id: file.fileId, path, expectedSizeBytes: file.sizeBytes }];
  const [result] = await ctx.ports.compute.run("hash-files", { files }, { signal: ctx.signal });
  if (result === undefined || "failure" in result || "isPacked" in result) return;
  const { crc32, md5, sha1, chdSha1, sizeBytes, modifiedAtMs } = result;
  const hashes = { crc32, md5, sha1, chdSha1, isPacked: false, archiveMembers: null };
  await storeHashes(ctx.db, {
    files: [{ fileId: file.fileId, ...hashes, sizeBytes, modifiedAtMs }],
    roms: [],
  });
  // The hashes of the rom itself are those of the files directly in it, which are the same as before.
  if (file.wasHashed) await settleHashed(ctx.db, file.romId);
}

/**
 * Stores a soundtrack file in a rom's folder, which a rom of one file becomes first; one of the same name is replaced.
 * Its tags are read at once.
 * @throws AppError `ROMS_NOT_FOUND`, `ROMS_EXTRA_NAME_INVALID`, `ROMS_EXTRA_TYPE_INVALID`, `ROMS_EXTRA_FILE_REQUIRED`,
 *   `LIBRARY_READ_ONLY`, `STORAGE_FULL`, `ROMS_FOLDER_TAKEN`, `ROMS_FILE_LINKED`, `ROMS_FILE_MISSING`.
 */
export const addSoundtrack = addition("soundtrack");

/** Stores a screenshot in a rom's folder, with the rules and errors of {@link addSoundtrack}. */
export const addRomScreenshot = addition("screenshot");

/** Stores a manual in a rom's folder, with the rules and errors of {@link addSoundtrack}. */
export const addManualFile = addition("manual");

function fileNotFound(fileId: number): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_FILE_NOT_FOUND", { message: `File with id '${fileId}' not found` });
}

/** The file goes first: a scan removes a row without one, and would bring back a file without a row. */
async function removeStored(ctx: Context, rom: ExtraRom, file: StoredFile): Promise<void> {
  const folder = join(ctx.facts.libraryPath, file.filePath);
  await requireWritableLibrary(ctx, folder);
  await ctx.ports.files.remove(join(folder, file.fileName));
  await deleteStoredFile(ctx.db, file.fileId);
  const isTop = file.filePath === `${rom.fsPath}/${rom.fsName}`;
  await touchRom(ctx.db, rom.romId, {
    // A rom that was this file is gone with it; one that has it directly in its folder has other hashes now.
    ...(rom.isFolder ? {} : { isMissing: true }),
    ...(rom.isFolder && isTop && rom.hasHash ? { isHashed: false } : {}),
  });
}

interface Removal {
  readonly romId: number;
  readonly fileId: number;
  /** Only a file of this category; any when left out. */
  readonly category?: string | undefined;
}

async function removeFile(ctx: Context, { romId, fileId, category }: Removal): Promise<null> {
  const { platformId } = await requireExtraRom(ctx, romId);
  await changeRom(ctx, romId, async (inner, rom) => {
    const file = await findStoredFile(inner.db, { romId, fileId });
    if (file === null || (category !== undefined && file.category !== category)) throw fileNotFound(fileId);
    await removeStored(inner, rom, file);
  });
  await forgetTrackCovers(ctx, { romId, fileId, platformId });
  return null;
}

function removal(name: ExtraName) {
  return operation(
    { type: "mutation", scope: "roms.write", input: ExtraFileInput, output: ExtraDone },
    async (ctx, input): Promise<null> =>
      await removeFile(ctx, { ...input, category: EXTRA_KINDS[name].category }),
  );
}

/**
 * Removes a soundtrack file from the library and its disk, and from playlists and favourites.
 * @throws AppError `ROMS_NOT_FOUND`, `ROMS_FILE_NOT_FOUND` also for a file of another sort, `LIBRARY_READ_ONLY`.
 */
export const removeSoundtrack = removal("soundtrack");

/** Removes a screenshot from a rom's folder, with the errors of {@link removeSoundtrack}. */
export const removeRomScreenshot = removal("screenshot");

/** Removes a manual from a rom's folder, with the errors of {@link removeSoundtrack}. */
export const removeManualFile = removal("manual");

/**
 * Removes any file of a rom from the library and its disk; needs the grant to delete roms. A rom that was this file
 * is missing from then on.
 * @throws AppError `PERMISSIONS_INSUFFICIENT`, `ROMS_NOT_FOUND`, `ROMS_FILE_NOT_FOUND`, `LIBRARY_READ_ONLY`.
 */
export const removeRomFile = operation(
  { type: "mutation", scope: "roms.write", input: ExtraFileInput, output: ExtraDone },
  async (ctx, input): Promise<null> => {
    await requireGrant(ctx, { entity: "roms", action: "delete" });
    return await removeFile(ctx, input);
  },
);

/**
 * Soundtrack files of a rom with their tags, by name.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const listSoundtracks = operation(
  { type: "query", scope: "roms.read", input: ExtraRomInput, output: SoundtrackListSchema },
  async (ctx, { romId }) => {
    await requireExtraRom(ctx, romId);
    return await listSoundtrackFiles(ctx.db, romId);
  },
);

/**
 * Makes a rom that is a file a folder with that file in it, so that other files can lie beside it; its id stays. A
 * rom that is a folder stays as it is.
 * @throws AppError `ROMS_NOT_FOUND`, `LIBRARY_READ_ONLY`, `ROMS_FOLDER_TAKEN`, `ROMS_FILE_LINKED`, `ROMS_FILE_MISSING`.
 */
export const convertToFolder = operation(
  { type: "mutation", scope: "roms.write", input: ExtraRomInput, output: DetailedRomSchema },
  async (ctx, input) => {
    const { isFolder, fsPath } = await requireExtraRom(ctx, input.romId);
    if (!isFolder) {
      await requireWritableLibrary(ctx, join(ctx.facts.libraryPath, fsPath));
      await changeRom(ctx, input.romId, moveIntoFolder);
    }
    return await getRomDetails.run(ctx, input);
  },
);
