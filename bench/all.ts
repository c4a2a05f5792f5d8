/**
 * Every benchmark one after the other, and one table of all budgets at the end:
 *
 *     bun bench/all.ts [--only sync,relay] [--quick] [--write]
 *
 * `--quick` takes fewer and shorter rounds, `--write` puts the table into the README. It takes some forty minutes,
 * with `--quick` some fifteen, on a machine that does nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { describeMachine } from "./lib/machine.ts";
import { type GatheredReport, REPORTS_VARIABLE } from "./lib/report.ts";
import { type Claim, formatSummaryTable, listClaims } from "./lib/summary.ts";
import { BUN, createFolder, REPOSITORY } from "./lib/workspace.ts";

interface Program {
  readonly name: string;
  /** Options of a quick run. */
  readonly quick: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  { name: "start", quick: ["--cold", "3", "--warm", "3", "--memory", "1"] },
  { name: "scan", quick: ["--runs", "1", "--rescans", "3", "--zips", "500", "--seven-zips", "100"] },
  { name: "library", quick: ["--runs", "1", "--seconds", "2"] },
  { name: "sync", quick: ["--rounds", "1", "--seconds", "3"] },
  { name: "auth", quick: ["--rounds", "5"] },
  { name: "download", quick: ["--runs", "2"] },
  { name: "upload", quick: ["--runs", "2"] },
  { name: "relay", quick: ["--rounds", "3", "--seconds", "2"] },
  { name: "relay-retroarch", quick: ["--rounds", "5"] },
  { name: "native", quick: ["--rounds", "2", "--mib", "32"] },
];
const PROGRAM_MAX_MS = 30 * 60_000;
/** Between these lines the README carries the table. */
const BEGIN = "<!-- figures: written by `npm run bench -- --write` -->";
const END = "<!-- end of figures -->";

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const names = values.only?.split(",") ?? PROGRAMS.map(({ name }) => name);
  const unknown = names.find((name) => !PROGRAMS.some((program) => program.name === name));
  if (unknown !== undefined) throw new BenchError(`there is no benchmark ${unknown}`);
  return { ...values, programs: PROGRAMS.filter(({ name }) => names.includes(name)) };
}

/** Runs one to its end, shows what it prints, and gives the budgets that it judged. */
async function runProgram(
  cleanup: Cleanup,
  { name, quick }: Program,
  isQuick: boolean,
): Promise<readonly Claim[]> {
  const file = `${name}.ts`;
  const reportsPath = join(createFolder(cleanup, "all"), `${name}.jsonl`);
  console.log(`\n== ${file}`);
  const child = Bun.spawn([BUN, join("bench", file), ...(isQuick ? quick : [])], {
    cwd: REPOSITORY,
    env: { ...process.env, [REPORTS_VARIABLE]: reportsPath },
    stdio: ["ignore", "inherit", "inherit"],
    timeout: PROGRAM_MAX_MS,
  });
  const forget = cleanup.add(async () => {
    child.kill();
    await child.exited;
  });
  const exitCode = await child.exited;
  await forget();
  if (exitCode !== 0) throw new BenchError(`${file} ended with ${exitCode}`);
  const lines = existsSync(reportsPath) ? readFileSync(reportsPath, "utf8").trim().split("\n") : [];
  const reports = lines.map((line) => JSON.parse(line) as GatheredReport);
  return reports.flatMap((report) => {
    const claims = listClaims(file, report);
    return reports.length === 1
      ? claims
      : claims.map((claim) => ({ ...claim, what: `${report.title}: ${claim.what}` }));
  });
}

function writeIntoReadme(table: string): void {
  const path = join(REPOSITORY, "README.md");
  const text = readFileSync(path, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new BenchError("the README has no place for the figures");
  writeFileSync(path, `${text.slice(0, from + BEGIN.length)}\n${table}\n${text.slice(to)}`);
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const { programs, quick, write } = readOptions(process.argv.slice(2));
  const claims: Claim[] = [];
  for (const program of programs) claims.push(...(await runProgram(cleanup, program, quick)));
  const table = formatSummaryTable(claims, machine);
  console.log(`\n${table}`);
  if (write) writeIntoReadme(table);
});
