import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isEntryName } from "../../base/entry-name.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { findKnownKeys, type KnownKey, toHostKeyAlgorithms, toHostName } from "../known-hosts/rules.ts";
import type { PushPullSettings } from "../push-pull/contract.ts";
import { KEY_FILE_BYTES_MAX, KNOWN_HOSTS_BYTES_MAX } from "../push-pull/limits.ts";
import { checkKeyPath, type KeyHolder } from "./rules.ts";

/** What proves us to a device. */
export type Credentials =
  | { readonly kind: "key"; readonly privateKey: string; readonly passphrase: string | null }
  | { readonly kind: "password"; readonly password: string };

/**
 * Finds what proves us to a device: the key that its settings name when the file is there, else its own in the folder of
 * keys, else its password.
 * @throws AppError `SYNC_SSH_KEY_REFUSED`, `SYNC_SSH_KEY_MISSING`; those of the disk for a key that cannot be read.
 */
export async function readCredentials(
  ctx: Context,
  settings: PushPullSettings,
  holder: KeyHolder,
): Promise<Credentials> {
  const { keyPath, passphrase, password } = settings;
  const { keysPath } = ctx.facts.sync;
  if (keyPath !== null) checkKeyPath(keyPath, keysPath, holder);
  const own = isEntryName(holder.deviceId) ? [join(keysPath, `${holder.deviceId}.pem`)] : [];
  for (const path of [...(keyPath === null ? [] : [keyPath]), ...own]) {
    const privateKey = await findKey(ctx, path);
    if (privateKey !== null) return { kind: "key", privateKey, passphrase };
  }
  if (password !== null) return { kind: "password", password };
  throw new AppError("invalid", "SYNC_SSH_KEY_MISSING", {
    message: `Neither an SSH key nor a password is set for this device; a key may lie at ${own[0] ?? keysPath}`,
  });
}

async function findKey({ ports }: Context, path: string): Promise<string | null> {
  const facts = await ports.files.find(path);
  if (facts === null || facts.kind !== "file") return null;
  return await ports.files.readText(path, { maxBytes: KEY_FILE_BYTES_MAX });
}

/** What is known of a host, and what to ask it to prove itself with. */
export interface KnownHost {
  readonly keys: readonly KnownKey[];
  readonly algorithms: readonly string[];
}

/**
 * Reads which keys a host may show. One that is not known is not even called: the settings of a device are a user's, and
 * which machines this server talks to is the operator's decision.
 * @throws AppError `SYNC_SSH_HOST_UNKNOWN`.
 */
export async function readKnownHost(
  { ports, facts }: Context,
  { host, port }: Pick<PushPullSettings, "host" | "port">,
): Promise<KnownHost> {
  const path = facts.sync.knownHostsPath;
  const text = await ports.files
    .readText(path, { maxBytes: KNOWN_HOSTS_BYTES_MAX })
    .catch((error: unknown): string => {
      if (isAppError(error) && error.code === "FILES_NOT_FOUND") return "";
      throw error;
    });
  const keys = findKnownKeys(text, host, port);
  const algorithms = toHostKeyAlgorithms(keys);
  if (algorithms.length > 0) return { keys, algorithms };
  const name = toHostName(host, port);
  throw new AppError("forbidden", "SYNC_SSH_HOST_UNKNOWN", {
    message: `${path} holds no usable host key of ${name}; add it with ssh-keyscan after comparing its fingerprint`,
    details: { host: name },
  });
}
