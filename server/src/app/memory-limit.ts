import { readFile } from "node:fs/promises";

/** Files in which Linux tells the memory limit of a container, newest kind first. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
/** Old kernels write a huge number for "no limit". */
const NO_LIMIT_BYTES = 2 ** 60;

/** The container's memory limit in bytes; null without one. Read once at start. */
export async function readMemoryLimit(): Promise<number | null> {
  for (const path of LIMIT_FILES) {
    // Absent outside Linux and outside containers.
    const text = await readFile(path, "utf8").catch(() => "max");
    const bytes = Number(text.trim());
    if (Number.isInteger(bytes) && bytes > 0 && bytes < NO_LIMIT_BYTES) return bytes;
  }
  return null;
}
