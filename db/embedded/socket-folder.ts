/** The short private folder that holds the database socket. */
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DbError, describeCause } from "../errors.ts";
import { SOCKET_PATH_BYTES_MAX } from "./limits.ts";

export const SOCKET_PORT = 5432;

const PRIVATE_MODE = 0o700;
const FOLDER_PREFIX = "multitap-";
const RANDOM_SUFFIX_BYTES = 6; // What mkdtemp appends.
const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;

/** The folders to try, best first. */
export function listSocketPlaces(environment: Record<string, string | undefined>): string[] {
  const places = [environment.XDG_RUNTIME_DIR, "/run/multitap", tmpdir()];
  return places.filter((place) => place !== undefined).filter((place) => place.startsWith("/"));
}

/** Whether a socket in a fresh folder below this place fits the system's path limit and PostgreSQL's list syntax. */
export function canHoldSocket(place: string): boolean {
  const lengthBytes =
    Buffer.byteLength(join(place, FOLDER_PREFIX)) + RANDOM_SUFFIX_BYTES + 1 + SOCKET_NAME.length;
  return lengthBytes <= SOCKET_PATH_BYTES_MAX && !/[,"\s]/.test(place);
}

/**
 * A fresh folder of mode 0700, which is the whole access control of a cluster that trusts local users.
 * @throws DbError `E_SOCKET_DIR` naming what was tried.
 */
export function createSocketFolder(places: readonly string[]): string {
  const problems: string[] = [];
  for (const place of places) {
    const problem = canHoldSocket(place) ? null : "its path is too long or has a comma, quote or space";
    const result = problem === null ? tryCreate(place) : { problem };
    if ("folder" in result) return result.folder;
    problems.push(`${place}: ${result.problem}`);
  }
  throw new DbError(
    "E_SOCKET_DIR",
    `no writable place for a socket: ${problems.join("; ")}. Mount a tmpfs at /tmp.`,
  );
}

function tryCreate(place: string): { folder: string } | { problem: string } {
  try {
    const folder = mkdtempSync(join(place, FOLDER_PREFIX));
    chmodSync(folder, PRIVATE_MODE);
    const mode = statSync(folder).mode & 0o777;
    if (mode === PRIVATE_MODE) return { folder };
    removeSocketFolder(folder);
    return { problem: `folders there get mode 0${mode.toString(8)}` };
  } catch (error) {
    return { problem: describeCause(error) };
  }
}

/** Removes the folder and what a killed server left in it; anything not made by us is left alone. */
export function removeSocketFolder(folder: string): void {
  if (!basename(folder).startsWith(FOLDER_PREFIX)) return;
  rmSync(folder, { recursive: true, force: true });
}

/** Removes a dead server's socket and its lock file, which could name a process id that lives again. */
export function clearSocketFolder(folder: string): void {
  rmSync(join(folder, SOCKET_NAME), { force: true });
  rmSync(join(folder, `${SOCKET_NAME}.lock`), { force: true });
}
