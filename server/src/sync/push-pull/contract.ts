import * as v from "valibot";
import { SyncSessionSchema } from "../../devices/sync-sessions/contract.ts";
import { DIRECTORIES_MAX, REMOTE_PATH_CHARS_MAX } from "./limits.ts";

/** A folder on a device, and the platform whose saves are in it. */
export interface SaveDirectory {
  /** Folder name of the platform in the library. */
  readonly platformFsSlug: string;
  /** Without a slash at the end; relative ones begin where the login does. */
  readonly path: string;
  /** Only files whose names end so. */
  readonly extension: string | null;
}

/** How to reach a device, and what to sync there. */
export interface PushPullSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly keyPath: string | null;
  /** Of the private key, when it has one. */
  readonly passphrase: string | null;
  readonly password: string | null;
  readonly directories: readonly SaveDirectory[];
}

const textOf = (charsMax: number) =>
  v.pipe(
    v.string(),
    v.maxLength(charsMax),
    v.check((text) => !/\p{Cc}/u.test(text), "Input should not contain control characters"),
  );

const TextOrNone = v.nullish(textOf(REMOTE_PATH_CHARS_MAX));
/** Passwords may hold anything. */
const SecretOrNone = v.nullish(v.pipe(v.string(), v.maxLength(1_024)));

const Directory = v.pipe(
  v.object({
    platform_slug: v.pipe(textOf(255), v.nonEmpty()),
    path: v.pipe(textOf(REMOTE_PATH_CHARS_MAX), v.trim(), v.nonEmpty()),
    extension: TextOrNone,
  }),
  v.transform(
    ({ platform_slug, path, extension }): SaveDirectory => ({
      platformFsSlug: platform_slug,
      path: toRemoteFolder(path),
      extension: extension || null,
    }),
  ),
);

/** SFTP knows no `~`: its relative paths begin in the home folder anyway. */
function toRemoteFolder(path: string): string {
  const fromHome = path === "~" ? "." : path.replace(/^~\/+/, "");
  const trimmed = fromHome.replace(/\/+$/, "");
  if (trimmed !== "") return trimmed;
  return fromHome.startsWith("/") ? "/" : ".";
}

/** The sync settings of a device that is synced by SSH, under the names that are stored. */
export const PushPullSettingsSchema = v.pipe(
  v.object({
    ssh_host: v.pipe(textOf(255), v.trim(), v.nonEmpty(), v.regex(/^[^\s/@]+$/)),
    ssh_port: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
    ssh_username: v.nullish(textOf(255)),
    ssh_key_path: TextOrNone,
    ssh_key_passphrase: SecretOrNone,
    ssh_password: SecretOrNone,
    save_directories: v.nullish(v.pipe(v.array(Directory), v.maxLength(DIRECTORIES_MAX), v.readonly())),
  }),
  v.transform(
    (config): PushPullSettings => ({
      host: config.ssh_host,
      port: config.ssh_port ?? 22,
      username: config.ssh_username || "root",
      keyPath: config.ssh_key_path || null,
      passphrase: config.ssh_key_passphrase || null,
      password: config.ssh_password || null,
      directories: config.save_directories ?? [],
    }),
  ),
);

export const PushPullInput = v.strictObject({ deviceId: v.string() });

/** The session that waits for its run. */
export const BegunSessionSchema = SyncSessionSchema;

/** What a job of the queue holds; what it needs besides is read when it runs. */
export interface PushPullJob {
  readonly deviceId: string;
  readonly userId: number;
  readonly sessionId: number;
}
