import { closeSync, constants, openSync, rmSync, statSync } from "node:fs";
import { AppError } from "../../../base/errors.ts";
import { toFilesFailure } from "../../files/failures.ts";
import { ArchiveRefusal } from "../archives/archive.ts";
import { describeFault, getFaultCode, notRegular } from "../file-failure.ts";
import { fileBytes, fileStore, NoSpace, type OpenFile } from "../patches/file-bytes.ts";
import { applyPatch } from "../patches/formats.ts";
import { createTarget } from "../patches/guarded-target.ts";
import { WORK_STEP_BYTES } from "../patches/limits.ts";
import { openPatchSource } from "../patches/open-source.ts";
import { type PatchJob, PatchRefusal, type RandomBytes } from "../patches/patch.ts";
import type { Task, TaskContext } from "../task.ts";
import type { PatchedFile, PatchFileInput, PatchFileShape } from "./patch-file-shape.ts";

type Context = TaskContext<PatchFileShape["progress"]>;

/**
 * Makes a file out of a rom and a patch. Fails with `PATCH_DAMAGED`, `PATCH_UNSUPPORTED`, `PATCH_TOO_LARGE`,
 * `PATCH_ROM_PACKED`, `PATCH_FILE_UNREADABLE` or `STORAGE_FULL`, and leaves no file then.
 */
export const patchFile: Task<PatchFileShape> = {
  async run(input, context) {
    const opened: OpenFile[] = [];
    let isLeftOver = false;
    // Tells that the work has begun: the first report is always passed on.
    context.report({ doneBytes: 0 });
    try {
      return await patchOpened(input, context, opened);
    } catch (error) {
      // A file that was there before is not ours to remove.
      isLeftOver = opened.some(({ path }) => path === input.targetPath);
      throw await toAppFailure(error, input);
    } finally {
      for (const { handle } of opened) closeSync(handle);
      if (isLeftOver) rmSync(input.targetPath, { force: true });
    }
  },
};

async function patchOpened(
  input: PatchFileInput,
  context: Context,
  opened: OpenFile[],
): Promise<PatchedFile> {
  const { targetPath, fileBytesMax: targetBytesMax } = input;
  const sourceFile = openInput(input.sourcePath, input, opened);
  const patch = openPatch(input, opened);
  const targetFile = { path: targetPath, handle: openSync(targetPath, "wx+", 0o600) };
  opened.push(targetFile);
  const source = await openPatchSource(sourceFile, { context, bytesMax: targetBytesMax });
  try {
    const target = createTarget(fileStore(targetFile, input.freeBytesMin), targetBytesMax);
    const job: PatchJob = { source: source.bytes, patch, target, targetBytesMax, work: createWork(context) };
    const { format, check } = await applyPatch(job);
    return { format, check, sizeBytes: target.sizeBytes, memberName: source.memberName };
  } finally {
    source.close();
  }
}

/** Asked before opening: opening a pipe waits for its writer. */
function openInput(path: string, { fileBytesMax }: PatchFileInput, opened: OpenFile[]) {
  const stats = tryReading(path, () => statSync(path));
  if (!stats.isFile()) throw unreadable(notRegular(path, stats).message);
  if (stats.size > fileBytesMax) {
    const message = `A rom or patch may have ${fileBytesMax} bytes, and one has ${stats.size}`;
    throw new AppError("too_large", "PATCH_TOO_LARGE", { message });
  }
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const file = { path, handle: tryReading(path, () => openSync(path, flags)), sizeBytes: stats.size };
  opened.push(file);
  return file;
}

function openPatch(input: PatchFileInput, opened: OpenFile[]): RandomBytes {
  const { patch } = input;
  if ("path" in patch) return fileBytes(openInput(patch.path, input, opened));
  const { bytes } = patch;
  return {
    sizeBytes: bytes.length,
    readInto: (start, into) => into.set(bytes.subarray(start, start + into.length)),
  };
}

function tryReading<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (fault) {
    throw unreadable(describeFault(path, fault).message, fault);
  }
}

/** Counts work, and lets others have their turn between its steps. */
function createWork(context: Context): PatchJob["work"] {
  let sinceBytes = 0;
  let doneBytes = 0;
  return (bytes) => {
    sinceBytes += bytes;
    if (sinceBytes < WORK_STEP_BYTES) return undefined;
    doneBytes += sinceBytes;
    sinceBytes = 0;
    context.report({ doneBytes });
    return context.checkpoint();
  };
}

function unreadable(message: string, cause?: unknown): AppError {
  return new AppError("conflict", "PATCH_FILE_UNREADABLE", { message, cause });
}

/** Names what was expected; anything else, a cancelled task too, stays what it is. */
async function toAppFailure(error: unknown, { sourcePath, targetPath }: PatchFileInput): Promise<unknown> {
  if (error instanceof ArchiveRefusal) {
    if (error.reason === "no_space") return storageFull(error);
    const details = { reason: error.reason };
    const message = `The rom ${error.message}`;
    return new AppError("unsupported", "PATCH_ROM_PACKED", {
      message,
      details,
      cause: `${sourcePath}: ${error}`,
    });
  }
  if (error instanceof NoSpace || ["ENOSPC", "EDQUOT"].includes(getFaultCode(error) ?? ""))
    return storageFull(error);
  if (!(error instanceof PatchRefusal)) {
    if (getFaultCode(error) === null) return error;
    const isReading = (error as NodeJS.ErrnoException).syscall === "read";
    if (isReading) return unreadable(describeFault(sourcePath, error).message, error);
    return await toFilesFailure(error, { verb: "write", path: targetPath });
  }
  const message = `The patch ${error.message}`;
  if (error.reason === "too_large") return new AppError("too_large", "PATCH_TOO_LARGE", { message });
  if (error.reason === "unsupported") return new AppError("unsupported", "PATCH_UNSUPPORTED", { message });
  return new AppError("invalid", "PATCH_DAMAGED", { message });
}

function storageFull(cause: unknown): AppError {
  return new AppError("storage_full", "STORAGE_FULL", { message: "insufficient storage", cause });
}
