/** Gives the server's own folders to the user it is about to become. */
import { chownSync, lchownSync, lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "./identity.ts";

/** What the server writes below the base folder. `library` is the operator's and never touched. */
const OWN_FOLDERS: readonly string[] = [
  "resources",
  "assets",
  "config",
  "backups",
  "secrets",
  "pending",
  "cache",
  "sync",
  "postgres",
];

type Owner = Pick<Identity, "uid" | "gid">;

/**
 * Gives the base folder itself, and all of each own folder that is not that user's yet. A start where nothing changed
 * looks at those folders alone.
 * @returns What could not be given, in words: the file system may refuse it, and the user may have access all the same.
 */
export function giveOwnFolders(basePath: string, owner: Owner): readonly string[] {
  const problems: string[] = [];
  const attempt = (path: string, give: () => void) => {
    try {
      give();
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
      problems.push(`${path}: ${reason}`);
    }
  };
  for (const name of OWN_FOLDERS) {
    const path = join(basePath, name);
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined || facts.uid === owner.uid) continue;
    attempt(path, () => giveBelow(path, facts.dev, { owner, attempt }));
    // Last: its owner decides whether an interrupted run is repeated.
    attempt(path, () => chownSync(path, owner.uid, owner.gid));
  }
  const base = statSync(basePath, { throwIfNoEntry: false });
  if (base !== undefined && base.uid !== owner.uid) {
    attempt(basePath, () => chownSync(basePath, owner.uid, owner.gid));
  }
  return problems;
}

interface Giving {
  readonly owner: Owner;
  attempt(path: string, give: () => void): void;
}

/** Neither follows links nor leaves the file system: what is mounted inside is somebody else's. */
function giveBelow(folder: string, device: number, giving: Giving): void {
  const { owner, attempt } = giving;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    attempt(path, () => {
      const facts = lstatSync(path);
      if (facts.dev !== device) return;
      if (facts.isDirectory()) giveBelow(path, device, giving);
      if (facts.uid !== owner.uid) lchownSync(path, owner.uid, owner.gid);
    });
  }
}
