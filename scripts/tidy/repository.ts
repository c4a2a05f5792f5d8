import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Larger files are data, and no rule reads data. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;
/** As many first bytes as git looks at to tell a binary file by a zero byte. */
const BINARY_PROBE_BYTES = 8_000;
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "data", "coverage", ".git"]);

/** The paths git knows or would add, or null where there is no git checkout. */
async function listByGit(root: string): Promise<string[] | null> {
  const git = Bun.which("git");
  if (git === null) return null;
  const listing = Bun.spawn([git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const output = await new Response(listing.stdout).text();
  if ((await listing.exited) !== 0) return null;
  return [...new Set(output.split("\0"))].filter((path) => path !== "");
}

/** The paths below a folder for a checkout without git, such as an unpacked archive. */
async function listByWalking(root: string, folder = ""): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listByWalking(root, path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return lists.flat();
}

async function readText(path: string): Promise<string | null> {
  const file = Bun.file(path);
  // A file that git knows may be deleted in the working tree; a link may lead to a folder.
  if (!(await file.exists()) || file.size > FILE_BYTES_MAX) return null;
  const bytes = await readFile(path);
  return bytes.subarray(0, BINARY_PROBE_BYTES).includes(0) ? null : bytes.toString("utf8");
}

/**
 * Reads every text file of the working tree that is committed or would be: path relative to `root` with `/`,
 * and text. Binary files and files over 2 MiB are left out.
 */
export async function readRepository(root: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await listByGit(root)) ?? (await listByWalking(root));
  const files = new Map<string, string>();
  for (const path of paths.sort()) {
    const text = await readText(join(root, path));
    if (text !== null) files.set(path, text);
  }
  return files;
}
