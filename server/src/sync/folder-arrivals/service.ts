import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isEntryName } from "../../base/entry-name.ts";
import { isPartialName } from "../../ports/files/port.ts";
import { BATCH_FILES_MAX, FOLDER_DEPTH_MAX } from "../folder/limits.ts";
import { type FileMark, INCOMING } from "../folder/rules.ts";

/** A file that a device left for us. */
export interface Arrival extends FileMark {
  readonly deviceId: string;
  /** Absolute. */
  readonly path: string;
  readonly fileName: string;
  readonly platformFsSlug: string;
}

/** Where the files of a device wait. */
export function toIncomingPath({ facts }: Pick<Context, "facts">, deviceId: string): string {
  return join(facts.sync.folderPath, deviceId, INCOMING);
}

/**
 * Lists what a device left for us, `BATCH_FILES_MAX` files at most. Links are not followed: whoever may write here must
 * not be able to name other files of this machine.
 */
export async function listArrivals(
  ctx: Pick<Context, "ports" | "facts">,
  deviceId: string,
): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = [];
  const root = toIncomingPath(ctx, deviceId);
  if ((await ctx.ports.files.find(root))?.kind !== "folder") return arrivals;
  for (const platform of await ctx.ports.files.list(root)) {
    if (platform.name === null || platform.isLink || platform.kind !== "folder") continue;
    if (!isEntryName(platform.name)) continue;
    const place = { folder: join(root, platform.name), deviceId, platformFsSlug: platform.name, depth: 0 };
    await collect(ctx, place, arrivals);
  }
  return arrivals;
}

interface Place {
  readonly folder: string;
  readonly deviceId: string;
  readonly platformFsSlug: string;
  readonly depth: number;
}

async function collect(
  ctx: Pick<Context, "ports">,
  { folder, depth, ...about }: Place,
  arrivals: Arrival[],
): Promise<void> {
  for (const { name, kind, isLink } of await ctx.ports.files.list(folder)) {
    if (arrivals.length >= BATCH_FILES_MAX) return;
    if (name === null || isLink || isPartialName(name)) continue;
    const path = join(folder, name);
    if (kind === "folder" && depth < FOLDER_DEPTH_MAX) {
      await collect(ctx, { ...about, folder: path, depth: depth + 1 }, arrivals);
    }
    if (kind !== "file") continue;
    const facts = await ctx.ports.files.find(path);
    if (facts?.kind !== "file") continue;
    const { sizeBytes, modifiedAtMs, inode } = facts;
    arrivals.push({ ...about, path, fileName: name, sizeBytes, modifiedAtMs, inode });
  }
}
