/**
 * A cluster that was made when our image was built. Unpacking it is faster than `initdb`, and works under a user id
 * that no passwd file knows, which `initdb` refuses.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Binaries, PG_MAJOR } from "./binaries.ts";
import { createEnvironment, type Launch } from "./launch.ts";
import { INITDB_TIMEOUT_MS } from "./limits.ts";
import { type ProgramResult, runProgram } from "./run-program.ts";

/** Where our image keeps it; a checkout has none. */
export const BAKED_CLUSTER: string = join(import.meta.dir, "..", "dist", `cluster-${PG_MAJOR}.tar.gz`);

/** Whether there is one to unpack. */
export function hasBakedCluster(archive: string): boolean {
  return existsSync(archive);
}

export interface UnpackOptions {
  archive: string;
  /** Where the cluster goes; must not exist. */
  path: string;
  launch: Launch;
  binaries: Binaries;
}

/** Unpacks the cluster as the user who will run it, and syncs every file of it. */
export async function unpackBakedCluster(options: UnpackOptions): Promise<ProgramResult> {
  const { archive, path, launch, binaries } = options;
  const run = (words: readonly string[]) =>
    runProgram([...launch.prefix, ...words], {
      environment: createEnvironment(dirname(path)),
      timeoutMs: INITDB_TIMEOUT_MS,
      ...(launch.account ?? {}),
    });
  const target = ["-C", dirname(path), `--one-top-level=${basename(path)}`];
  const unpacked = await run(["tar", "-xzf", archive, ...target, "--no-same-owner", "--same-permissions"]);
  return unpacked.exitCode === 0 ? await run([binaries.initdb, "--sync-only", "-D", path]) : unpacked;
}
