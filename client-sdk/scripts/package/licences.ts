import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError, type BuiltFile } from "./javascript.ts";
import { ROOT } from "./sources.ts";

/** Somebody else's package whose code is in ours. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its `package.json` names it. */
  readonly license: string;
  /** The text that its licence asks to be passed on. */
  readonly licenseText: string;
}

/** Licences that allow their code inside of ours, if their text goes along. */
const ALLOWED: ReadonlySet<string> = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"]);

async function readPackage(name: string): Promise<BundledPackage> {
  const folder = join(ROOT, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (!ALLOWED.has(license)) throw new BuildError(`${name} is ${license}, which may not be bundled`);
  const file = (await readdir(folder)).find((each) => /^licen[cs]e\b/i.test(each));
  if (file === undefined) throw new BuildError(`${name} has no licence file to pass on`);
  return { name, version, license, licenseText: (await readFile(join(folder, file), "utf8")).trim() };
}

/** The packages that code was taken from, by name. */
export async function findBundledPackages(files: readonly BuiltFile[]): Promise<readonly BundledPackage[]> {
  const names = files
    .flatMap(({ sources }) => sources)
    .map((source) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1])
    .filter((name) => name !== undefined);
  return await Promise.all([...new Set(names)].sort().map(readPackage));
}

/** The page that passes their licences on. */
export function formatThirdParty(packages: readonly BundledPackage[]): string {
  if (packages.length === 0) return "# Code of others\n\nThe files of `dist/` hold none.\n";
  const head = "# Code of others\n\nParts of these packages are in the files of `dist/`.\n";
  const parts = packages.map(
    ({ name, version, license, licenseText }) =>
      `\n## ${name} ${version}, ${license}\n\n\`\`\`text\n${licenseText}\n\`\`\`\n`,
  );
  return head + parts.join("");
}
