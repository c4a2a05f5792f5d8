import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { createSlots, type Slots } from "../../base/slots.ts";
import type { TaskInput, TaskOutput } from "../../ports/compute/port.ts";
import { SPACE_CRITICAL_BYTES } from "../../ports/files/limits.ts";
import { getRomFile } from "../file-content/service.ts";
import { locateAll } from "../located-files/service.ts";
import { type PatchedRom, PatchedRomSchema, PatchRomInput } from "./contract.ts";
import { PATCH_BUSY_RETRY_MS, PATCHED_STALE_MS, PATCHES_WAITING_MAX } from "./limits.ts";
import { toPatchedName } from "./rules.ts";

/** Where patched roms lie while they are made, below the temporary folder. */
const FOLDER = "patched";
const NAME = /^[0-9a-f]{24}\.patched$/;

type PatchInput = TaskInput<"patch-file">;

/**
 * Applies a patch to a file of the library and gives the patched bytes; the library is not touched and nothing is
 * kept. A file that is an archive stands for the only file in it. A rom that the patch was not made for is patched
 * all the same where that can be done, and the answer says so.
 * @throws AppError `PATCH_CHOICE_INVALID`, `ROMS_FILE_NOT_FOUND` and `ROMS_FILE_MISSING` of either file,
 * `PATCH_TOO_LARGE`, `PATCH_UNSUPPORTED`, `PATCH_ROM_PACKED`, `PATCH_BUSY`, `STORAGE_FULL`; `PATCH_FAILED` for
 * everything else that a patch can fail of, with the reason in its details.
 */
export const patchRom = operation(
  { type: "query", scope: "roms.read", input: PatchRomInput, output: PatchedRomSchema, storesNoAnswer: true },
  async (ctx, { romFileId, patchFileId, patchFile, outputFileName }): Promise<PatchedRom> => {
    if ((patchFileId === undefined) === (patchFile === undefined)) throw choiceInvalid();
    const rom = await locateFile(ctx, romFileId);
    const patch = patchFileId === undefined ? null : await locateFile(ctx, patchFileId);
    const made = await inTurn(ctx).run(() =>
      makeFile(ctx, {
        sourcePath: rom.path,
        sourceBytes: rom.sizeBytes,
        patch: patch ?? patchFile?.content ?? { bytes: new Uint8Array(0) },
      }),
    );
    const fileName = toPatchedName({
      romName: rom.fileName,
      memberName: made.memberName,
      patchName: patch?.fileName ?? patchFile?.fileName ?? "",
      wishedName: outputFileName ?? null,
    });
    return { fileName, sizeBytes: made.sizeBytes, check: made.check, content: made.content };
  },
);

async function locateFile(ctx: Context, fileId: number) {
  const [located] = await locateAll(ctx, [await getRomFile.run(ctx, { fileId })]);
  if (located === undefined)
    throw new AppError("not_found", "ROMS_FILE_MISSING", { message: "File is missing" });
  const { file, path, facts } = located;
  return { fileName: file.fileName, path, sizeBytes: facts.sizeBytes };
}

const turns = perPorts<{ slots: Slots | null }>(() => ({ slots: null }));

function inTurn(ctx: Context): Slots {
  const state = turns(ctx.ports);
  state.slots ??= createSlots({
    runningMax: ctx.facts.patching.runningMax,
    waitingMax: PATCHES_WAITING_MAX,
    refuse: busy,
  });
  return state.slots;
}

type Wanted = Pick<PatchInput, "sourcePath" | "patch"> & { readonly sourceBytes: number };

async function makeFile(ctx: Context, { sourcePath, sourceBytes, patch }: Wanted) {
  // Whoever waited for nothing makes room for the next at once.
  ctx.signal.throwIfAborted();
  const { files, space } = ctx.ports;
  const { tempPath, patching } = ctx.facts;
  const folder = join(tempPath, FOLDER);
  await files.createFolder(folder, { mode: 0o700 });
  await removeStale(ctx, folder);
  await space.assertSpace(sourceBytes, { path: tempPath });
  const targetPath = join(folder, `${randomBytes(12).toString("hex")}.patched`);
  const made = await runInTime(ctx, {
    sourcePath,
    patch: "path" in patch ? { path: patch.path } : { bytes: patch.bytes },
    targetPath,
    fileBytesMax: patching.fileBytesMax,
    freeBytesMin: SPACE_CRITICAL_BYTES,
  });
  try {
    return { ...made, content: await files.openRead(targetPath) };
  } finally {
    // The bytes stay as long as the stream is open, and go with it whatever happens to this process.
    await files.remove(targetPath);
  }
}

/** Runs the task; its time begins when it does, since workers may be busy with a scan. */
async function runInTime(ctx: Context, input: PatchInput): Promise<TaskOutput<"patch-file">> {
  const { timeoutMs } = ctx.facts.patching;
  const limit = new AbortController();
  const startTimer = (reason: () => AppError) => setTimeout(() => limit.abort(reason()), timeoutMs);
  let timer = startTimer(busy);
  let hasBegun = false;
  const begin = () => {
    if (hasBegun) return;
    hasBegun = true;
    clearTimeout(timer);
    timer = startTimer(() => failed(`it took longer than ${timeoutMs} ms`, null));
  };
  try {
    const signal = AbortSignal.any([ctx.signal, limit.signal]);
    return await ctx.ports.compute.run("patch-file", input, { signal, onProgress: begin });
  } catch (error) {
    throw toAnswer(error);
  } finally {
    clearTimeout(timer);
    // A worker that had to be ended could not tidy up.
    if (limit.signal.aborted || ctx.signal.aborted) await ctx.ports.files.remove(input.targetPath);
  }
}

/** What can be helped is told; anything else a patch fails of is one answer, as existing apps know it. */
function toAnswer(error: unknown): unknown {
  if (!isAppError(error)) return error;
  if (error.code !== "PATCH_DAMAGED" && error.code !== "PATCH_FILE_UNREADABLE") return error;
  return failed(error.message, error);
}

/** Removes what a crash left. */
async function removeStale({ ports }: Context, folder: string): Promise<void> {
  const { files, clock } = ports;
  for (const { name } of await files.list(folder)) {
    if (name === null || !NAME.test(name)) continue;
    const path = join(folder, name);
    const found = await files.find(path);
    const isStale = found !== null && clock.now().getTime() - found.modifiedAtMs > PATCHED_STALE_MS;
    if (isStale) await files.remove(path);
  }
}

function choiceInvalid(): AppError<"invalid"> {
  const message = "Exactly one of patch_file_id and patch_file is required";
  return new AppError("invalid", "PATCH_CHOICE_INVALID", { message });
}

function busy(): AppError<"unavailable"> {
  const message = "Too many patches wait for their turn";
  return new AppError("unavailable", "PATCH_BUSY", { message, retryAfterMs: PATCH_BUSY_RETRY_MS });
}

function failed(reason: string, cause: AppError | null): AppError<"internal"> {
  const details = { reason, code: cause?.code ?? null };
  return new AppError("internal", "PATCH_FAILED", {
    message: "Patching failed",
    details,
    cause: cause ?? reason,
  });
}
