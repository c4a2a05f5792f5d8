import { open } from "node:fs/promises";
import { type ByteSource, fileHandleSource } from "./byte-source.ts";

/**
 * Opens a file on disk as a source; `close` closes the file. For Node, Bun and Deno.
 * @throws What `node:fs` rejects with when the file cannot be opened.
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const file = await open(path, "r");
  try {
    return await fileHandleSource(file, path);
  } catch (error) {
    await file.close();
    throw error;
  }
}
