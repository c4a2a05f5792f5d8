import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { ReadTrackShape, TrackTags } from "../../ports/compute/tasks/read-track.ts";
import { removeQuietly } from "../../ports/files/removing.ts";
import type { TrackMeta, UnreadTrack } from "./contract.ts";
import { TRACK_TIMEOUT_MS, TRACK_WINDOW_FILES } from "./limits.ts";
import { listUnreadTracks, removeTrackMeta, storeTrackMeta } from "./queries.ts";
import { listTrackCoverPaths, toTrackCoverFolder, toTrackCoverPath } from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts" | "db">;

/** A soundtrack file that has no tags. */
export interface TaglessTrack {
  /** Library-relative. */
  readonly path: string;
  readonly message: string;
}

/**
 * Reads the tags of a soundtrack file and stores them, with its picture; a file that has none loses those it had.
 * @returns Why there are none; null when there are.
 */
export async function readTrackTags(
  ctx: Scene,
  track: UnreadTrack,
  signal?: AbortSignal | undefined,
): Promise<TaglessTrack | null> {
  const path = `${track.filePath}/${track.fileName}`;
  const read = await readTags(ctx, join(ctx.facts.libraryPath, path), signal);
  if ("failure" in read) {
    // What is away for a moment, or cannot be reached, has its tags still.
    if (read.failure.code === "unreadable") {
      await removeTrackMeta(ctx.db, [track.fileId]);
      await removeCovers(ctx, track, null);
    }
    return { path, message: read.failure.message };
  }
  const meta = await storeCover(ctx, track, read.tags);
  await storeTrackMeta(ctx.db, track, meta);
  await removeCovers(ctx, track, meta.coverPath);
  return null;
}

/** A file that brings its reader down, or holds it up, is one that cannot be read: it must not end every scan. */
async function readTags(
  ctx: Scene,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ReadTrackShape["output"]> {
  const timeout = AbortSignal.timeout(TRACK_TIMEOUT_MS);
  try {
    const stop = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    return await ctx.ports.compute.run("read-track", { path }, { signal: stop });
  } catch (error) {
    const isStuck = timeout.aborted && signal?.aborted !== true;
    const isCrash = isAppError(error) && error.code === "COMPUTE_CRASHED";
    if (!isStuck && !isCrash) throw error;
    ctx.ports.log.warn("could not read the tags of a track", { path, error });
    return { failure: { code: "unreadable", message: `${path} cannot be read for its tags` } };
  }
}

/** The picture comes before the row that names it. */
async function storeCover(ctx: Scene, track: UnreadTrack, tags: TrackTags): Promise<TrackMeta> {
  const { cover, ...meta } = tags;
  if (cover === null) return { ...meta, coverPath: null };
  const { files, space } = ctx.ports;
  const { resourcesPath } = ctx.facts;
  const coverPath = toTrackCoverPath(track, cover.extension);
  await space.assertSpace(cover.bytes.byteLength, { path: resourcesPath });
  await files.createFolder(join(resourcesPath, toTrackCoverFolder(track)));
  await files.writeAtomic(join(resourcesPath, coverPath), cover.bytes);
  return { ...meta, coverPath };
}

/** Removes pictures of a track other than its present one; a failure is only logged. */
async function removeCovers(
  ctx: Scene,
  track: Pick<UnreadTrack, "fileId" | "romId" | "platformId">,
  present: string | null,
): Promise<void> {
  for (const path of listTrackCoverPaths(track)) {
    if (path === present) continue;
    const said = "could not remove the cover of a track";
    await removeQuietly(ctx.ports, join(ctx.facts.resourcesPath, path), { said });
  }
}

/** Removes what is kept for a track whose file is gone; a failure is only logged. */
export async function forgetTrackCovers(
  ctx: Scene,
  track: Pick<UnreadTrack, "fileId" | "romId" | "platformId">,
): Promise<void> {
  await removeCovers(ctx, track, null);
}

/**
 * Reads the tags of every soundtrack file of a platform that changed since they were read, several at a time, and
 * tells those that have none. What is stored stays stored.
 */
export async function* readTracksOfPlatform(
  ctx: Scene,
  { platformId, signal }: { readonly platformId: number; readonly signal: AbortSignal },
): AsyncGenerator<TaglessTrack> {
  let afterFileId = 0;
  for (;;) {
    signal.throwIfAborted();
    const unread = await listUnreadTracks(ctx.db, { platformId, afterFileId, limit: TRACK_WINDOW_FILES });
    const last = unread.at(-1);
    if (last === undefined) return;
    afterFileId = last.fileId;
    const lanes = ctx.ports.compute.size * 2;
    for (let start = 0; start < unread.length; start += lanes) {
      const some = unread.slice(start, start + lanes);
      // All of them end before a failure goes on, so that none runs behind the scan's back.
      const results = await Promise.allSettled(some.map((track) => readTrackTags(ctx, track, signal)));
      for (const result of results) {
        if (result.status === "rejected") throw result.reason;
        if (result.value !== null) yield result.value;
      }
    }
  }
}
