/**
 * Makes the package as it is published, in `client-sdk/dist/package`: `bun client-sdk/scripts/build.ts`. The same
 * sources give the same bytes.
 */
import { buildPackage, PACKAGE_FOLDER } from "./package/build-package.ts";
import { BuildError } from "./package/javascript.ts";
import { formatSizes, isTooLarge, measureSizes } from "./package/sizes.ts";

async function main(): Promise<number> {
  try {
    await buildPackage(PACKAGE_FOLDER);
    const sizes = await measureSizes(PACKAGE_FOLDER);
    console.log(formatSizes(sizes));
    return sizes.some(isTooLarge) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    return 1;
  }
}

if (import.meta.main) process.exit(await main());
