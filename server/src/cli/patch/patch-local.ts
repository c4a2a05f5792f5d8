import { randomBytes } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import { createInline } from "../../ports/compute/inline.ts";
import type { TaskOutput } from "../../ports/compute/port.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { SPACE_CRITICAL_BYTES } from "../../ports/files/limits.ts";
import { toPatchedName } from "../../roms/patching/rules.ts";
import type { ByteStep } from "../byte-progress.ts";
import { namingFailures } from "../local-file.ts";

/** What to patch, and where the result goes. */
export interface LocalPatch {
  readonly romPath: string;
  readonly patchPath: string;
  /** A file, or a folder that is there; null: beside the rom. */
  readonly out: string | null;
  readonly isForced: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (step: ByteStep) => void;
}

/** A file that was made. */
export interface PatchedLocal extends TaskOutput<"patch-file"> {
  readonly path: string;
}

/**
 * Applies a patch to a file of the operator's. The result gets its name when it is complete and on the disk.
 * @throws AppError `PATCH_…` for what cannot be patched, `FILES_EXISTS`, `FILES_…`, `STORAGE_FULL`; the signal's reason.
 */
export async function patchLocal(request: LocalPatch): Promise<PatchedLocal> {
  const { romPath, patchPath, isForced, signal } = request;
  const sizeBytes = (await statOf(romPath)).size;
  const place = await findPlace(request);
  const folder = place.file === null ? place.folder : dirname(place.file);
  // Before the work; of an archive the name is known only after it.
  await checkFree(place.file ?? join(folder, nameOf(request, null)), request);
  const partPath = join(folder, `.multitap-${randomBytes(8).toString("hex")}.partial`);
  const discard = () => rm(partPath, { force: true });
  const compute = createInline();
  try {
    const made = await namingFailures({ verb: "write to", path: folder }, () =>
      compute.run(
        "patch-file",
        {
          sourcePath: romPath,
          patch: { path: patchPath },
          targetPath: partPath,
          fileBytesMax: Number.MAX_SAFE_INTEGER,
          freeBytesMin: SPACE_CRITICAL_BYTES,
        },
        {
          signal,
          onProgress: ({ doneBytes }) =>
            request.onProgress({
              label: `patching ${basename(romPath)}`,
              doneBytes: Math.min(doneBytes, sizeBytes),
              totalBytes: sizeBytes,
            }),
        },
      ),
    );
    const path = place.file ?? join(folder, nameOf(request, made.memberName));
    await checkFree(path, request);
    await sync(partPath);
    const files = createDiskFiles();
    await (isForced ? files.rename(partPath, path) : files.publish(partPath, path));
    return { ...made, path };
  } finally {
    await compute.close();
    await discard();
  }
}

async function statOf(path: string) {
  return await namingFailures({ verb: "read", path }, () => stat(path));
}

interface Place {
  readonly folder: string;
  /** Null: a name of our own in the folder. */
  readonly file: string | null;
}

async function findPlace({ out, romPath }: LocalPatch): Promise<Place> {
  if (out === null) return { folder: dirname(resolve(romPath)), file: null };
  const path = resolve(out);
  const found = await createDiskFiles().find(path);
  return found?.kind === "folder" ? { folder: path, file: null } : { folder: dirname(path), file: path };
}

function nameOf({ romPath, patchPath }: LocalPatch, memberName: string | null): string {
  const [romName, patchName] = [basename(romPath), basename(patchPath)];
  return toPatchedName({ romName, memberName, patchName, wishedName: null });
}

/** Refuses a name that is taken; never lets one of the two files that are read be replaced. */
async function checkFree(path: string, { romPath, patchPath, isForced }: LocalPatch): Promise<void> {
  const files = createDiskFiles();
  const found = await files.find(path);
  if (found === null) return;
  const inputs = await Promise.all([romPath, patchPath].map((each) => files.find(resolve(each))));
  const isInput = inputs.some((each) => each?.inode === found.inode && each.deviceId === found.deviceId);
  if (isForced && !isInput && found.kind === "file") return;
  const reason = isInput ? "it is the file that is read" : "it exists; --force replaces it";
  const message = `cannot write ${path}: ${reason}`;
  throw new AppError("conflict", "FILES_EXISTS", { message, details: { path } });
}

async function sync(path: string): Promise<void> {
  await namingFailures({ verb: "write", path }, async () => {
    const handle = await open(path, "r+");
    await handle.sync().finally(() => handle.close());
  });
}
