import { closeSync, openSync, statSync } from "node:fs";
import { basename } from "node:path";
import { findRaEntry } from "@multitap/native/rahash";
import { ArchiveRefusal } from "../archives/archive.ts";
import { extractLargest, unpackTar } from "../archives/extract-largest.ts";
import type { Capture } from "../archives/hash-members.ts";
import { detectPacked } from "../archives/packed-kind.ts";
import { createSpool } from "../archives/spool.ts";
import { type Digests, NO_DIGESTS } from "../digests.ts";
import { type Task, TaskCancelled, type TaskContext } from "../task.ts";
import { hashRaOfCapture, hashRaOfFile, isRaArchive, isRaUnpacked, NO_RA, type RaAnswer } from "./hash-ra.ts";
import { hashRomFile } from "./hash-rom-file.ts";
import type { HashRomInput, HashRomOutput, HashRomShape, RomFileToHash } from "./hash-rom-shape.ts";
import { readHead } from "./read-head.ts";

type Problem = HashRomOutput["problems"][number];

/** A task under way. */
interface Work {
  readonly input: HashRomInput;
  readonly context: TaskContext<HashRomShape["progress"]>;
  readonly problems: Problem[];
  /** The file that RetroAchievements' hash is of; null for none. */
  readonly raFile: RomFileToHash | null;
  /** A copy of what that file holds, where it is unpacked anyway. */
  readonly capture: Capture | null;
  addBytes(count: number): void;
}

/**
 * Hashes a rom with everything in it: each file by itself, and those at its top in one digest of their own. Of an
 * archive counts what it holds; one that cannot be read is hashed as it is, with a problem.
 */
export const hashRom: Task<HashRomShape> = {
  async run(input, context) {
    const raFile = chooseRaFile(input);
    const isCaptured = raFile !== null && input.ra !== null && isRaUnpacked(input.ra.consoleId);
    const capture = isCaptured ? { spool: createSpool(context), name: null } : null;
    let doneBytes = 0;
    const addBytes = (count: number): void => {
      doneBytes += count;
      context.report({ doneBytes });
    };
    const work: Work = { input, context, problems: [], raFile, capture, addBytes };
    try {
      const { whole, files } = await hashFilesOfRom(work);
      const { raHash, problem } = await hashRa(work);
      if (problem !== null && raFile !== null)
        work.problems.push({ code: "hash_ra", path: raFile.path, message: problem });
      return { ...(whole?.finish() ?? NO_DIGESTS), raHash, files, problems: work.problems };
    } finally {
      capture?.spool.close();
    }
  },
};

/** Hashes the files in their order; the rom's digest is null when one that it needs cannot be read. */
async function hashFilesOfRom(
  work: Work,
): Promise<{ readonly whole: Digests | null; readonly files: HashRomOutput["files"] }> {
  const { input, context, problems, raFile, capture, addBytes } = work;
  const files: HashRomOutput["files"][number][] = [];
  let whole: Digests | null = null;
  let isWhole = true;
  for (const file of input.files) {
    if (file.isHashed && !file.isTopLevel) continue;
    const result = await hashRomFile(file, {
      context,
      addBytes,
      isRom: !input.isFolder,
      whole: file.isTopLevel ? whole : null,
      capture: file === raFile ? capture : null,
      report: (problem) => void problems.push(problem),
    });
    if ("failure" in result) {
      files.push(result);
      if (file.isTopLevel) isWhole = false;
      continue;
    }
    if (file.isTopLevel) whole = result.whole;
    if (!file.isHashed) files.push(result.hashes);
  }
  return { whole: isWhole ? whole : null, files };
}

/** Picks the file that the hash is of: the rom itself, or of a folder the one that stands for the game. */
function chooseRaFile({ files, ra }: HashRomInput): RomFileToHash | null {
  if (ra === null) return null;
  const top = files.filter((file) => file.isTopLevel);
  const name = findRaEntry(
    top.map((file) => ({ name: basename(file.path), sizeBytes: file.expectedSizeBytes })),
  );
  const chosen = top.find((file) => basename(file.path) === name) ?? null;
  // What a disc holds is never looked for in an archive.
  if (chosen !== null && ra.isDisc && isRaArchive(chosen.path, ra.consoleId)) return null;
  return chosen;
}

async function hashRa({ input, context, raFile, capture, addBytes }: Work): Promise<RaAnswer> {
  const { ra } = input;
  if (ra === null || raFile === null) return NO_RA;
  const work = { context, addBytes };
  try {
    if (capture !== null && capture.name !== null)
      return await hashCapture(await unpackTar(capture, work), ra.consoleId, context);
    if (!isRaArchive(raFile.path, ra.consoleId))
      return await hashRaOfFile(raFile.path, ra.consoleId, context);
    const extracted = await extract(raFile, work);
    return extracted === null ? NO_RA : await hashCapture(extracted, ra.consoleId, context);
  } catch (error) {
    if (error instanceof TaskCancelled) throw error;
    // It is an extra, and must not cost the others. The file's own hashes have told of an archive that cannot be read, and of a file that cannot be read.
    if (error instanceof ArchiveRefusal) return NO_RA;
    return { raHash: "", problem: error instanceof Error ? error.message : String(error) };
  }
}

async function hashCapture(capture: Capture, consoleId: number, context: Work["context"]): Promise<RaAnswer> {
  try {
    return await hashRaOfCapture(capture, consoleId, context);
  } finally {
    capture.spool.close();
  }
}

/** Unpacks an archive that was not hashed just now; null when it is none. */
async function extract(
  file: RomFileToHash,
  work: Pick<Work, "context" | "addBytes">,
): Promise<Capture | null> {
  const handle = openSync(file.path, "r");
  try {
    const opened = { path: file.path, handle, sizeBytes: statSync(file.path).size };
    const kind = detectPacked(readHead(opened)) ?? (file.path.toLowerCase().endsWith(".tar") ? "tar" : null);
    if (kind === null) return null;
    return await extractLargest(opened, { kind, name: basename(file.path) }, work);
  } finally {
    closeSync(handle);
  }
}
