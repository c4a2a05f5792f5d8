import { join } from "node:path";
import { compareByCodePoint } from "../../base/code-point-order.ts";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { Exclusions } from "../../base/exclusions.ts";
import type { DirectoryEntry } from "../../ports/files/port.ts";
import type { DiscoveredFile, DiscoveredRom } from "../../roms/discovery/contract.ts";
import { FOLDER_DEPTH_MAX, FOLDER_FILES_MAX, PLATFORM_ENTRIES_MAX, STATS_IN_FLIGHT } from "../limits.ts";
import type { Progress } from "../progress/service.ts";
import { findCategory, judgeEntry } from "../rules.ts";

/** What looking at the disk reports to, and what it leaves out. */
export interface Walk {
  readonly progress: Progress;
  readonly exclusions: Exclusions;
}

/** A file or folder in a platform folder. */
export interface FoundEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Names of the files and folders that are roms; null when the platform folder cannot be read. */
export async function listRomEntries(
  ctx: Context,
  folderPath: string,
  { progress, exclusions }: Walk,
): Promise<readonly FoundEntry[] | null> {
  const entries = await listEntries(ctx, folderPath, progress);
  if (entries === null) return null;
  const found: FoundEntry[] = [];
  for (const entry of entries.slice(0, PLATFORM_ENTRIES_MAX)) {
    if (entry.name !== null && isExcluded(entry, entry.name, exclusions)) continue;
    noteEntry(entry, folderPath, progress);
    if (entry.name === null || entry.kind === "other") continue;
    found.push({ name: entry.name, isFolder: entry.kind === "folder" });
  }
  return found;
}

function isExcluded(entry: DirectoryEntry, name: string, exclusions: Exclusions): boolean {
  return entry.kind === "folder" ? exclusions.isRomFolderExcluded(name) : exclusions.isRomFileExcluded(name);
}

/** Entries of a folder, or null when it cannot be read. */
async function listEntries(
  ctx: Context,
  folderPath: string,
  progress: Progress,
): Promise<readonly DirectoryEntry[] | null> {
  try {
    return await ctx.ports.files.list(join(ctx.facts.libraryPath, folderPath));
  } catch (error) {
    if (!isAppError(error)) throw error;
    progress.report({ code: "folder_unreadable", path: folderPath, message: error.message });
    return null;
  }
}

function noteEntry(entry: DirectoryEntry, folderPath: string, progress: Progress): void {
  const problem = judgeEntry(entry);
  if (problem === null) return;
  const path = `${folderPath}/${problem.name}`;
  progress.report({ code: problem.code, path, message: problem.message });
}

/** A file inside a rom folder, before it was looked at. */
export interface FoundFile {
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
}

/**
 * Lists the files of a rom that is a folder, at any depth, by relative path in code-point order. Links to folders
 * are not followed. Null when a folder in it cannot be read: nothing is known then about what is missing.
 */
export async function listFolderFiles(
  ctx: Context,
  romPath: string,
  { progress, exclusions }: Walk,
): Promise<readonly FoundFile[] | null> {
  const files: FoundFile[] = [];
  let folders: readonly string[] = [romPath];
  for (let depth = 0; folders.length > 0; depth += 1) {
    const deeper: string[] = [];
    for (const folder of folders) {
      progress.signal.throwIfAborted();
      const entries = await listEntries(ctx, folder, progress);
      if (entries === null) return null;
      for (const entry of entries) {
        if (entry.kind === "folder" && entry.name !== null) {
          if (!entry.isLink) deeper.push(`${folder}/${entry.name}`);
          continue;
        }
        if (entry.name !== null && exclusions.isPartExcluded(entry.name)) continue;
        noteEntry(entry, folder, progress);
        if (entry.name !== null && entry.kind === "file")
          files.push({ fileName: entry.name, filePath: folder });
      }
    }
    if (files.length > FOLDER_FILES_MAX || (depth >= FOLDER_DEPTH_MAX && deeper.length > 0)) {
      const message = `more than ${FOLDER_FILES_MAX} files, or deeper than ${FOLDER_DEPTH_MAX} folders; it is left out`;
      progress.report({ code: "folder_too_large", path: romPath, message });
      return null;
    }
    folders = deeper;
  }
  return files.sort(byPath);
}

function byPath(a: FoundFile, b: FoundFile): number {
  return compareByCodePoint(`${a.filePath}/${a.fileName}`, `${b.filePath}/${b.fileName}`);
}

/** Size, time and category of files; one that cannot be looked at is a problem of its own. */
export async function lookAtFiles(
  ctx: Context,
  files: readonly FoundFile[],
  { progress }: Pick<Walk, "progress">,
): Promise<readonly DiscoveredFile[]> {
  const seen: DiscoveredFile[] = [];
  for (let start = 0; start < files.length; start += STATS_IN_FLIGHT) {
    const some = files.slice(start, start + STATS_IN_FLIGHT);
    const looked = await Promise.all(some.map((file) => lookAtFile(ctx, file, progress)));
    seen.push(...looked.filter((each) => each !== null));
  }
  return seen;
}

async function lookAtFile(ctx: Context, file: FoundFile, progress: Progress): Promise<DiscoveredFile | null> {
  const path = `${file.filePath}/${file.fileName}`;
  try {
    const facts = await ctx.ports.files.find(join(ctx.facts.libraryPath, path));
    if (facts === null) {
      progress.report({ code: "file_vanished", path, message: "the file went away while it was scanned" });
      return null;
    }
    const { sizeBytes, modifiedAtMs } = facts;
    return { ...file, sizeBytes, modifiedAtMs, category: findCategory(file.filePath) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    progress.report({ code: "file_unreadable", path, message: error.message });
    return null;
  }
}

/** Looks at files that are roms of their own. */
export async function lookAtFileRoms(
  ctx: Context,
  { fsPath, fsNames }: { readonly fsPath: string; readonly fsNames: readonly string[] },
  walk: Walk,
): Promise<readonly DiscoveredRom[]> {
  const files = fsNames.map((fileName) => ({ fileName, filePath: fsPath }));
  return (await lookAtFiles(ctx, files, walk)).map((file) => ({
    fsName: file.fileName,
    fsPath,
    isFolder: false,
    sizeBytes: file.sizeBytes,
    files: [file],
  }));
}

/** Looks at everything in a folder that is a rom; null when it cannot be read. */
export async function lookAtFolderRom(
  ctx: Context,
  { fsPath, fsName }: { readonly fsPath: string; readonly fsName: string },
  walk: Walk,
): Promise<DiscoveredRom | null> {
  const found = await listFolderFiles(ctx, `${fsPath}/${fsName}`, walk);
  if (found === null) return null;
  const files = await lookAtFiles(ctx, found, walk);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { fsName, fsPath, isFolder: true, sizeBytes, files };
}
