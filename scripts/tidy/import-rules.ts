import { type Finding, refuse } from "./findings.ts";
import {
  anyTypes,
  domainSteps,
  exemptFromTable,
  type ImportRow,
  importTable,
  kitNames,
  portNames,
  relativeCrossings,
} from "./import-table.ts";
import { hasExtension, type ImportFacts, listImports, resolveImport, type Target } from "./imports.ts";
import { compilePattern, matchesAny, type PatternNames } from "./patterns.ts";
import { isTestFile, type Source } from "./source.ts";

/** One resolved import, for the rules that look at all files together. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

const domains = domainSteps.flat();
const rowNames: PatternNames = { domain: domains, kit: kitNames, port: portNames };
const rows = importTable.map((row) => ({ row, pattern: compilePattern(row.from, rowNames) }));

/** 0-based step of a domain, -1 for a word that is none. */
function stepOf(domain: string): number {
  return domainSteps.findIndex((step) => step.includes(domain));
}

function domainOf(path: string): string | null {
  const word = /^server\/src\/([^/]+)\//.exec(path)?.[1];
  return word !== undefined && domains.includes(word) ? word : null;
}

interface BoundRow {
  readonly row: ImportRow;
  readonly names: PatternNames;
}

/** The row that decides about a file, with its names bound to the file's own domain, kit and port. */
function findRow(path: string): BoundRow | null {
  for (const { row, pattern } of rows) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const domain = match.groups?.domain ?? "";
    const names = {
      domain: domain === "" ? [] : [domain],
      lower: domain === "" ? [] : domainSteps.slice(0, stepOf(domain)).flat(),
      any: domains,
      kit: [match.groups?.kit ?? ""].filter((word) => word !== ""),
      port: [match.groups?.port ?? ""].filter((word) => word !== ""),
    };
    return { row, names };
  }
  return null;
}

function matchesRow(path: string, patterns: readonly string[], names: PatternNames): boolean {
  return patterns.some((pattern) => compilePattern(pattern, names).test(path));
}

function isAllowed({ row, names }: BoundRow, target: Target, isRuntime: boolean): boolean {
  const isRefused = matchesRow(target.path, row.never ?? [], names);
  if (matchesRow(target.path, row.may, names) && !isRefused) return true;
  return !isRuntime && matchesRow(target.path, row.types ?? anyTypes, names);
}

/** Says which steps two domains stand on when a service of one imports the service of the other. */
function describeSteps(from: string, to: string): string {
  const own = domainOf(from);
  const other = domainOf(to);
  if (own === null || other === null || own === other || !to.endsWith("/service.ts")) return "";
  return ` (${own} is on step ${stepOf(own) + 1}, ${other} on step ${stepOf(other) + 1})`;
}

function checkTable(source: Source, facts: ImportFacts, target: Target): Finding[] {
  if (isTestFile(source.path) || matchesAny(source.path, exemptFromTable)) return [];
  const at = { file: source.path, line: facts.line };
  const bound = findRow(source.path);
  if (bound === null) {
    return [refuse(at, "imports", "no row of the import table matches this file; move it or add a row")];
  }
  if (isAllowed(bound, target, facts.isRuntime)) return [];
  const what = facts.isRuntime ? "may not import" : "may not import the types of";
  const name = target.path.replace(/^pkg:/, "");
  const steps = describeSteps(source.path, target.path);
  return [refuse(at, "imports", `${what} ${name}${steps}: ${bound.row.reason}`)];
}

function isCrossingAllowed(from: string, to: string): boolean {
  return relativeCrossings.some((row) => matchesAny(from, [row.from]) && matchesAny(to, [row.to]));
}

function checkRelative(source: Source, facts: ImportFacts, target: Target): Finding[] {
  const at = { file: source.path, line: facts.line };
  const findings: Finding[] = [];
  if (!hasExtension(facts.specifier)) {
    findings.push(refuse(at, "extension", `write the file's extension in "${facts.specifier}"`));
  }
  const isCrossing = source.path.split("/")[0] !== target.path.split("/")[0];
  if (isCrossing && !isCrossingAllowed(source.path, target.path)) {
    const message = `"${facts.specifier}" leaves its top folder: use the package name and its declared exports`;
    findings.push(refuse(at, "relative-import", message));
  }
  return findings;
}

function checkOne(source: Source, facts: ImportFacts, target: Target): Finding[] {
  if (target.kind === "unexported") {
    const message = `"${facts.specifier}" is not among the exports of ${target.packageName}'s package.json`;
    return [refuse({ file: source.path, line: facts.line }, "exports", message)];
  }
  const relative = facts.specifier.startsWith(".") ? checkRelative(source, facts, target) : [];
  return [...relative, ...checkTable(source, facts, target)];
}

/** Checks one file's imports and adds the run-time ones between our files to `edges`. */
export function checkImports(source: Source, files: ReadonlyMap<string, string>, edges: Edge[]): Finding[] {
  return listImports(source).flatMap((facts) => {
    const target = resolveImport(source.path, facts.specifier, files);
    if (target.kind === "file" && facts.isRuntime && !isTestFile(source.path)) {
      edges.push({ from: source.path, to: target.path, line: facts.line });
    }
    return checkOne(source, facts, target);
  });
}
