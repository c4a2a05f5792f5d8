import { copyFile, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt } from "@multitap/native/build";
import { copyWasm } from "../copy-wasm.ts";
import { buildDeclarations } from "./declarations.ts";
import { buildJavaScript } from "./javascript.ts";
import { type BundledPackage, findBundledPackages, formatThirdParty } from "./licences.ts";
import { makeManifest } from "./manifest.ts";
import { ROOT } from "./sources.ts";

/** Where the package lies after a build, as it is published. */
export const PACKAGE_FOLDER: string = join(ROOT, "client-sdk", "dist", "package");

/** What a build tells of the package. */
export interface BuiltPackage {
  /** Packages of others whose code is in it. */
  readonly bundled: readonly BundledPackage[];
}

/** Makes the package in a folder, in place of what was there; a failed build leaves that as it was. */
export async function buildPackage(folder: string): Promise<BuiltPackage> {
  const home = join(ROOT, "client-sdk");
  const draft = `${folder}.draft`;
  const dist = join(draft, "dist");
  await rm(draft, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  // The compiled WebAssembly is a source of the modules that hold it.
  await ensureBuilt();
  const files = await buildJavaScript(dist);
  await buildDeclarations(dist);
  await copyWasm(join(dist, "native"));
  const bundled = await findBundledPackages(files);
  await writeFile(join(draft, "THIRD-PARTY.md"), formatThirdParty(bundled));
  await writeFile(join(draft, "package.json"), `${JSON.stringify(await makeManifest(), null, 2)}\n`);
  await copyFile(join(ROOT, "LICENSE"), join(draft, "LICENSE"));
  await copyFile(join(home, "README.md"), join(draft, "README.md"));
  await copyFile(join(home, "CHANGELOG.md"), join(draft, "CHANGELOG.md"));
  await cp(join(home, "docs"), join(draft, "docs"), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  return { bundled };
}
