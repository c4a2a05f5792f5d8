/** What other programs take out of archives. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SEVEN_ZIP, tryTool } from "../../../../scripts/library/tools.ts";
import { SceneError } from "./server-process.testing.ts";

/** One member of an archive, taken out of it. */
export interface PackedMember {
  /** Path in the archive. */
  readonly name: string;
  readonly path: string;
}

const TAR = { name: "tar", path: Bun.which("tar") ?? "" };
const UNZIP = { name: "unzip", path: Bun.which("unzip") ?? "" };

/** Regular members of an archive that is a rom, of whatever form; none when a program cannot read all of it. */
export function listMembers(path: string, workPath: string): readonly PackedMember[] {
  if (!/\.(?:tar(?:\.[a-z0-9]+)?|t[gbx]z2?)$/i.test(path)) return unpackWith7z(path, workPath);
  const isPlain = /\.tar$/i.test(path);
  const tar = isPlain ? path : unpackStream(path, workPath);
  return tar === null ? [] : unpackTar(tar, workPath);
}

/** Members of a zip, 7z or rar. */
export function unpackWith7z(path: string, workPath: string): readonly PackedMember[] {
  const into = mkdtempSync(join(workPath, "7z-"));
  const { exitCode } = tryTool(SEVEN_ZIP, ["x", "-y", "-bd", "-p", `-o${into}`, "--", path]);
  return exitCode === 0 ? listUnpacked(into) : [];
}

/** Members of a tar. */
export function unpackTar(path: string, workPath: string): readonly PackedMember[] {
  if (TAR.path === "") throw new SceneError("tar is not installed");
  const into = mkdtempSync(join(workPath, "tar-"));
  const { exitCode } = tryTool(TAR, ["-xf", path, "-C", into]);
  return exitCode === 0 ? listUnpacked(into) : [];
}

/** What a compressed file of one stream decompresses to; null when it cannot be read. */
export function unpackStream(path: string, workPath: string): string | null {
  const into = mkdtempSync(join(workPath, "stream-"));
  const { exitCode } = tryTool(SEVEN_ZIP, ["x", "-y", "-bd", `-o${into}`, "--", path]);
  const [only] = exitCode === 0 ? listUnpacked(into) : [];
  return only?.path ?? null;
}

function listUnpacked(folder: string): readonly PackedMember[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: path.slice(folder.length + 1), path };
    });
}

/** Has two programs test a zip, and unpacks it. */
export function unpackZip(path: string, into: string): readonly PackedMember[] {
  mkdirSync(into, { recursive: true });
  const runs = [tryTool(SEVEN_ZIP, ["t", "-bd", "--", path])];
  if (UNZIP.path !== "") runs.push(tryTool(UNZIP, ["-tqq", path]));
  runs.push(tryTool(SEVEN_ZIP, ["x", "-y", "-bd", `-o${into}`, "--", path]));
  for (const { exitCode, output } of runs) {
    if (exitCode !== 0) throw new SceneError(`${path} is no sound archive (${exitCode}): ${output}`);
  }
  return existsSync(into) ? listUnpacked(into) : [];
}
