/** Writes the reference of every entry as pages: `bun client-sdk/scripts/docs.ts [folder]`. */
import { join, resolve } from "node:path";
import { buildPackage, PACKAGE_FOLDER } from "./package/build-package.ts";
import { documentPackage } from "./package/documentation.ts";
import { ROOT } from "./package/sources.ts";

async function main([folder = join(ROOT, "client-sdk", "dist", "docs")]: readonly string[]): Promise<number> {
  await buildPackage(PACKAGE_FOLDER);
  const { faults } = await documentPackage(PACKAGE_FOLDER, resolve(folder));
  for (const fault of faults) console.error(fault);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
