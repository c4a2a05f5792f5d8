import { readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";

/** Groups of test files that `--only` can name. */
export const testGroups = ["unit", "db", "http", "socket", "contract", "program"] as const;
export type TestGroup = (typeof testGroups)[number];

/** What was asked for on the command line of the test runner. */
export interface TestRequest {
  /** Parts of paths; empty means every file. */
  readonly paths: readonly string[];
  /** Empty means every group. */
  readonly groups: readonly TestGroup[];
  /** Passed on to `bun test` as they are. */
  readonly flags: readonly string[];
}

/** A test file with what decides its groups. */
export interface TestFile {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Flags of `bun test` whose value is the next argument when it is not joined by `=`. */
const FLAGS_WITH_VALUE = new Set(
  "-t --test-name-pattern --timeout --seed --rerun-each --retry --max-concurrency --reporter-outfile --shard".split(
    " ",
  ),
);
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "data", "coverage", "fixtures"]);

/** Names a mistake in the arguments; the message is for whoever typed them. */
export class TestRequestError extends Error {}

function readGroups(value: string | undefined): TestGroup[] {
  const words = (value ?? "").split(",").filter((word) => word !== "");
  const groups = words.map((word) => testGroups.find((group) => group === word));
  const known = groups.filter((group) => group !== undefined);
  if (words.length === 0 || known.length < words.length) {
    throw new TestRequestError(`--only takes some of ${testGroups.join(",")}; got "${value ?? ""}"`);
  }
  return known;
}

/**
 * Reads the arguments of the test runner: parts of paths, `--only db,http`, and flags for `bun test`.
 * @throws TestRequestError for a group that does not exist.
 */
export function parseTestRequest(args: readonly string[]): TestRequest {
  const paths: string[] = [];
  const flags: string[] = [];
  const groups: TestGroup[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    const next = args[index + 1];
    if (argument === "--only") {
      groups.push(...readGroups(next));
      index += 1;
    } else if (argument.startsWith("--only=")) {
      groups.push(...readGroups(argument.slice("--only=".length)));
    } else if (FLAGS_WITH_VALUE.has(argument) && next !== undefined) {
      flags.push(argument, next);
      index += 1;
    } else if (argument.startsWith("-")) {
      flags.push(argument);
    } else {
      paths.push(argument);
    }
  }
  return { paths, groups, flags };
}

/** The words between a test file's name and `.test.ts`; the number of an issue is none of them. */
function kindsOf(path: string): string[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const words = name.split(".").slice(1, -2);
  return words.filter((word) => !/^issue-\d+$/.test(word));
}

/** Whether a file needs more than memory by its name, so that a database must be there before it runs. */
export function needsDatabase(path: string): boolean {
  return kindsOf(path).length > 0;
}

function isInGroup(file: TestFile, group: TestGroup): boolean {
  const kinds = kindsOf(file.path);
  if (group === "unit") return kinds.length === 0;
  if (group === "program") return /\brequire(?:Program|Chromium|Chdman)\(/.test(file.text);
  if (kinds.includes(group)) return true;
  const usesContract = file.path.startsWith("server/src/ports/") && /\/contract\.ts"/.test(file.text);
  return group === "contract" && usesContract;
}

/** The files that match any of the paths and any of the groups, in order of their paths. */
export function selectTestFiles(files: readonly TestFile[], request: TestRequest): string[] {
  const parts = request.paths.map((path) => path.replace(/^\.\//, ""));
  return files
    .filter(({ path }) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .filter((file) => request.groups.length === 0 || request.groups.some((group) => isInGroup(file, group)))
    .map(({ path }) => path)
    .sort();
}

/** Turns a path typed in a folder below the root, or an absolute one, into one relative to the root. */
export function rebasePath(path: string, root: string): string {
  return path.startsWith("/") ? relative(root, resolve(path)) : path;
}

/** Reads every test file of the checkout; installed packages, built and stored files are left out. */
export async function listTestFiles(root: string, folder = ""): Promise<TestFile[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry): Promise<TestFile[]> => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const isHidden = entry.name.startsWith(".") || SKIPPED_FOLDERS.has(entry.name);
      if (entry.isDirectory()) return isHidden ? [] : listTestFiles(root, path);
      if (!entry.isFile() || !/\.test\.tsx?$/.test(entry.name)) return [];
      return [{ path, text: await Bun.file(join(root, path)).text() }];
    }),
  );
  return lists.flat();
}
