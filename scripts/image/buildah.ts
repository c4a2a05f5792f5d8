/** Builds images without an engine: buildah in a storage folder of its own, so that nothing else is touched. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A step of the build failed; the message holds its last words. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** Last words of a failed step that are told. */
const OUTPUT_CHARS_MAX = 4_000;

/** Runs a program to its end and gives what it printed. */
export async function runProgram(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const child = Bun.spawn([...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return output;
  const tail = `${output}\n${errors}`.trim().slice(-OUTPUT_CHARS_MAX);
  throw new ImageError(`${words.slice(0, 8).join(" ")} … ended with ${code}:\n${tail}`);
}

/** Where images are kept. */
export interface ImageStore {
  /** Runs buildah on this storage and gives what it printed, trimmed. */
  buildah(...words: string[]): Promise<string>;
  has(name: string): Promise<boolean>;
}

/** Opens a storage folder. Needs root: layers hold files of many owners. */
export function openImageStore(folder: string): ImageStore {
  const place = ["--root", join(folder, "images"), "--runroot", join(folder, "run")];
  // Neither an overlay below an overlay nor namespaces inside of a container work everywhere; these do.
  const prefix = ["buildah", ...place, "--storage-driver", "vfs"];
  const buildah = async (...words: string[]) =>
    (await runProgram([...prefix, ...words], { BUILDAH_ISOLATION: "chroot" })).trim();
  return {
    buildah,
    async has(name) {
      if (!existsSync(join(folder, "images")) || readdirSync(join(folder, "images")).length === 0)
        return false;
      return (await buildah("images", "--format", "{{.Name}}:{{.Tag}}")).split("\n").includes(name);
    },
  };
}
