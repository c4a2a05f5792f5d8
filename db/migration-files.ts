/** The migrations of this release, as files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DbError } from "./errors.ts";

export interface Migration {
  /** 1-based position: the file `0000_…` is number 1. */
  readonly number: number;
  /** File name without `.sql`. */
  readonly name: string;
  readonly text: string;
  /** Lower-case hex, of the text with LF line ends, so that a checkout on any system agrees. */
  readonly sha256: string;
}

/** The folder of this release's migrations. */
export const MIGRATIONS_FOLDER = join(import.meta.dir, "migrations");

const FILE_NAME = /^(\d{4})_.+\.sql$/;

/**
 * The migrations in a folder, in order; none when the folder is absent or empty.
 * @throws DbError `E_SCHEMA_FAILED` when the numbers have a gap or a double: the release itself is damaged.
 */
export function listMigrations(folder: string = MIGRATIONS_FOLDER): Migration[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => FILE_NAME.test(name));
  return names.sort().map((name, index) => {
    if (Number(name.slice(0, 4)) !== index) {
      throw new DbError(
        "E_SCHEMA_FAILED",
        `migration files are not numbered without gaps: ${name} stands at place ${index}. Install this release again.`,
        { exitCode: 78 },
      );
    }
    const text = readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
    const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
    return { number: index + 1, name: name.slice(0, -".sql".length), text, sha256 };
  });
}

/** One hash over all migrations; equal folders give equal schemas. */
export function hashMigrations(migrations: readonly Migration[]): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const { name, sha256 } of migrations) hasher.update(`${name} ${sha256}\n`);
  return hasher.digest("hex");
}
