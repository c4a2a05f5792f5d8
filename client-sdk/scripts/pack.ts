/**
 * Builds the package and packs it as npm publishes it: `bun client-sdk/scripts/pack.ts [folder]`. The last line is
 * the path of the tarball.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildPackage } from "./package/build-package.ts";
import { packPackage } from "./package/pack.ts";

async function main([folder = "."]: readonly string[]): Promise<void> {
  // Not in `dist/`: several may pack at once.
  const draft = await mkdtemp(join(tmpdir(), "multitap-pack-"));
  try {
    await buildPackage(join(draft, "package"));
    console.log((await packPackage(join(draft, "package"), resolve(folder))).path);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
