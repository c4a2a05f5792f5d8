/** Files of the library as they are on disk at this moment, for downloads. */
import { join } from "node:path";
import { type Instant, toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import { readChecksums } from "../checksums/service.ts";
import type { ArchivedFile, StoredFile } from "../content/contract.ts";
import type { RomFile } from "../files/contract.ts";
import { FILES_LOOKED_AT } from "../limits.ts";

/** A file as it is on disk now. */
export interface LocatedFile {
  readonly file: RomFile;
  readonly path: string;
  readonly facts: FileFacts;
}

/**
 * Looks files up on disk.
 * @throws AppError `ROMS_FILE_MISSING` when one of them is gone.
 */
export async function locateAll(ctx: Context, files: readonly RomFile[]): Promise<readonly LocatedFile[]> {
  const located = await findAll(ctx, files);
  const goneAt = located.indexOf(null);
  const gone = files[goneAt];
  if (gone !== undefined) throw fileMissing(gone);
  return located.filter((each) => each !== null);
}

/** The same in the same order, null for each that is gone. */
export async function findAll(
  ctx: Context,
  files: readonly RomFile[],
): Promise<readonly (LocatedFile | null)[]> {
  const located: (LocatedFile | null)[] = [];
  for (let start = 0; start < files.length; start += FILES_LOOKED_AT) {
    const some = files.slice(start, start + FILES_LOOKED_AT);
    located.push(...(await Promise.all(some.map((file) => find(ctx, file)))));
  }
  return located;
}

async function find(ctx: Context, file: RomFile): Promise<LocatedFile | null> {
  const path = join(ctx.facts.libraryPath, file.filePath, file.fileName);
  const facts = await ctx.ports.files.find(path);
  return facts?.kind === "file" ? { file, path, facts } : null;
}

function fileMissing({ id, fileName }: RomFile): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_FILE_MISSING", {
    message: `File '${fileName}' is missing from the library`,
    details: { fileId: id },
  });
}

/** Size and time of the file as it is now make the validator. */
export function toStoredFile({ file, path, facts }: LocatedFile): StoredFile {
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

/**
 * Makes entries of an archive out of files; those without a fitting hash are read through for their checksum.
 * @param toName Gives the path in the archive.
 */
export async function toArchivedFiles(
  ctx: Context,
  located: readonly LocatedFile[],
  toName: (file: RomFile) => string,
): Promise<readonly ArchivedFile[]> {
  const checksums = await readChecksums(
    ctx,
    located.map(({ file, path, facts }) => ({
      path,
      sizeBytes: facts.sizeBytes,
      modifiedAtMs: facts.modifiedAtMs,
      crc32: isAsHashed(file, facts) ? Number.parseInt(file.crc32 || "0", 16) : null,
    })),
  );
  return located.map(({ file, path, facts }, index) => ({
    name: toName(file),
    sizeBytes: facts.sizeBytes,
    crc32: checksums[index] ?? 0,
    content: { path },
  }));
}

/** When the newest of some files was changed. */
export function findNewest(located: readonly LocatedFile[]): Instant {
  const newestMs = located.reduce((newest, { facts }) => Math.max(newest, facts.modifiedAtMs), 0);
  return toInstant(new Date(newestMs));
}
