/**
 * Makes the cluster that our image unpacks at a first start: `bun scripts/image/bake-cluster.ts`. It writes the
 * archive to where the server looks for it, or to the path that is given.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BAKED_CLUSTER } from "../../db/embedded/baked.ts";
import { findBinaries, PG_MAJOR, verifyBinaries } from "../../db/embedded/binaries.ts";
import { clusterPath, createCluster } from "../../db/embedded/cluster.ts";
import { chooseLaunch } from "../../db/embedded/launch.ts";

/** The archive could not be written; the message is the archiver's. */
class BakeError extends Error {
  override readonly name = "BakeError";
}

/** Makes a cluster as a first start would, and packs it. */
export async function bakeCluster(archive: string): Promise<void> {
  // Below a folder that an unprivileged user may reach: PostgreSQL refuses to run as root, who builds images.
  const base = mkdtempSync(join(tmpdir(), "multitap-bake-"));
  const folder = join(base, "postgres");
  try {
    chmodSync(base, 0o755);
    mkdirSync(folder, { mode: 0o700 });
    const binaries = findBinaries(PG_MAJOR);
    await verifyBinaries(binaries);
    const launch = await chooseLaunch({ folder, binaries });
    const bakedCluster = join(base, "none");
    await createCluster({
      folder,
      launch,
      binaries,
      bakedCluster,
      log: ({ message }) => console.log(message),
    });
    mkdirSync(dirname(archive), { recursive: true });
    pack(clusterPath(folder), archive);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** Nothing of the maker's: no owner, and neither its order nor its times. */
function pack(cluster: string, archive: string): void {
  const words = [
    "tar",
    "-C",
    cluster,
    "--sort=name",
    "--mtime=@0",
    "--numeric-owner",
    "--owner=0",
    "--group=0",
  ];
  const packed = Bun.spawnSync([...words, "-I", "gzip -9n", "-cf", archive, "."]);
  if (!packed.success) throw new BakeError(packed.stderr.toString());
}

if (import.meta.main) await bakeCluster(process.argv[2] ?? BAKED_CLUSTER);
