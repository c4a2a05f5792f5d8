import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { isAppError } from "../../base/errors.ts";
import { type FileFacts, type Files, isPartialName } from "../../ports/files/port.ts";
import { cutZip, type ZipLayout } from "./layout.ts";
import {
  ZIP_BUILDS_MAX,
  ZIP_CACHE_AGE_MAX_MS,
  ZIP_CACHE_FREE_BYTES_MIN,
  ZIP_CACHE_LARGE_AGE_MAX_MS,
  ZIP_CACHE_LARGE_BYTES,
  ZIP_CACHE_SWEEP_MS,
} from "./limits.ts";
import { type OpenEntry, readCuts } from "./stream.ts";

/** Archives that lie on disk ready-made, so that they are sent with their length. */
export interface ZipCache {
  /**
   * Gives the file of an archive, written now when it is not there; callers who want the same one share the work.
   * @returns Null when it is not to be kept: too large, too little room, or too many are being written.
   * @throws AppError when one of its files cannot be read.
   */
  keep(layout: ZipLayout, openEntry: OpenEntry): Promise<string | null>;
  /** Removes what is too old, and leftovers of a crash. */
  sweep(): Promise<void>;
  /** Ends the sweeping. */
  close(): void;
}

export interface ZipCacheOptions {
  readonly files: Files;
  readonly clock: Clock;
  /** Holds nothing else. */
  readonly folder: string;
  /** Largest archive that is kept; 0 keeps none. */
  readonly archiveBytesMax: number;
  readonly report: (message: string, cause: unknown) => void;
}

/** Opens the cache; it removes old archives by itself. */
export function createZipCache(options: ZipCacheOptions): ZipCache {
  const { files, folder, archiveBytesMax, report } = options;
  const building = new Map<string, Promise<string | null>>();

  async function build(layout: ZipLayout, openEntry: OpenEntry): Promise<string | null> {
    const path = join(folder, `${layout.etag.replaceAll('"', "")}.zip`);
    const kept = await files.find(path);
    if (kept?.kind === "file" && kept.sizeBytes === layout.totalBytes) return path;
    if (building.size > ZIP_BUILDS_MAX) return null;
    await files.createFolder(folder);
    const { freeBytes } = await files.freeSpace(folder);
    if (freeBytes - layout.totalBytes < ZIP_CACHE_FREE_BYTES_MIN) return null;
    const cuts = cutZip(layout, { start: 0, end: layout.totalBytes });
    await files.writeAtomic(path, readCuts(cuts, openEntry));
    return path;
  }

  const cache: ZipCache = {
    async keep(layout, openEntry) {
      if (layout.totalBytes > archiveBytesMax) return null;
      const known = building.get(layout.etag);
      if (known !== undefined) return await known;
      const running = build(layout, openEntry)
        .catch((error: unknown) => {
          if (!isCacheFailure(error, folder)) throw error;
          report("an archive cannot be kept; it is streamed instead", error);
          return null;
        })
        .finally(() => building.delete(layout.etag));
      building.set(layout.etag, running);
      return await running;
    },
    async sweep() {
      await sweepFolder(options);
    },
    close: () => clearInterval(timer),
  };
  const timer = setInterval(() => {
    cache.sweep().catch((error: unknown) => report("kept archives cannot be looked through", error));
  }, ZIP_CACHE_SWEEP_MS);
  timer.unref();
  return cache;
}

/** The cache's own disk is full or closed to us: no reason to refuse the archive. */
function isCacheFailure(error: unknown, folder: string): boolean {
  if (!isAppError(error)) return false;
  if (error.kind === "storage_full") return true;
  const path = (error.details as { path?: unknown } | null)?.path;
  return typeof path === "string" && path.startsWith(folder);
}

async function sweepFolder({ files, clock, folder }: ZipCacheOptions): Promise<void> {
  if ((await files.find(folder)) === null) return;
  const nowMs = clock.now().getTime();
  for (const { name } of await files.list(folder)) {
    if (name === null) continue;
    const path = join(folder, name);
    const facts = await files.find(path);
    if (facts !== null && nowMs - facts.modifiedAtMs > findAgeMaxMs(name, facts)) await files.remove(path);
  }
}

function findAgeMaxMs(name: string, { sizeBytes }: Pick<FileFacts, "sizeBytes">): number {
  // One that is being written was changed a moment ago.
  if (isPartialName(name)) return ZIP_CACHE_SWEEP_MS;
  return sizeBytes > ZIP_CACHE_LARGE_BYTES ? ZIP_CACHE_LARGE_AGE_MAX_MS : ZIP_CACHE_AGE_MAX_MS;
}
