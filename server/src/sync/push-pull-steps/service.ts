import { join } from "node:path";
import { noteSynced } from "../../assets/baselines/service.ts";
import type { Resolution } from "../../assets/conflicts/contract.ts";
import type { Version } from "../../assets/versions/contract.ts";
import { assert } from "../../base/assert.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { createUuid } from "../../base/ids.ts";
import { readDeviceSettings } from "../documented/rules.ts";
import type { DeviceCopy, DrivenDevice, NamedSave } from "../driven/contract.ts";
import { decideFound } from "../driven/rules.ts";
import {
  type CopyToStore,
  identifyCopy,
  keepBoth,
  openVersion,
  readCopy,
  storeNew,
  storeNewer,
} from "../driven/service.ts";
import { BACKUP_SUFFIX, type RemoteFile, type Step, toRemotePath } from "../push-pull/rules.ts";
import type { RemoteFacts, RemoteFiles } from "../remote-files/service.ts";
import { type Direction, isOutage } from "../rules.ts";

/** What the steps of one run share. */
export interface Run {
  /** On behalf of the device's owner; its signal ends the run. */
  readonly ctx: Context;
  readonly device: DrivenDevice;
  readonly files: RemoteFiles;
  readonly direction: Direction;
  /** Tells of a conflict. */
  onConflict(conflict: {
    readonly fileName: string;
    readonly romId: number;
    readonly reason: string;
  }): Promise<void>;
}

/** Permissions of a file that was not there before. */
const NEW_FILE_MODE = 0o644;

/**
 * Does one step. It may be done again at any time: whatever was lost on the way, the next comparison sees what is there.
 * @returns Why nothing was done; null when something was, or nothing had to be.
 * @throws AppError `SYNC_SSH_UNREACHABLE` when the connection is lost; anything else concerns this step alone.
 */
export async function doStep(run: Run, step: Step): Promise<string | null> {
  if (step.kind === "skip") return step.reason;
  if (step.kind === "compare") return await compareFile(run, step);
  const { head } = step.saved;
  assert(head !== null, "only a save with a version is brought");
  // Where letters' case counts for nothing, the name may be taken by one that reads otherwise.
  if ((await run.files.find(step.path)) !== null) return "Something else is in its place";
  await bring(run, head, { path: step.path, before: null });
  return null;
}

/** A file of a device that was fetched. */
interface Fetched {
  readonly file: RemoteFile;
  readonly path: string;
  readonly facts: RemoteFacts;
  readonly copy: DeviceCopy;
}

async function compareFile(run: Run, step: Extract<Step, { kind: "compare" }>): Promise<string | null> {
  const { ctx, files } = run;
  const path = toRemotePath(step.file.directory, step.file.fileName);
  const facts = await files.find(path);
  if (facts === null || facts.kind !== "file") return "It went away meanwhile";
  // What a crash leaves here is swept with cut-off uploads.
  const folder = join(ctx.facts.tempPath, "received");
  const local = join(folder, `${createUuid()}.part`);
  await ctx.ports.space.assertSpace(facts.sizeBytes, { path: ctx.facts.tempPath });
  await ctx.ports.files.createFolder(folder, { mode: 0o700 });
  try {
    const content = files.read(path, ctx.facts.assets.bytesMax);
    await ctx.ports.files.writeAtomic(local, content, { isDurable: false });
    if (!isUnchanged(await files.find(path), facts)) return "The device is writing it";
    const copy = await identifyCopy(ctx, local, new Date(facts.modifiedAtMs));
    return await settle(run, step, { file: step.file, path, facts, copy });
  } finally {
    await ctx.ports.files.remove(local);
  }
}

function isUnchanged(now: RemoteFacts | null, before: RemoteFacts): boolean {
  return now?.sizeBytes === before.sizeBytes && now.modifiedAtMs === before.modifiedAtMs;
}

async function settle(
  run: Run,
  { saved, romId }: { readonly saved: NamedSave | null; readonly romId: number | null },
  fetched: Fetched,
): Promise<string | null> {
  const { ctx, device } = run;
  const { file, copy } = fetched;
  const decision = decideFound(copy, saved, run.direction);
  const head = saved?.head ?? null;
  const { platformFsSlug } = file.directory;
  const toStore: CopyToStore = { device, copy, savedName: file.savedName ?? file.fileName, platformFsSlug };
  if (decision.verdict === "upload") {
    if (head !== null) await storeNewer(ctx, toStore, { head, base: saved?.base ?? null });
    else if (romId !== null) await storeNew(ctx, toStore, romId);
    else return "No rom of this platform goes by this name";
    return null;
  }
  if (head === null) return decision.reason;
  if (decision.verdict === "download") {
    await bring(run, head, { path: fetched.path, before: fetched });
    return null;
  }
  if (decision.verdict === "conflict") {
    await settleConflict(run, { fetched, toStore, head, reason: decision.reason });
    return null;
  }
  if (decision.isIdentical) await noteSynced(ctx, device.id, [head]);
  return decision.isIdentical ? null : decision.reason;
}

interface Collision {
  readonly fetched: Fetched;
  readonly toStore: CopyToStore;
  readonly head: Version;
  readonly reason: string;
}

async function settleConflict(run: Run, { fetched, toStore, head, reason }: Collision): Promise<void> {
  const resolution: Resolution | null = readDeviceSettings(run.device.syncConfig).resolution;
  const { newest, version } = await keepBoth(run.ctx, toStore, { head, resolution });
  await run.onConflict({ fileName: fetched.file.fileName, romId: head.romId, reason });
  if (newest.id !== version.id) await bring(run, newest, { path: fetched.path, before: fetched });
}

interface Bringing {
  readonly path: string;
  /** What is there; null for nothing. */
  readonly before: Fetched | null;
}

/**
 * Writes a version onto the device. What was there is kept beside it first, and the name always shows either the old or
 * the new file, wherever the connection ends.
 */
async function bring(run: Run, version: Version, { path, before }: Bringing): Promise<void> {
  const { ctx, files, device } = run;
  const { bytes } = await openVersion(ctx, version);
  await files.write(path, bytes, {
    mode: before?.facts.mode ?? NEW_FILE_MODE,
    async beforeRename() {
      if (before === null) return;
      const old = readCopy(ctx, before.copy);
      await files.write(`${path}${BACKUP_SUFFIX}`, old, { mode: before.facts.mode });
      // What the emulator wrote since it was fetched must not be buried.
      if (isUnchanged(await files.find(path), before.facts)) return;
      throw new AppError("conflict", "SYNC_FILE_CHANGED", {
        message: `The device changed ${path} meanwhile; the next sync compares it again`,
      });
    },
  });
  await noteSynced(ctx, device.id, [version]);
}

/** Tells failures that end a run from those of one file. */
export function endsRun(error: unknown): boolean {
  return !isAppError(error) || error.code === "SYNC_SSH_UNREACHABLE" || isOutage(error);
}
