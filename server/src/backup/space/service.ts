import { dirname } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import type { Files } from "../../ports/files/port.ts";
import { formatBytes } from "../../ports/files/space-guard.ts";

/** Room that is needed. */
export interface SpaceNeed {
  /** Where something is to be written; it need not be there yet. */
  readonly folder: string;
  readonly neededBytes: number;
}

/** Refuses to begin what cannot end. @throws AppError `STORAGE_FULL`. */
export async function requireSpace(
  { ports, facts }: Pick<Context, "ports" | "facts">,
  need: SpaceNeed,
): Promise<void> {
  await requireFreeBytes(ports.files, { ...need, floorBytes: facts.backups.minFreeBytes });
}

/** Does the same without a running server. @throws AppError `STORAGE_FULL`. */
export async function requireFreeBytes(
  files: Pick<Files, "find" | "freeSpace">,
  { folder, neededBytes, floorBytes }: SpaceNeed & { readonly floorBytes: number },
): Promise<void> {
  let place = folder;
  while ((await files.find(place)) === null && place !== dirname(place)) place = dirname(place);
  const { freeBytes } = await files.freeSpace(place);
  if (freeBytes - neededBytes >= floorBytes) return;
  const message = `insufficient storage on ${place}: ${formatBytes(freeBytes)} left, ${formatBytes(neededBytes)} needed beside the ${formatBytes(floorBytes)} that stay free. Free some space, or name another --output`;
  throw new AppError("storage_full", "STORAGE_FULL", {
    message,
    details: { path: place, freeBytes, neededBytes },
  });
}
