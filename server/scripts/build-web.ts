/**
 * Bundles the page at `/` into `server/dist/web/bundle.json` when its sources changed: `bun server/scripts/build-web.ts`.
 * The same sources give the same names and bytes. `--print` gives the bundle itself in place of a line about it; a path
 * behind it takes the place of the usual one.
 */
import { mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import {
  digestSource,
  findWebBundle,
  type StoredWebBundle,
  WEB_BUNDLE,
  WEB_FORMAT,
  WEB_ROOT,
  WebBuildError,
} from "../src/app/web-build.ts";

const SOURCES = join(WEB_ROOT, "server/src/app/web");

/** Bundles the sources, in memory. */
async function bundle(): Promise<StoredWebBundle> {
  const naming = "[name]-[hash].[ext]";
  const result = await Bun.build({
    entrypoints: [join(SOURCES, "page.ts"), join(SOURCES, "page.css")],
    root: WEB_ROOT,
    target: "browser",
    splitting: true,
    minify: true,
    metafile: true,
    naming: { entry: naming, chunk: naming, asset: naming },
  }).catch((cause: unknown) => {
    throw new WebBuildError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  const icon = await readFile(join(SOURCES, "icon.svg"), "utf8");
  const outputs = await Promise.all(
    result.outputs.map(async (output) => ({
      name: output.path.replace(/^.*\//, ""),
      text: await output.text(),
      isEntry: output.kind === "entry-point",
    })),
  );
  const iconName = `icon-${digestSource(icon).slice(0, 8)}.svg`;
  const files = [...outputs.map(({ name, text }) => ({ name, text })), { name: iconName, text: icon }];
  const nameOf = (extension: string) =>
    outputs.find(({ name, isEntry }) => name.endsWith(extension) && (isEntry || extension === ".css"))?.name;
  const html = formatHtml({ script: nameOf(".js") ?? "", style: nameOf(".css") ?? "", icon: iconName });
  const sources = Object.keys(result.metafile?.inputs ?? {}).map((path) => relative(WEB_ROOT, resolve(path)));
  sources.push(...["icon.svg"].map((name) => relative(WEB_ROOT, join(SOURCES, name))));
  const inputs: Record<string, string> = {};
  for (const path of sources.sort())
    inputs[path] = digestSource(await readFile(join(WEB_ROOT, path), "utf8"));
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { format: WEB_FORMAT, bun: Bun.version, inputs, html, files };
}

/** Addresses are relative, so that the page also works below a path that a proxy takes away. */
function formatHtml({ script, style, icon }: { script: string; style: string; icon: string }): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Multitap</title>
<link rel="icon" href="web/${icon}">
<link rel="stylesheet" href="web/${style}">
<script type="module" src="web/${script}"></script>
<noscript>This page needs JavaScript. Apps connect to this address without it.</noscript>
</html>
`;
}

/** Renamed into place, so that a reader never sees half a file. */
async function store(path: string, bundled: StoredWebBundle): Promise<void> {
  const workFile = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(workFile, `${JSON.stringify(bundled, null, 1)}\n`);
    await rename(workFile, path);
  } finally {
    await rm(workFile, { force: true });
  }
}

/** A read-only install goes without what cannot be written. */
function allowReadOnly(error: unknown): void {
  if (!["EROFS", "EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
}

async function main(args: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  // The bundler names things by where they are from here.
  process.chdir(WEB_ROOT);
  const isPrinting = args[0] === "--print";
  const path = (isPrinting ? args[1] : undefined) ?? WEB_BUNDLE;
  const found = await findWebBundle(path);
  const bundled = found ?? (await bundle());
  const now = new Date();
  // A checkout changes the times of sources, by which a start tells whether to look at all.
  await (found === null ? store(path, bundled) : utimes(path, now, now)).catch(allowReadOnly);
  if (isPrinting) {
    await Bun.write(Bun.stdout, JSON.stringify(bundled));
    return;
  }
  const packedBytes = bundled.files.reduce(
    (sum, { text }) => sum + Bun.gzipSync(text, { level: 9 }).length,
    0,
  );
  const about = `${bundled.files.length} files, ${packedBytes} bytes packed`;
  console.log(
    `${found === null ? "built" : "up to date"}: ${about} (${Math.round(performance.now() - startedAt)} ms)`,
  );
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WebBuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
