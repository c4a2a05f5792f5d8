import { describe, expect, test } from "bun:test";
import { cpSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findBinaries, PG_MAJOR, readBinaries, verifyBinaries } from "./binaries.ts";
import { catchError, makeFolder } from "./fixtures/clusters.ts";

const TIMEOUT_MS = 20_000;

/** A copy of the package without the library links that its install script makes. */
function copyWithoutLinks(base: string): string {
  const root = join(base, "package");
  cpSync(findBinaries(PG_MAJOR).packageRoot, root, { recursive: true, verbatimSymlinks: true });
  const libraries = join(root, "native", "lib");
  for (const name of readdirSync(libraries)) {
    const path = join(libraries, name);
    if (lstatSync(path).isSymbolicLink()) rmSync(path);
  }
  return root;
}

describe("verifyBinaries", () => {
  test(
    "makes the library links where installing skipped that",
    async () => {
      const made = makeFolder();
      const binaries = readBinaries(copyWithoutLinks(made.base));
      expect(await verifyBinaries(binaries)).toMatch(/^18\.\d+$/);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "refuses with the program's own words when that does not help",
    async () => {
      const made = makeFolder();
      const root = copyWithoutLinks(made.base);
      renameSync(join(root, "scripts"), join(root, "gone"));
      const error = await catchError(verifyBinaries(readBinaries(root)));
      expect(error).toMatchObject({ code: "E_PG_BINARIES", exitCode: 78 });
      expect((error as Error).message).toMatch(/does not run: .*librar/);
      made.remove();
    },
    TIMEOUT_MS,
  );
});
