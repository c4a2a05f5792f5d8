import { requireProgram } from "./require-program.ts";

/** A user id that stands in no passwd file. */
const STRANGER = 54_321;

/**
 * Whether tests may act as another user: root, with `setpriv`, in a checkout that other users can read (one below
 * root's own 0700 folder they cannot). Prints the reason when not.
 */
export function canBecomeOtherUser(): boolean {
  if (process.geteuid?.() !== 0) {
    console.warn("skipped: acting as another user needs root");
    return false;
  }
  const setpriv = requireProgram("setpriv");
  if (setpriv === null) return false;
  const asStranger = [setpriv, `--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups", "--"];
  const canRun = Bun.spawnSync([...asStranger, process.execPath, "--version"]).success;
  const canRead = Bun.spawnSync([...asStranger, "test", "-r", import.meta.path]).success;
  if (canRun && canRead) return true;
  console.warn("skipped: acting as another user, who cannot read this checkout");
  return false;
}
