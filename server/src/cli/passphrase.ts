import { open } from "node:fs/promises";
import { CliError } from "./errors.ts";
import { PASSPHRASE_FILE_BYTES_MAX } from "./limits.ts";

/**
 * The first line of a file, which may be a pipe.
 * @returns Null when no file was named.
 * @throws CliError `CLI_PASSPHRASE_UNREADABLE`.
 */
export async function readPassphrase(path: string | null): Promise<string | null> {
  if (path === null) return null;
  const refuse = (what: string, cause?: unknown) =>
    new CliError("CLI_PASSPHRASE_UNREADABLE", `${path} ${what}`, { cause });
  let text: string;
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PASSPHRASE_FILE_BYTES_MAX));
      text = buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw refuse(`cannot be read: ${reason}`, cause);
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw refuse("has no passphrase on its first line");
  return line;
}
