/**
 * The style of this project as a check: who may import whom, sizes, bans, names. Run it with
 * `bun scripts/tidy.ts`; the tables it enforces are `tidy/import-table.ts` and `tidy/shape-table.ts`.
 */
import { checkBans } from "./tidy/bans.ts";
import { findCycles } from "./tidy/cycles.ts";
import { checkBarrel, checkDefaultExport, checkDocstrings, checkEffects } from "./tidy/exports.ts";
import { type Finding, formatFinding } from "./tidy/findings.ts";
import { findFunctions } from "./tidy/functions.ts";
import { checkImports, type Edge } from "./tidy/import-rules.ts";
import { listEntryPoints } from "./tidy/imports.ts";
import { checkPath, checkRequiredFiles } from "./tidy/layout.ts";
import { checkLeftovers, noteLookalikes } from "./tidy/leftovers.ts";
import { readRepository } from "./tidy/repository.ts";
import { checkSizes } from "./tidy/sizes.ts";
import { isCodeFile, readSource } from "./tidy/source.ts";

interface Shared {
  readonly files: ReadonlyMap<string, string>;
  readonly entryPoints: ReadonlySet<string>;
  readonly edges: Edge[];
}

function checkCode(path: string, text: string, shared: Shared): Finding[] {
  const source = readSource(path, text);
  const functions = findFunctions(source);
  const refused = [
    ...checkImports(source, shared.files, shared.edges),
    ...checkBarrel(source, shared.entryPoints),
    ...checkSizes(source, functions),
    ...checkBans(source),
    ...checkDefaultExport(source),
    ...checkDocstrings(source),
    ...checkEffects(source, functions),
  ];
  return [...refused, ...noteLookalikes(path, text, refused)];
}

/**
 * Checks a set of files by path and text, in memory. Imports of our packages are resolved through those
 * package.json files that are among them.
 * @returns Findings in order of file and line; none with severity `refused` means the check passes.
 */
export function checkFiles(files: ReadonlyMap<string, string>): Finding[] {
  const shared: Shared = { files, entryPoints: listEntryPoints(files), edges: [] };
  const findings: Finding[] = [];
  for (const [path, text] of files) {
    findings.push(...checkPath(path), ...checkLeftovers(path, text));
    if (isCodeFile(path)) findings.push(...checkCode(path, text, shared));
  }
  findings.push(...findCycles(shared.edges));
  return findings.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

async function main(): Promise<void> {
  const files = await readRepository(new URL("..", import.meta.url).pathname);
  const findings = [...checkFiles(files), ...checkRequiredFiles(files)];
  for (const finding of findings) console.log(formatFinding(finding));
  const refusedCount = findings.filter((finding) => finding.severity === "refused").length;
  const noteCount = findings.length - refusedCount;
  console.log(`tidy: ${files.size} files, ${refusedCount} refused, ${noteCount} notes`);
  process.exitCode = refusedCount > 0 ? 1 : 0;
}

if (import.meta.main) await main();
