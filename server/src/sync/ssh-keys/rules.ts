import { basename, dirname, resolve, sep } from "node:path";
import { AppError } from "../../base/errors.ts";

/** Whose key it is. */
export interface KeyHolder {
  readonly deviceId: string;
  /** Administrators may name any file of this machine, others only those in the folder of keys. */
  readonly isAdmin: boolean;
}

/** Keys of devices go by their ids. */
const DEVICE_KEY = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\.pem$/i;

/**
 * Checks which file of ours a device's settings name: they are a user's, who must neither read about other files nor log
 * in with another device's key.
 * @throws AppError `SYNC_SSH_KEY_REFUSED`.
 */
export function checkKeyPath(keyPath: string, keysPath: string, { deviceId, isAdmin }: KeyHolder): void {
  if (isAdmin && keyPath.startsWith("/")) return;
  const path = resolve(keyPath);
  const isBelow = keyPath.startsWith("/") && path.startsWith(keysPath + sep);
  const isOthers =
    dirname(path) === keysPath && DEVICE_KEY.test(basename(path)) && basename(path) !== `${deviceId}.pem`;
  if (isBelow && !isOthers) return;
  throw new AppError("forbidden", "SYNC_SSH_KEY_REFUSED", {
    message: "ssh_key_path has to name a key of this device in the server's folder of SSH keys",
  });
}
