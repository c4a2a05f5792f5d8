import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { RaFiles } from "@multitap/native/rahash";
import { AppError } from "../../base/errors.ts";
import { errnoOf } from "../../ports/files/failures.ts";
import { NEIGHBOURS_OPEN_MAX } from "../limits.ts";
import { type LocalFile, namingFailures, openLocalFile } from "../local-file.ts";

/** A file with the files it may name; closing closes all that were opened. */
export interface Neighbours extends RaFiles {
  close(): Promise<void>;
}

/**
 * Gives a file together with what lies around it. Paths start one folder above the file's own, because that
 * folder's name counts for arcade games; nothing further up is reached.
 */
export function openNeighbours(path: string): Neighbours {
  const absolute = resolve(path);
  const top = dirname(dirname(absolute));
  const opened = new Map<string, LocalFile | null>();
  return {
    entry: relative(top, absolute).split(sep).join("/"),
    async find(wanted) {
      const known = opened.get(wanted);
      if (known !== undefined) return known;
      if (opened.size >= NEIGHBOURS_OPEN_MAX) {
        const message = `cannot read ${path}: it names more than ${NEIGHBOURS_OPEN_MAX} files`;
        throw new AppError("too_large", "FILES_TOO_LARGE", { message });
      }
      const found = await locate(top, wanted);
      const file = found === null ? null : await openLocalFile(found);
      opened.set(wanted, file);
      return file;
    },
    async close() {
      for (const file of opened.values()) await file?.close();
      opened.clear();
    },
  };
}

/**
 * Finds a file by its path below a folder, in another case where the exact name is missing: sheets are written on
 * systems that ignore case. Null where there is none.
 */
async function locate(top: string, wanted: string): Promise<string | null> {
  const exact = join(top, wanted);
  if (await exists(exact)) return exact;
  let at = top;
  for (const part of wanted.split("/")) {
    const name = await findName(at, part);
    if (name === null) return null;
    at = join(at, name);
  }
  return at;
}

async function findName(folder: string, wanted: string): Promise<string | null> {
  if (await exists(join(folder, wanted))) return wanted;
  const names = await namingFailures({ verb: "list", path: folder }, () => readdir(folder));
  return names.find((name) => name.toLowerCase() === wanted.toLowerCase()) ?? null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errnoOf(error) ?? "")) return false;
    return await namingFailures({ verb: "read", path }, () => Promise.reject(error));
  }
}
