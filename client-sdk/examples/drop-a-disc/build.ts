/**
 * Builds the page into a folder, from where any web server can serve it:
 *
 *     bun build.ts <folder>
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dir;

/** Lays the page, its worker and the file of its decoding threads into a folder. */
export async function buildPage(folder: string): Promise<void> {
  await Bun.build({
    entrypoints: ["page.ts", "work.ts", "decode.ts"].map((name) => join(here, name)),
    outdir: folder,
    target: "browser",
    splitting: true,
    minify: true,
    throw: true,
  });
  for (const name of ["index.html", "page.css"]) await copyFile(join(here, name), join(folder, name));
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.log("usage: build <folder>");
    process.exitCode = 2;
  } else {
    await buildPage(folder);
  }
}
