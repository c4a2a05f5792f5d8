import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAppError } from "../base/errors.ts";
import { createHexToken } from "../base/ids.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { StartError } from "./config-errors.ts";

/** Folders of the base path that we make; the library's own sub-folders belong to the operator. */
const FOLDERS = ["library", "resources", "assets", "config", "backups"] as const;
/** Bytes of a generated signing key. */
const SECRET_KEY_BYTES = 32;

/**
 * Makes the base folder and what belongs in it.
 * @throws StartError `E_BASE_PATH` when it cannot be made or written.
 */
export async function prepareBaseFolder(basePath: string): Promise<void> {
  try {
    for (const name of FOLDERS) await mkdir(join(basePath, name), { recursive: true });
    await mkdir(join(basePath, "secrets"), { recursive: true, mode: 0o700 });
    await chmod(join(basePath, "secrets"), 0o700);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError("E_BASE_PATH", `base folder ${basePath} cannot be prepared: ${reason}.`, { cause });
  }
  const config = await stat(join(basePath, "config", "config.yml")).catch(() => null);
  if (config?.isDirectory()) {
    const path = join(basePath, "config", "config.yml");
    throw new StartError("E_CONFIG", `${path} is a folder; mount a file there or remove the mount.`);
  }
}

/**
 * The signing key kept from an earlier start, or a new one that is kept from now on.
 * Losing it signs everybody out, so it is written durably and readable by us alone.
 */
export async function keepSecretKey(basePath: string): Promise<string> {
  const path = join(basePath, "secrets", "auth-secret-key");
  const kept = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw new StartError("E_BASE_PATH", `${path} cannot be read: ${cause.message}.`, { cause });
  });
  if (kept !== null && kept.trim() !== "") return kept.trim();
  const created = createHexToken(SECRET_KEY_BYTES);
  try {
    await createDiskFiles().writeAtomic(path, `${created}\n`, { mode: 0o600 });
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    throw new StartError("E_BASE_PATH", `${path} cannot be written: ${cause.message}.`, { cause });
  }
  return created;
}
