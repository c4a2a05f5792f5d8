import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError, toAppError } from "../../base/errors.ts";
import { noteSighting, requireOwnDevice } from "../../devices/service.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { changeSession, findSession } from "../../devices/sync-sessions/service.ts";
import type { KvLock } from "../../ports/kv/port.ts";
import type { DrivenDevice, NamedSave } from "../driven/contract.ts";
import { toStem } from "../driven/rules.ts";
import {
  actForOwner,
  type DrivenPlatform,
  findRomsOfStems,
  findSavedName,
  readDrivenScene,
} from "../driven/service.ts";
import { raiseSync, type SyncNews } from "../events/service.ts";
import { type PushPullJob, type PushPullSettings, PushPullSettingsSchema } from "../push-pull/contract.ts";
import {
  CONNECT_PAUSE_MS,
  CONNECT_TRIES_MAX,
  COUNT_INTERVAL_MS,
  ERROR_CHARS_MAX,
  REMOTE_LEFTOVER_MS,
  RUN_BEAT_MS,
  RUN_FILES_MAX,
  RUN_LOCK_MS,
  RUN_MS_MAX,
} from "../push-pull/limits.ts";
import {
  isForeign,
  isOwnPartial,
  planPlatform,
  type RemoteFile,
  type Step,
  toRemotePath,
} from "../push-pull/rules.ts";
import { doStep, endsRun, type Run } from "../push-pull-steps/service.ts";
import type { RemoteFiles } from "../remote-files/service.ts";
import { isOutage, readDirection } from "../rules.ts";
import { connectDevice, type DeviceConnection } from "../ssh-connection/service.ts";
import { readCredentials, readKnownHost } from "../ssh-keys/service.ts";

/**
 * Runs a session of a device that the server reaches by SSH, from its beginning or from where an interruption left it.
 * @returns `busy` when another run of the device is under way and this one has to come back; `over` otherwise.
 * @throws What interrupts it: the signal, a full disk, an absent database. Any other failure is the session's outcome.
 */
export async function syncDevice(ctx: Context, job: PushPullJob): Promise<"over" | "busy"> {
  if (!(await isOpen(ctx, job))) return "over";
  const lock = await ctx.ports.kv.lock(`sync-push-pull:${job.deviceId}`, { ttlMs: RUN_LOCK_MS });
  if (lock === null) return "busy";
  const ending = new AbortController();
  const beat = startBeat(ctx, { job, lock, ending });
  try {
    await runSession({ ...ctx, signal: AbortSignal.any([ctx.signal, ending.signal]) }, job);
  } catch (error) {
    // Somebody ended the session, or another process has the lock: whatever is left is theirs.
    if (!ending.signal.aborted || ctx.signal.aborted) throw error;
  } finally {
    clearInterval(beat);
    ctx.noteWrite();
    await lock.release();
  }
  return "over";
}

async function isOpen(ctx: Context, { sessionId, userId }: PushPullJob): Promise<boolean> {
  const session = await findSession(ctx, sessionId, userId);
  return session?.status === "pending" || session?.status === "in_progress";
}

interface Beat {
  readonly job: PushPullJob;
  readonly lock: KvLock;
  readonly ending: AbortController;
}

/** Keeps the lock, and notices that somebody ended the session. */
function startBeat(ctx: Context, { job, lock, ending }: Beat): Timer {
  const endsAtMs = performance.now() + RUN_MS_MAX;
  const beat = async () => {
    try {
      const isOurs = await lock.extend(RUN_LOCK_MS);
      if (!isOurs || performance.now() > endsAtMs || !(await isOpen(ctx, job))) ending.abort();
    } catch (error) {
      // With the store or the database away the run itself fails soon enough.
      ctx.ports.log.debug("a sync by SSH cannot look after its session", { error });
    }
  };
  return setInterval(() => void beat(), RUN_BEAT_MS).unref();
}

/** A session under way. */
interface Session {
  readonly ctx: Context;
  readonly device: DrivenDevice;
  readonly counts: { planned: number; completed: number; failed: number };
  present: SyncSession;
  storedAtMs: number;
}

async function runSession(ctx: Context, job: PushPullJob): Promise<void> {
  const started = await changeSession(ctx, job.sessionId, { status: "in_progress" });
  if (started === null) return;
  const { deviceId: id, userId } = job;
  const row = await requireOwnDevice(ctx, id, userId);
  const session: Session = {
    ctx,
    device: { id, userId, syncConfig: row.syncConfig },
    counts: { planned: 0, completed: 0, failed: 0 },
    present: started,
    storedAtMs: 0,
  };
  tell(session, { phase: "started" });
  let connection: DeviceConnection | null = null;
  try {
    const owner = await requireOwner(ctx, userId);
    const settings = readSettings(row.syncConfig);
    connection = await connect(owner, { settings, deviceId: id });
    await noteSighting(ctx, id);
    await doSteps(session, { ctx: owner, files: connection.files, settings });
    await close(session, { status: "completed" });
  } catch (error) {
    // Interrupted: it goes on later.
    if (ctx.signal.aborted || isOutage(error)) throw error;
    if (!isAppError(error)) ctx.ports.log.error("a sync by SSH failed", { deviceId: id, error });
    await close(session, {
      status: "failed",
      errorMessage: toAppError(error).message.slice(0, ERROR_CHARS_MAX),
    });
  } finally {
    await connection?.close();
  }
}

function tell({ ctx, device, present }: Session, news: Omit<SyncNews, "session" | "syncMode">): void {
  raiseSync(ctx, device, { ...news, session: present, syncMode: "push_pull" });
}

async function close(
  session: Session,
  end: { readonly status: "completed" | "failed"; readonly errorMessage?: string | undefined },
): Promise<void> {
  const ended = await changeSession(session.ctx, session.present.id, { ...toColumns(session), ...end });
  // Ended by somebody else.
  if (ended === null) return;
  session.present = ended;
  if (end.status === "completed") tell(session, { phase: "completed" });
  else tell(session, { phase: "error", reason: end.errorMessage });
}

function toColumns({ counts }: Session) {
  return {
    operationsPlanned: counts.planned,
    operationsCompleted: counts.completed,
    operationsFailed: counts.failed,
  };
}

async function requireOwner(ctx: Context, userId: number): Promise<Context> {
  const owner = await actForOwner(ctx, userId);
  if (owner !== null) return owner;
  throw new AppError("invalid", "SYNC_DISABLED", { message: "The account of this device is disabled" });
}

function readSettings(syncConfig: unknown): PushPullSettings {
  const result = v.safeParse(PushPullSettingsSchema, syncConfig);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  throw new AppError("invalid", "SYNC_SSH_SETTINGS_INVALID", {
    // Never the value: it may be a password.
    message: `The sync_config of this device cannot be used${field === null ? "" : `: ${field} is missing or wrong`}`,
  });
}

interface Target {
  readonly settings: PushPullSettings;
  readonly deviceId: string;
}

/** Only a device that does not answer is called again. */
async function connect(ctx: Context, { settings, deviceId }: Target): Promise<DeviceConnection> {
  const isAdmin = ctx.identity.kind === "user" && ctx.identity.isAdmin;
  const knownHost = await readKnownHost(ctx, settings);
  const credentials = await readCredentials(ctx, settings, { deviceId, isAdmin });
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      return await connectDevice({ settings, credentials, knownHost, signal: ctx.signal });
    } catch (error) {
      const isPassing = isAppError(error) && error.code === "SYNC_SSH_UNREACHABLE";
      if (!isPassing || tryNumber === CONNECT_TRIES_MAX) throw error;
      await Bun.sleep(CONNECT_PAUSE_MS);
      ctx.signal.throwIfAborted();
    }
  }
}

interface Work {
  /** On behalf of the owner. */
  readonly ctx: Context;
  readonly files: RemoteFiles;
  readonly settings: PushPullSettings;
}

async function doSteps(session: Session, work: Work): Promise<void> {
  const { ctx, files } = work;
  const { device, counts } = session;
  const direction = readDirection(device.syncConfig);
  const steps = await planSteps(session, work);
  const run: Run = {
    ctx,
    device,
    files,
    direction,
    async onConflict(conflict) {
      await count(session, { isForced: true });
      tell(session, { phase: "conflict", ...conflict });
    },
  };
  counts.planned = counts.failed + steps.filter(({ kind }) => kind !== "skip").length;
  await count(session, { isForced: true });
  for (const step of steps) {
    ctx.signal.throwIfAborted();
    await doCounted(session, run, step);
  }
}

async function doCounted(session: Session, run: Run, step: Step): Promise<void> {
  const { ctx, counts, device } = session;
  const fileName = nameOf(step);
  try {
    const reason = await doStep(run, step);
    if (step.kind !== "skip") counts.completed += 1;
    if (reason !== null) {
      ctx.ports.log.debug("a sync by SSH leaves a file alone", { deviceId: device.id, fileName, reason });
    }
  } catch (error) {
    if (ctx.signal.aborted || endsRun(error)) throw error;
    counts.failed += 1;
    ctx.ports.log.warn("a file cannot be synced by SSH", { deviceId: device.id, fileName, error });
  }
  if (step.kind === "skip") return;
  await count(session, { isForced: false });
  tell(session, { phase: "progress", fileName });
}

function nameOf(step: Step): string {
  if (step.kind === "compare") return step.file.fileName;
  return step.kind === "bring" ? step.saved.name : step.fileName;
}

/** Writes the counts, but not more often than anybody reads them. */
async function count(session: Session, { isForced }: { readonly isForced: boolean }): Promise<void> {
  const nowMs = performance.now();
  const { counts } = session;
  session.present = {
    ...session.present,
    operationsPlanned: counts.planned,
    operationsCompleted: counts.completed,
    operationsFailed: counts.failed,
  };
  if (!isForced && nowMs - session.storedAtMs < COUNT_INTERVAL_MS) return;
  session.storedAtMs = nowMs;
  await changeSession(session.ctx, session.present.id, toColumns(session));
}

/** Lists the folders of the device and lays out what is to be done, platform by platform. */
async function planSteps(session: Session, work: Work): Promise<readonly Step[]> {
  const { ctx, settings } = work;
  const { device } = session;
  const slugs = [...new Set(settings.directories.map(({ platformFsSlug }) => platformFsSlug))];
  const { platforms } = await readDrivenScene(ctx, device, slugs);
  const claimed = new Set<string>();
  const steps: Step[] = [];
  for (const slug of slugs) {
    const platform = platforms.get(slug);
    if (platform === undefined) {
      steps.push({ kind: "skip", fileName: slug, reason: "The library has no such platform" });
      continue;
    }
    steps.push(...(await planOne(session, work, { platform, claimed })));
  }
  return steps;
}

interface OnePlatform {
  readonly platform: DrivenPlatform;
  readonly claimed: Set<string>;
}

async function planOne(
  session: Session,
  { ctx, files: remote, settings }: Work,
  { platform, claimed }: OnePlatform,
): Promise<readonly Step[]> {
  const directories = settings.directories.filter(({ platformFsSlug }) => platformFsSlug === platform.fsSlug);
  const files: RemoteFile[] = [];
  let isComplete = true;
  for (const directory of directories) {
    try {
      for (const entry of await remote.list(directory.path)) {
        const path = toRemotePath(directory, entry.name);
        if (isOwnPartial(entry.name)) await removeLeftover(ctx, remote, { path, ...entry });
        if (entry.kind !== "file" || isForeign(entry.name, directory)) continue;
        const found = findSavedName(entry.name);
        const saved = { savedName: found?.name ?? null, isTagged: found?.isTagged === true };
        files.push({ directory, fileName: entry.name, ...saved, ...entry });
      }
      if (files.length > RUN_FILES_MAX) {
        const message = `The folders of this device hold more than ${RUN_FILES_MAX} files of one platform`;
        throw new AppError("upstream", "SYNC_SSH_FAILED", { message });
      }
    } catch (error) {
      if (endsRun(error) || files.length > RUN_FILES_MAX) throw error;
      isComplete = false;
      session.counts.failed += 1;
      ctx.ports.log.warn("a folder of a device cannot be listed", { path: directory.path, error });
    }
  }
  files.sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  const romIdOfStem = await findRomsOfStems(ctx, platform.id, listOpenStems(files, platform.named));
  const { bytesMax } = ctx.facts.assets;
  const direction = readDirection(session.device.syncConfig);
  return planPlatform(
    { directories, files, isComplete, named: platform.named, romIdOfStem, bytesMax, direction },
    claimed,
  );
}

/** Only files without a version ask for a rom. */
function listOpenStems(
  files: readonly RemoteFile[],
  named: ReadonlyMap<string, NamedSave>,
): readonly string[] {
  const isOpenName = ({ savedName }: RemoteFile) => (named.get(savedName ?? "")?.head ?? null) === null;
  return files.filter(isOpenName).map(({ fileName }) => toStem(fileName));
}

/** What a lost connection left; a fresh one may belong to another device that shares the folder. */
async function removeLeftover(
  ctx: Context,
  remote: RemoteFiles,
  file: { readonly path: string; readonly modifiedAtMs: number },
): Promise<void> {
  if (ctx.ports.clock.now().getTime() - file.modifiedAtMs < REMOTE_LEFTOVER_MS) return;
  await remote.remove(file.path);
}
