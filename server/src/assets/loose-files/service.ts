import { join } from "node:path";
import { type Files, isPartialName } from "../../ports/files/port.ts";
import { isStoredName } from "../rules.ts";
import { FOLDERS_DEPTH_MAX } from "./limits.ts";

/**
 * Files below the assets folder that no row of a save, state or screenshot can name: pictures of accounts, and what
 * the operator put there. Paths are relative, with slashes. Links and half written files are left out.
 */
export async function* walkLooseFiles(
  files: Pick<Files, "list" | "find">,
  assetsPath: string,
): AsyncGenerator<string> {
  yield* walk(files, assetsPath, { path: "", depth: 0 });
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

async function* walk(
  files: Pick<Files, "list" | "find">,
  root: string,
  { path, depth }: Place,
): AsyncGenerator<string> {
  const folder = join(root, path);
  if (depth > FOLDERS_DEPTH_MAX || (await files.find(folder))?.kind !== "folder") return;
  for (const { name, kind, isLink } of await files.list(folder)) {
    if (name === null || isLink || isPartialName(name)) continue;
    const inner = path === "" ? name : `${path}/${name}`;
    if (kind === "folder") yield* walk(files, root, { path: inner, depth: depth + 1 });
    else if (kind === "file" && !isStoredName(name)) yield inner;
  }
}
