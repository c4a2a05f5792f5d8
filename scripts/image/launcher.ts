#!/usr/bin/env bun
/**
 * The program of the image, `multitap`. Started as root it makes the data folder PUID's and becomes that user before
 * anything else is loaded; started as another user it changes nothing. Then it is the command line.
 */
import { dlopen } from "bun:ffi";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { StartError } from "../../server/src/app/config-errors.ts";
import { type Identity, isChownOff, isMounted, readIdentity, refuseRoot } from "./identity.ts";
import { giveOwnFolders } from "./ownership.ts";

/** How many folders and files a warning names. */
const PROBLEMS_SHOWN = 3;
/** From `linux/prctl.h`. */
const PR_SET_DUMPABLE = 4;

const basePath = resolve(process.env.ROMM_BASE_PATH || "/romm");

function warn(message: string): void {
  console.error(`multitap: ${message}`);
}

function takeFolders(identity: Identity): void {
  mkdirSync(basePath, { recursive: true });
  const problems = giveOwnFolders(basePath, identity);
  if (problems.length === 0) return;
  const shown = problems.slice(0, PROBLEMS_SHOWN).join(", ");
  const place = `${problems.length} entries of ${basePath}`;
  warn(`${place} could not be given to uid ${identity.uid} (${shown}). MULTITAP_CHOWN=0 stops trying.`);
}

/** Groups that the operator added stay; root's own goes. */
function becomeUser({ uid, gid }: Identity): void {
  const added = (process.getgroups?.() ?? []).filter((group) => group !== 0 && group !== gid);
  try {
    process.setgroups?.([gid, ...added]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(
      "E_CONFIG",
      `cannot become uid ${uid}, gid ${gid} (${reason}). Allow SETUID and SETGID, or set the container's user instead of PUID.`,
      { cause },
    );
  }
  // A process that changed its user may not look at itself below /proc until it says that it may.
  const { symbols } = dlopen("libc.so.6", {
    prctl: { args: ["int", "u64", "u64", "u64", "u64"], returns: "int" },
  });
  symbols.prctl(PR_SET_DUMPABLE, 1n, 0n, 0n, 0n);
}

function leaveRoot(): void {
  const identity = readIdentity(process.env);
  if (identity.umask !== null) process.umask(identity.umask);
  refuseRoot(identity, process.env, readFileSync("/proc/self/uid_map", "utf8"));
  if (identity.uid === 0) return;
  if (!isChownOff(process.env)) takeFolders(identity);
  becomeUser(identity);
}

function warnOfLoss(): void {
  if (isMounted(readFileSync("/proc/self/mountinfo", "utf8"), basePath)) return;
  warn(`WARNING ${basePath} is not a mount: data is lost when the container is replaced.`);
}

try {
  if (process.getuid?.() === 0) leaveRoot();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  warn(error.message);
  process.exit(error.exitCode);
}
// No account of the container is meant, and root's home is closed to others.
process.env.HOME = "/tmp";
if (process.argv[2] === "serve") warnOfLoss();
await import("../../server/src/cli/main.ts");
