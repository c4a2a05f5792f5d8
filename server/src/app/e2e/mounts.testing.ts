/** File systems of the tests' own; only root may make them, and not in every container. */
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SceneError } from "./server-process.testing.ts";

/** Places that are mounted, the latest last. */
const mounted: string[] = [];

function run(...words: readonly string[]): { readonly isDone: boolean; readonly complaint: string } {
  const { exitCode, stderr } = Bun.spawnSync([...words]);
  return { isDone: exitCode === 0, complaint: stderr.toString().trim() };
}

function runMount(words: readonly string[], path: string): void {
  mkdirSync(path, { recursive: true });
  const { isDone, complaint } = run("mount", ...words, path);
  if (!isDone) throw new SceneError(complaint);
  mounted.push(path);
}

/** A file system in memory that holds so many bytes. */
export function mountMemory(path: string, sizeBytes: number): void {
  runMount(["-t", "tmpfs", "-o", `size=${sizeBytes},mode=0755`, "tmpfs"], path);
}

/** Shows a folder at another place. */
export function mountFolder(source: string, path: string, { isReadOnly = false } = {}): void {
  runMount(["--bind", source], path);
  if (!isReadOnly) return;
  const { isDone, complaint } = run("mount", "-o", "remount,bind,ro", path);
  if (!isDone) throw new SceneError(complaint);
}

/** Takes a mount away, as a network that failed or an unplugged disk does: also from under open files. */
export function unmount(path: string): void {
  const index = mounted.lastIndexOf(path);
  if (index >= 0) mounted.splice(index, 1);
  const { isDone, complaint } = run("umount", "--lazy", path);
  if (!isDone) throw new SceneError(complaint);
}

/** Takes away what is left, the latest first. */
export function unmountAll(): void {
  for (const path of [...mounted].reverse()) unmount(path);
}

/** Whether mounts can be made here; the reason is printed when they cannot. */
export function canMount(): boolean {
  if (process.geteuid?.() !== 0) {
    console.warn("skipped: file systems of our own (needs root)");
    return false;
  }
  const path = mkdtempSync(join(tmpdir(), "multitap-e2e-mount-"));
  const { isDone, complaint } = run("mount", "-t", "tmpfs", "-o", "size=65536", "tmpfs", path);
  if (isDone) run("umount", path);
  else console.warn(`skipped: file systems of our own (${complaint})`);
  rmdirSync(path);
  return isDone;
}
