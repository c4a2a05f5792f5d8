import { join } from "node:path";
import { buildPackage } from "../../scripts/package/build-package.ts";

/** Installs this package, as it is published, into a folder, so that files there can import it by its name. */
export async function installPacked(folder: string): Promise<void> {
  await buildPackage(join(folder, "node_modules", "@multitap", "client"));
}
