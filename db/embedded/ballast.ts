/** Room set aside beside the cluster, so that a server on a full disk can start once more and be cleaned up. */
import { randomFillSync } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeCause } from "../errors.ts";
import type { DbLog } from "../log.ts";
import { findFreeBytes } from "./file-system.ts";
import { BALLAST_BYTES, BALLAST_ROOM_BYTES, START_BYTES_MIN } from "./limits.ts";

const NAME = "ballast";
const STEP_BYTES = 1024 * 1024;

/** Gives the ballast back when the disk has too little left for a start; it is put there again once there is room. */
export function releaseBallast(folder: string, log: DbLog): void {
  const free = findFreeBytes(folder);
  if (free === null || free >= START_BYTES_MIN || !hasBallast(folder)) return;
  rmSync(join(folder, NAME), { force: true });
  log({
    level: "warn",
    message: `The disk of ${folder} is full. ${BALLAST_BYTES / STEP_BYTES} MiB that were set aside are free now, so that the database can start: remove what you can spare before they are used up.`,
  });
}

/**
 * Puts the ballast there whenever it is missing and the disk has plenty, looking after every `everyMs` milliseconds.
 * @returns Ends that; resolves once nothing is written any more.
 */
export function keepBallast(
  folder: string,
  { everyMs, log }: { readonly everyMs: number; readonly log: DbLog },
): () => Promise<void> {
  const stopping = new AbortController();
  let writing = Promise.resolve();
  const look = () => {
    writing = writing
      .then(() => writeBallast(folder, stopping.signal))
      .catch((error: unknown) => {
        log({ level: "warn", message: `Setting room aside in ${folder} failed: ${describeCause(error)}` });
      });
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await writing;
  };
}

function hasBallast(folder: string): boolean {
  return statSync(join(folder, NAME), { throwIfNoEntry: false }) !== undefined;
}

async function writeBallast(folder: string, signal: AbortSignal): Promise<void> {
  const free = findFreeBytes(folder);
  if (free === null || free < BALLAST_BYTES + BALLAST_ROOM_BYTES || hasBallast(folder)) return;
  const path = join(folder, `${NAME}.new`);
  const file = await open(path, "w", 0o600);
  try {
    // Random, because a file system that packs would give zeros no room.
    const step = randomFillSync(new Uint8Array(STEP_BYTES));
    for (let written = 0; written < BALLAST_BYTES && !signal.aborted; written += step.length) {
      await file.write(step);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await (signal.aborted ? rm(path, { force: true }) : rename(path, join(folder, NAME)));
}
