import { dirname, join } from "node:path";
import { isAppError } from "../../base/errors.ts";
import {
  LIBRARY_CONFIG_BYTES_MAX,
  type LibraryConfig,
  parseLibraryConfig,
} from "../../base/library-config.ts";
import { type Files, isPartialName } from "../files/port.ts";
import type { Kv, KvLock } from "../kv/port.ts";
import type { Log } from "../log/port.ts";
import { editSettingsText, notWritable } from "./edit-text.ts";
import { CHANGE_LOCK_MS, CHANGE_WAIT_MS, RECHECK_MS } from "./limits.ts";
import type { Settings, SettingsFile, SettingsPlan } from "./port.ts";

/** Key of the lock that every change takes. */
const LOCK_KEY = "settings:change";

interface Loaded {
  readonly stamp: string;
  readonly config: LibraryConfig;
  readonly problem: string | null;
}

export interface FileSettingsOptions {
  readonly path: string;
  readonly files: Files;
  readonly log: Log;
  /** Where processes that share the file agree on who changes it; absent while this one is alone. */
  readonly kv?: Pick<Kv, "lock"> | undefined;
  /** How long a look at the file's time stamp is believed. */
  readonly recheckMs?: number | undefined;
}

/** Settings from `config.yml`, read again when the file's size or time changed. */
export function createFileSettings(options: FileSettingsOptions): Settings {
  const recheckMs = options.recheckMs ?? RECHECK_MS;
  let loaded: Loaded | null = null;
  let checkedAtMs = 0;
  let changeCount = 0;
  const load = async (): Promise<Loaded> => {
    if (loaded !== null && performance.now() - checkedAtMs < recheckMs) return loaded;
    checkedAtMs = performance.now();
    const countBefore = changeCount;
    const next = await readIfChanged(options, loaded);
    // Read before a change that has ended by now.
    if (countBefore !== changeCount) return await load();
    if (next.problem !== null && next.problem !== loaded?.problem) {
      options.log.warn("config.yml is only partly used", { problem: next.problem });
    }
    loaded = next;
    return next;
  };
  return {
    read: async () => (await load()).config,
    problem: async () => (await load()).problem,
    file: () => describeFile(options),
    async change(plan) {
      try {
        await changeFile(options, plan);
      } finally {
        // Also after a failure: the file may be the new one.
        changeCount += 1;
        loaded = loaded && { ...loaded, stamp: "changed" };
        checkedAtMs = Number.NEGATIVE_INFINITY;
      }
    },
  };
}

async function describeFile({ path, files }: FileSettingsOptions): Promise<SettingsFile> {
  try {
    const [facts, folder, isFolderWritable] = await Promise.all([
      files.find(path),
      files.find(dirname(path)),
      files.canWrite(dirname(path)),
    ]);
    if (facts === null) return { isMounted: folder?.kind === "folder", isWritable: isFolderWritable };
    // A new file takes the place of the old one, so both have to be ours to write.
    return { isMounted: true, isWritable: isFolderWritable && (await files.canWrite(path)) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { isMounted: false, isWritable: false };
  }
}

async function changeFile(options: FileSettingsOptions, plan: SettingsPlan): Promise<void> {
  const lock = await takeLock(options);
  try {
    await rewrite(options, plan, lock);
  } catch (error) {
    if (!isAppError(error) || error.kind === "storage_full") throw error;
    const failure = error.code === "CONFIG_NOT_WRITABLE" ? error : notWritable("the disk refuses it", error);
    options.log.warn("config.yml was not changed", { path: options.path, error: failure });
    throw failure;
  } finally {
    await lock?.release();
  }
}

async function takeLock({ kv }: FileSettingsOptions): Promise<KvLock | null> {
  if (kv === undefined) return null;
  const lock = await kv.lock(LOCK_KEY, { ttlMs: CHANGE_LOCK_MS, waitMs: CHANGE_WAIT_MS });
  if (lock === null) throw notWritable("another change takes too long");
  return lock;
}

async function rewrite(
  { path, files }: FileSettingsOptions,
  plan: SettingsPlan,
  lock: KvLock | null,
): Promise<void> {
  const facts = await files.find(path);
  // A link stays one: what it points at is written.
  const target = facts === null ? path : await files.realPath(path);
  const before = facts === null ? "" : await files.readText(target, { maxBytes: LIBRARY_CONFIG_BYTES_MAX });
  const after = editSettingsText(before, plan(parseLibraryConfig(before).config));
  if (after === before) return;
  if (facts !== null && !(await files.canWrite(target))) throw notWritable("the file is read-only");
  if (lock !== null && !(await lock.extend(CHANGE_LOCK_MS))) throw notWritable("the disk is too slow");
  if (lock !== null) await removePartials(files, dirname(target));
  await files.writeAtomic(target, after, { mode: facts === null ? undefined : facts.mode & 0o777 });
}

/** What a killed process left. Whoever holds the lock knows that nobody else writes in the folder. */
async function removePartials(files: Files, folder: string): Promise<void> {
  const entries = await files.list(folder);
  for (const { name } of entries)
    if (name !== null && isPartialName(name)) await files.remove(join(folder, name));
}

async function readIfChanged(options: FileSettingsOptions, loaded: Loaded | null): Promise<Loaded> {
  try {
    const facts = await options.files.find(options.path);
    const stamp = facts === null ? "absent" : `${facts.sizeBytes}:${facts.modifiedAtMs}:${facts.inode}`;
    if (loaded?.stamp === stamp) return loaded;
    const text =
      facts === null
        ? ""
        : await options.files.readText(options.path, { maxBytes: LIBRARY_CONFIG_BYTES_MAX });
    return { stamp, ...parseLibraryConfig(text) };
  } catch (cause) {
    // An unreadable file must not stop a running server: what was read last stays in force.
    const problem = cause instanceof Error ? cause.message : String(cause);
    return { stamp: "unreadable", config: loaded?.config ?? parseLibraryConfig("").config, problem };
  }
}
