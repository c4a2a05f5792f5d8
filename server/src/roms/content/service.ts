import { join } from "node:path";
import { crc32 } from "node:zlib";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import { readChecksums } from "../checksums/service.ts";
import type { RomFile } from "../files/contract.ts";
import { listFilesOfRoms } from "../files/queries.ts";
import { FILES_LOOKED_AT } from "../limits.ts";
import { findRomById } from "../queries.ts";
import { romNotFound } from "../rules.ts";
import {
  type ArchivedFile,
  type RomContent,
  RomContentInput,
  RomContentSchema,
  type StoredArchive,
  type StoredFile,
} from "./contract.ts";
import { formatPlaylist, hasPlaylist, toArchivePath } from "./rules.ts";

/**
 * Finds the bytes of a rom for a download: one file as it is, several as an archive.
 * @throws AppError `ROMS_NOT_FOUND`; `ROMS_FILE_NOT_FOUND` when there is no such file of this rom;
 * `ROMS_FILE_MISSING` when one is gone from disk.
 */
export const getRomContent = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomContentInput,
    output: RomContentSchema,
    storesNoAnswer: true,
  },
  async (ctx, { romId, fileIds, isHiddenFolder }): Promise<RomContent> => {
    const [rom, perRom, hidden] = await Promise.all([
      findRomById(ctx.db, romId),
      listFilesOfRoms(ctx.db, [romId]),
      getHidden(ctx),
    ]);
    if (rom === null || hidesRom(hidden, rom)) throw romNotFound(romId);
    const files = perRom.get(romId) ?? [];
    const chosen = chooseFiles(files, fileIds ?? []);
    const [only, ...more] = await locateAll(ctx, chosen);
    if (only !== undefined && more.length === 0) return { kind: "file", file: toStoredFile(only) };
    const located = only === undefined ? [] : [only, ...more];
    const naming = { romPath: `${rom.fsPath}/${rom.fsName}`, isHiddenFolder };
    const archive = await toArchive(ctx, located, {
      fsName: rom.fsName,
      naming,
      hasOwnPlaylist: hasPlaylist(files),
    });
    return { kind: "archive", archive };
  },
);

function chooseFiles(files: readonly RomFile[], fileIds: readonly number[]): readonly RomFile[] {
  const chosen = fileIds.length === 0 ? files : files.filter((file) => fileIds.includes(file.id));
  if (chosen.length > 0) return chosen;
  throw new AppError("not_found", "ROMS_FILE_NOT_FOUND", { message: "No files found for this rom" });
}

/** A file as it is on disk now. */
interface LocatedFile {
  readonly file: RomFile;
  readonly path: string;
  readonly facts: FileFacts;
}

async function locateAll(ctx: Context, files: readonly RomFile[]): Promise<readonly LocatedFile[]> {
  const located: LocatedFile[] = [];
  for (let start = 0; start < files.length; start += FILES_LOOKED_AT) {
    const some = files.slice(start, start + FILES_LOOKED_AT);
    located.push(...(await Promise.all(some.map((file) => locate(ctx, file)))));
  }
  return located;
}

async function locate(ctx: Context, file: RomFile): Promise<LocatedFile> {
  const path = join(ctx.facts.libraryPath, file.filePath, file.fileName);
  const facts = await ctx.ports.files.find(path);
  if (facts?.kind === "file") return { file, path, facts };
  throw new AppError("not_found", "ROMS_FILE_MISSING", {
    message: `File '${file.fileName}' is missing from the library`,
    details: { fileId: file.id },
  });
}

/** Size and time of the file as it is now make the validator. */
function toStoredFile({ file, path, facts }: LocatedFile): StoredFile {
  return {
    path,
    fileName: file.fileName,
    sizeBytes: facts.sizeBytes,
    modifiedAt: toInstant(new Date(facts.modifiedAtMs)),
    sha1: isAsHashed(file, facts) ? file.sha1 : null,
    etag: `"${facts.sizeBytes.toString(16)}-${Math.round(facts.modifiedAtMs * 1000).toString(16)}"`,
  };
}

/** The stored hashes count only for the very bytes they were made from. */
function isAsHashed(file: RomFile, facts: FileFacts): boolean {
  const isSame = facts.sizeBytes === file.sizeBytes && facts.modifiedAtMs === Date.parse(file.modifiedAt);
  return isSame && file.sha1 !== "" && !file.isPacked;
}

interface ArchivePlan {
  readonly fsName: string;
  readonly naming: Parameters<typeof toArchivePath>[1];
  readonly hasOwnPlaylist: boolean;
}

/** Named after the rom itself, whatever the address says: some apps encode it twice. */
async function toArchive(
  ctx: Context,
  located: readonly LocatedFile[],
  { fsName, naming, hasOwnPlaylist }: ArchivePlan,
): Promise<StoredArchive> {
  const checksums = await readChecksums(
    ctx,
    located.map(({ file, path, facts }) => ({
      path,
      sizeBytes: facts.sizeBytes,
      modifiedAtMs: facts.modifiedAtMs,
      crc32: isAsHashed(file, facts) ? Number.parseInt(file.crc32 || "0", 16) : null,
    })),
  );
  const files = located.map(
    ({ file, path, facts }, index): ArchivedFile => ({
      name: toArchivePath(file, naming),
      sizeBytes: facts.sizeBytes,
      crc32: checksums[index] ?? 0,
      content: { path },
    }),
  );
  const newestMs = Math.max(0, ...located.map(({ facts }) => facts.modifiedAtMs));
  return {
    fileName: `${fsName}.zip`,
    modifiedAt: toInstant(new Date(newestMs)),
    files: hasOwnPlaylist ? files : [...files, createPlaylist(fsName, files)],
  };
}

function createPlaylist(fsName: string, files: readonly ArchivedFile[]): ArchivedFile {
  const text = formatPlaylist(files.map((file) => file.name));
  const bytes = new TextEncoder().encode(text);
  return { name: `${fsName}.m3u`, sizeBytes: bytes.length, crc32: crc32(bytes), content: { text } };
}
