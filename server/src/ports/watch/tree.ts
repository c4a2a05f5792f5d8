import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { WATCH_LOOKS_AT_ONCE } from "./limits.ts";

/** One entry of a listed folder, links resolved. */
export interface TreeEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** Adds a name to a relative path. */
export function below(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** How many names a relative path has. */
export function depthOf(path: string): number {
  return path === "" ? 0 : path.split("/").length;
}

/** Lists a folder; what vanishes meanwhile is left out, a link to nothing counts as a file. */
export async function listEntries(path: string): Promise<readonly TreeEntry[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const linked = new Map<Dirent, boolean>();
  await inFlight(links, async (entry) => {
    linked.set(entry, (await findFacts(join(path, entry.name)))?.isDirectory() ?? false);
  });
  return entries.map((entry) => ({
    name: entry.name,
    isFolder: linked.get(entry) ?? entry.isDirectory(),
    isLink: entry.isSymbolicLink(),
  }));
}

/** What stands at a path, links followed; null when it cannot be looked at. */
export async function findFacts(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** Runs a task for every item, a bounded number at a time. */
export async function inFlight<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WATCH_LOOKS_AT_ONCE, items.length) }, lane));
}
