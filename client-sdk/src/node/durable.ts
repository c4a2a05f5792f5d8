import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Tells whether an error of the file system has this code, such as `ENOENT`. */
export function hasFsCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === code;
}

/** Makes the folder that holds a path, with those above it. */
export async function makeParent(path: string, mode?: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode });
}

/** Writes a whole file so that after a crash it holds either the old text or the new one. */
export async function writeFileDurably(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await withFile(temporary, { flags: "wx", mode }, async (file) => {
      await file.writeFile(text);
      await file.sync();
    });
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncFolder(dirname(path));
}

/** Makes what was created, renamed or removed in a folder survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and makes their entries durable by itself.
  if (process.platform === "win32") return;
  await withFile(path, { flags: "r" }, (folder) => folder.sync());
}

/** Opens a file for as long as `work` runs. */
export async function withFile<T>(
  path: string,
  how: { readonly flags: string; readonly mode?: number },
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, how.flags, how.mode);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
