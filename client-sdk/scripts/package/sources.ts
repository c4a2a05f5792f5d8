/** Where the sources lie, and which of them stand behind names that only this repository knows. */
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** This package's sources. */
export const SOURCES = join(ROOT, "client-sdk", "src");

/** Packages of this repository whose sources become a part of what is published; of the server only types do. */
const OWN_PACKAGES = { "@multitap/native": "native", "@multitap/server": "server" } as const;

/** The file behind an import, with links followed; null for a module of the platform. */
export function resolveImport(specifier: string, importer: string): string | null {
  if (specifier.startsWith("node:")) return null;
  return Bun.resolveSync(specifier, dirname(importer));
}

/** A file's path below the repository, with `/`. */
export function toRepositoryPath(path: string): string {
  return relative(ROOT, path).replaceAll("\\", "/");
}

/**
 * The names of our own packages as the compiler's `paths`: what it finds through `node_modules` it takes for
 * somebody else's, and makes no declarations of it.
 */
export async function readOwnPaths(): Promise<Record<string, [string]>> {
  const paths: Record<string, [string]> = {};
  for (const [name, folder] of Object.entries(OWN_PACKAGES)) {
    const { exports } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as {
      exports: Record<string, string>;
    };
    for (const [key, target] of Object.entries(exports)) {
      if (target.endsWith(".ts")) paths[name + key.slice(1)] = [join(ROOT, folder, target)];
    }
  }
  return paths;
}
