import { basename } from "node:path";
import { openChdDisc } from "@multitap/native/disc-chd";
import { createHasher, type Hashes } from "@multitap/native/hash";
import { detectConsoles, hashRetroAchievements, type Md5, type RaHashOptions } from "@multitap/native/rahash";
import { AppError } from "../../base/errors.ts";
import type { ByteStep } from "../byte-progress.ts";
import { type LocalFile, openLocalFile } from "../local-file.ts";
import { type Neighbours, openNeighbours } from "./neighbours.ts";

/** Whose RetroAchievements hash is wanted. */
export type RaTarget =
  | { readonly kind: "detect" }
  | { readonly kind: "console"; readonly consoleId: number }
  | { readonly kind: "none"; readonly reason: string };

/** All hashes of a file, in lower-case hex. */
export interface FileHashes extends Hashes {
  readonly ra: string | null;
  /** The console that was given or found; null where there is none. */
  readonly raConsoleId: number | null;
  /** Why there is no RetroAchievements hash; null where there is one. */
  readonly raMissing: string | null;
}

/** What long work is watched and ended with. */
export interface HashFileOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (step: ByteStep) => void;
}

/** Bytes of one read; the next one is under way while these are hashed, so twice that is held. */
const PIECE_BYTES = 1 << 20;

type RaAnswer = Pick<FileHashes, "ra" | "raConsoleId" | "raMissing">;

/**
 * Hashes a file's bytes, and what is in it for RetroAchievements.
 * @throws AppError `FILES_…` when it or a file that it names cannot be read; the signal's reason.
 */
export async function hashFile(
  path: string,
  target: RaTarget,
  options: HashFileOptions,
): Promise<FileHashes> {
  const file = await openLocalFile(path);
  try {
    const digests = await digest(file, options);
    return { ...digests, ...(await hashContent(path, target, options)) };
  } finally {
    await file.close();
  }
}

async function digest(file: LocalFile, { signal, onProgress }: HashFileOptions): Promise<Hashes> {
  const { name, sizeBytes: totalBytes } = file;
  const hasher = createHasher(["crc32", "md5", "sha1"]);
  let [hashed, spare] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  let doneBytes = 0;
  let reading = file.readInto(hashed, 0);
  for (let count = await reading; count > 0; count = await reading) {
    // The reading below has not begun yet, so that nothing is under way when this throws.
    signal.throwIfAborted();
    const piece = hashed.subarray(0, count);
    [hashed, spare] = [spare, hashed];
    reading = file.readInto(hashed, doneBytes + count);
    hasher.update(piece);
    doneBytes += count;
    onProgress({ label: `hashing ${name}`, doneBytes, totalBytes });
  }
  if (doneBytes === totalBytes) return hasher.digest();
  const message = `cannot hash ${name}: it had ${totalBytes} bytes, then ${doneBytes}`;
  throw new AppError("conflict", "FILES_CHANGED", { message, details: { totalBytes, doneBytes } });
}

async function hashContent(path: string, target: RaTarget, options: HashFileOptions): Promise<RaAnswer> {
  if (target.kind === "none") return { ra: null, raConsoleId: null, raMissing: target.reason };
  const files = openNeighbours(path);
  try {
    const raOptions = toRaOptions(path, options);
    if (target.kind === "console") return await hashFor(files, target.consoleId, raOptions);
    return await detect(files, raOptions);
  } finally {
    await files.close();
  }
}

function toRaOptions(path: string, { signal, onProgress }: HashFileOptions): RaHashOptions {
  const label = `hashing ${basename(path)} for RetroAchievements`;
  return {
    createMd5,
    signal,
    onProgress: (done) => onProgress({ label, ...done }),
    openChd: (source, chdSignal) => openChdDisc(source, { signal: chdSignal }),
  };
}

function createMd5(): Md5 {
  const hasher = createHasher(["md5"]);
  return { update: (bytes) => hasher.update(bytes), digestHex: () => hasher.digest().md5 };
}

async function hashFor(files: Neighbours, consoleId: number, options: RaHashOptions): Promise<RaAnswer> {
  const result = await hashRetroAchievements(files, consoleId, options);
  const raMissing = result.raHash === null ? result.message : null;
  return { ra: result.raHash, raConsoleId: consoleId, raMissing };
}

/** Tries the consoles that the extension suggests, in order; the first that finds its marks has the hash. */
async function detect(files: Neighbours, options: RaHashOptions): Promise<RaAnswer> {
  const consoleIds = await detectConsoles(files, options);
  const reasons = new Set<string>();
  for (const consoleId of consoleIds) {
    const answer = await hashFor(files, consoleId, options);
    if (answer.raMissing === null) return answer;
    reasons.add(answer.raMissing);
  }
  const [only] = reasons;
  const tried =
    consoleIds.length === 0 ? "its content names no game" : `tried consoles ${consoleIds.join(", ")}`;
  const raMissing = reasons.size === 1 && only !== undefined ? only : `no console was detected, ${tried}`;
  return { ra: null, raConsoleId: null, raMissing };
}
