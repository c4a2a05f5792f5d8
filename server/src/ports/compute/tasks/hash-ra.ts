import { openChdDisc } from "@multitap/native/disc-chd";
import { createHasher } from "@multitap/native/hash";
import { hashRetroAchievements, type Md5, type RaHashOptions, type RaInput } from "@multitap/native/rahash";
import type { ArchiveContext } from "../archives/archive.ts";
import type { Capture } from "../archives/hash-members.ts";
import { TaskCancelled } from "../task.ts";
import { openRaFiles, sourceOfSpool } from "./ra-files.ts";

/** RetroAchievements' id of arcade games, whose hash is that of the file's name. */
export const RA_ARCADE = 27;

/** Consoles whose rules look into a zip themselves, whatever it is called. */
const READS_ZIPS: ReadonlySet<number> = new Set([26, RA_ARCADE, 71]);

/** Endings of containers that are unpacked before their content is hashed. */
const ARCHIVES: ReadonlySet<string> = new Set([
  "zip",
  "7z",
  "bz2",
  "gz",
  "rar",
  "tar",
  "tbz2",
  "tgz",
  "txz",
  "xz",
]);

/** Images that a playlist stands for on consoles that know no playlists. */
const NATIVE_IMAGES: ReadonlyMap<number, ReadonlySet<string>> = new Map([
  [16, new Set(["rvz", "wia"])],
  [19, new Set(["rvz", "wia"])],
  [41, new Set(["cso", "ciso", "zso", "dax"])],
]);

/** Bytes of a playlist that are looked at. */
const PLAYLIST_BYTES = 1023;

/** A hash, or nothing. */
export interface RaAnswer {
  /** "" when there is none. */
  readonly raHash: string;
  /** What went wrong beyond there being none; null when nothing did. */
  readonly problem: string | null;
}

export const NO_RA: RaAnswer = { raHash: "", problem: null };

/** Gives what follows the last dot of a name, in lower case. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** Tells by its name whether a file has to be unpacked for this console. */
export const isRaArchive = (name: string, consoleId: number): boolean =>
  consoleId !== RA_ARCADE && ARCHIVES.has(endingOf(name));

/** Tells whether a file that turns out to be packed has to be unpacked for this console. */
export const isRaUnpacked = (consoleId: number): boolean => !READS_ZIPS.has(consoleId);

/** Tells whether the hash can be that of the file's own bytes: it is no playlist, and no archive by its name. */
export function isRaPlain(name: string): boolean {
  const ending = endingOf(name);
  return ending !== "m3u" && !ARCHIVES.has(ending);
}

/**
 * Hashes a file as it is, with the files that it names.
 * @throws TaskCancelled, and nothing else.
 */
export async function hashRaOfFile(
  path: string,
  consoleId: number,
  context: ArchiveContext,
): Promise<RaAnswer> {
  return await answer(async () => {
    const files = openRaFiles(path, context);
    try {
      const entry = endingOf(path) === "m3u" ? await findNativeImage(files, consoleId) : null;
      return await hash(entry === null ? files : { ...files, entry }, consoleId);
    } finally {
      files.close();
    }
  });
}

/**
 * Hashes what was unpacked of an archive.
 * @throws TaskCancelled, and nothing else.
 */
export async function hashRaOfCapture(
  { spool, name }: Capture,
  consoleId: number,
  context: ArchiveContext,
): Promise<RaAnswer> {
  return await answer(() => hash(sourceOfSpool(spool, name ?? "", context), consoleId));
}

async function hash(input: RaInput, consoleId: number): Promise<RaAnswer> {
  const { raHash } = await hashRetroAchievements(input, consoleId, OPTIONS);
  return { raHash: raHash ?? "", problem: null };
}

const OPTIONS: RaHashOptions = {
  createMd5,
  openChd: (source, signal) => openChdDisc(source, { signal }),
};

function createMd5(): Md5 {
  const hasher = createHasher(["md5"]);
  return { update: (bytes) => hasher.update(bytes), digestHex: () => hasher.digest().md5 };
}

/** This hash is an extra: without it the others still count. So every failure but cancelling is an answer. */
async function answer(run: () => Promise<RaAnswer>): Promise<RaAnswer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TaskCancelled) throw error;
    return { raHash: "", problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Gives the path of a playlist's first entry when that is an image of this console; null otherwise. */
async function findNativeImage(
  files: ReturnType<typeof openRaFiles>,
  consoleId: number,
): Promise<string | null> {
  const endings = NATIVE_IMAGES.get(consoleId);
  const playlist = endings === undefined ? null : await files.find(files.entry);
  if (endings === undefined || playlist === null) return null;
  const bytes = await playlist.read(0, Math.min(PLAYLIST_BYTES, playlist.sizeBytes));
  const lines = new TextDecoder().decode(bytes).split("\n");
  const line = lines.map((text) => text.trim()).find((text) => text !== "" && !text.startsWith("#"));
  if (line === undefined || !endings.has(endingOf(line))) return null;
  const folder = files.entry.slice(0, files.entry.lastIndexOf("/"));
  const entry = `${folder}/${line.replaceAll("\\", "/").replace(/^(?:\.\/)+/, "")}`;
  return (await files.find(entry)) === null ? null : entry;
}
