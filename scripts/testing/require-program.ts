import assert from "node:assert/strict";
import { readdirSync } from "node:fs";

/** Where Debian keeps each PostgreSQL version's programs, which are not all on the path. */
const POSTGRES_VERSIONS = "/usr/lib/postgresql";

/** Folders beyond the path, the newest PostgreSQL first. */
function moreFolders(): string[] {
  try {
    const versions = readdirSync(POSTGRES_VERSIONS).sort((a, b) => Number(b) - Number(a));
    return [...versions.map((version) => `${POSTGRES_VERSIONS}/${version}/bin`), "/usr/sbin"];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ["/usr/sbin"];
    throw error;
  }
}

/**
 * The path of an installed program that a test suite needs, or null, with the reason printed, when the suite
 * is to be skipped: `describe.skipIf(requireProgram("7zz") === null)(…)`.
 * @throws AssertionError when the program is missing and `MULTITAP_CI=1`, where a skipped suite is a failure.
 */
export function requireProgram(name: string): string | null {
  const found = Bun.which(name, { PATH: [process.env.PATH ?? "", ...moreFolders()].join(":") });
  if (found !== null) return found;
  const reason = `${name} is not installed`;
  assert(process.env.MULTITAP_CI !== "1", `${reason}, and MULTITAP_CI=1 allows no skipped tests`);
  console.warn(`skipped: ${reason}`);
  return null;
}
