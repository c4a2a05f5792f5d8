import fs from "node:fs";
import { join } from "node:path";

const HANDLES = "/proc/self/fd";

/**
 * Lists files below a folder that this process holds open, removed ones included; handles of the runtime itself, which
 * come and go, are not among them. Empty where the system does not tell.
 */
export function listOpenFiles(folder: string): readonly string[] {
  if (!fs.existsSync(HANDLES)) return [];
  const open: string[] = [];
  for (const handle of fs.readdirSync(HANDLES)) {
    try {
      const path = fs.readlinkSync(join(HANDLES, handle));
      if (path.startsWith(`${folder}/`)) open.push(path);
    } catch (error) {
      // Closed since it was listed.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return open;
}
