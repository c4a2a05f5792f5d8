import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "./javascript.ts";

const PACK_TIMEOUT_MS = 60_000;

/** A package in the form in which it is published. */
export interface Tarball {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Files in it, below the package. */
  readonly files: readonly string[];
}

/** Packs a built package with npm, as publishing does; nothing in it is run. */
export async function packPackage(folder: string, to: string): Promise<Tarball> {
  await mkdir(to, { recursive: true });
  const child = Bun.spawn(["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", to], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
    timeout: PACK_TIMEOUT_MS,
  });
  const [out, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new BuildError(`npm pack failed:\n${errors}`);
  const [packed] = readPacked(JSON.parse(out));
  if (packed === undefined) throw new BuildError("npm pack named no file");
  const path = join(to, packed.filename);
  return { path, bytes: await readFile(path), files: packed.files.map((file) => file.path) };
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm 10 answers a list, npm 11 a list or an object by name. */
function readPacked(answer: unknown): readonly Packed[] {
  return (Array.isArray(answer) ? answer : Object.values(answer as object)) as Packed[];
}
