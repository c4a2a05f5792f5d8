import { closeSync, constants, openSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ByteSource } from "@multitap/native/byte-source";
import { NativeError } from "@multitap/native/errors";
import type { RaFiles } from "@multitap/native/rahash";
import type { ArchiveContext } from "../archives/archive.ts";
import { readInto } from "../archives/read-file.ts";
import type { Spool } from "../archives/spool.ts";
import { getFaultCode } from "../file-failure.ts";
import { RA_FILES_OPEN_MAX } from "../limits.ts";

/** A file with the files it may name; closing closes all that were opened. */
export interface OpenRaFiles extends RaFiles {
  close(): void;
}

/**
 * Gives a file together with what lies around it. Paths start one folder above the file's own, because that
 * folder's name counts for arcade games; only what lies below the file's own folder is reached.
 */
export function openRaFiles(path: string, context: ArchiveContext): OpenRaFiles {
  const folder = dirname(path);
  const top = basename(folder);
  const handles: number[] = [];
  const sources = new Map<string, ByteSource | null>();
  const open = (wanted: string): ByteSource | null => {
    const [first, ...parts] = wanted.split("/");
    if (first !== top || parts.length === 0) return null;
    if (handles.length >= RA_FILES_OPEN_MAX) return null;
    const found = locate(folder, parts);
    return found === null ? null : openSource(found, { context, handles });
  };
  return {
    entry: `${top}/${basename(path)}`,
    async find(wanted) {
      const known = sources.get(wanted);
      if (known !== undefined) return known;
      const source = open(wanted);
      sources.set(wanted, source);
      return source;
    },
    close() {
      for (const handle of handles.splice(0)) closeSync(handle);
      sources.clear();
    },
  };
}

/** Gives what was unpacked as a file of that name. */
export function sourceOfSpool(spool: Spool, name: string, context: ArchiveContext): ByteSource {
  return {
    name,
    sizeBytes: spool.sizeBytes,
    modifiedAt: null,
    async read(start, end) {
      await context.checkpoint();
      return spool.read(start, end);
    },
  };
}

function openSource(
  path: string,
  { context, handles }: { readonly context: ArchiveContext; readonly handles: number[] },
): ByteSource {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  handles.push(handle);
  return {
    name: basename(path),
    sizeBytes: statSync(path).size,
    modifiedAt: null,
    async read(start, end) {
      await context.checkpoint();
      const into = new Uint8Array(end - start);
      const count = readInto({ handle }, { start, into });
      if (count < into.length) throw new NativeError("SOURCE_SHORT", `${path} became shorter`);
      return into;
    },
  };
}

/** Finds a regular file by its path below a folder, in another case where the exact name is missing. */
function locate(folder: string, parts: readonly string[]): string | null {
  let path = folder;
  for (const part of parts) {
    // The hasher asks for no such path; a link in the library may still lead wherever its owner wants.
    if (part === "" || part === "." || part === "..") return null;
    const name = findName(path, part);
    if (name === null) return null;
    path = join(path, name);
  }
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : null;
}

function findName(folder: string, wanted: string): string | null {
  try {
    if (statSync(join(folder, wanted), { throwIfNoEntry: false }) !== undefined) return wanted;
    const folded = wanted.toLowerCase();
    return readdirSync(folder).find((name) => name.toLowerCase() === folded) ?? null;
  } catch (fault) {
    // A sheet may name what no system takes as a name.
    if (getFaultCode(fault) === null) throw fault;
    return null;
  }
}
