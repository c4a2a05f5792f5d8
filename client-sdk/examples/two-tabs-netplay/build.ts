/**
 * Builds the page into a folder, from where any web server can serve it:
 *
 *     bun build.ts <folder>
 *
 * The page begins at `index.html`, which names its script as it is written: the form that Vite expects as well.
 */
import { join } from "node:path";

/** Lays the page with its script and style into a folder. */
export async function buildPage(folder: string): Promise<void> {
  await Bun.build({
    entrypoints: [join(import.meta.dir, "index.html")],
    outdir: folder,
    target: "browser",
    splitting: true,
    minify: true,
    throw: true,
  });
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
