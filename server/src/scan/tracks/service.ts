import type { Context } from "../../base/context.ts";
import { readTracksOfPlatform } from "../../roms/tracks/service.ts";
import type { Progress } from "../progress/service.ts";

/** Whose soundtracks to read. */
export interface TracksOptions {
  readonly platformId: number;
  readonly progress: Progress;
}

/** Reads the tags of soundtrack files that are new or changed; one that has none is a problem of its own. */
export async function readPlatformTracks(
  ctx: Context,
  { platformId, progress }: TracksOptions,
): Promise<void> {
  for await (const { path, message } of readTracksOfPlatform(ctx, { platformId, signal: progress.signal })) {
    progress.report({ code: "track_unreadable", path, message });
  }
}
