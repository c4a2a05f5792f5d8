import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENTRIES, type EntryWeight } from "./entries.ts";
import { BuildError } from "./javascript.ts";

/** What an app loads of one entry, min+gzip. */
export interface EntrySize {
  /** What the app imports, for people. */
  readonly what: string;
  /** Before anything is called. */
  readonly firstBytes: number;
  /** Only when it is needed, beside that. */
  readonly lateBytes: number;
  /** Files of the package that are in the app, below `dist`. */
  readonly files: readonly string[];
  readonly weight: EntryWeight;
}

/** Of the main entry, what nearly every app imports; the other row of it tells what realtime over a websocket adds. */
const MAIN_IMPORTS = [
  { names: "{ createClient }", moreBytes: 0 },
  { names: "{ createClient, webSocketRealtime }", moreBytes: 4 * 1024 },
] as const;

/** Bundles an app of one line with a package, and tells what is in it. */
export async function bundleApp(
  packageFolder: string,
  code: string,
): Promise<Omit<EntrySize, "what" | "weight">> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-sizes-"));
  try {
    const app = join(folder, "app.js");
    await writeFile(app, code);
    const { outputs, metafile } = await Bun.build({
      entrypoints: [app],
      target: "browser",
      external: ["node:*"],
      minify: true,
      splitting: true,
      metafile: true,
      throw: true,
    });
    const sizes = new Map<string, number>();
    for (const output of outputs) {
      const bytes = new Uint8Array(await output.arrayBuffer());
      sizes.set(toName(output.path), Bun.gzipSync(bytes, { level: 9 }).length);
    }
    const chunks = Object.entries(metafile?.outputs ?? {});
    const first = findFirst(chunks.map(([path, chunk]) => ({ ...chunk, path: toName(path) })));
    const inputs = chunks.flatMap(([, chunk]) => Object.keys(chunk.inputs));
    const dist = `${packageFolder.split("/").at(-1)}/dist/`;
    const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const firstBytes = [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    if (firstBytes === 0) throw new BuildError("the bundle has no entry");
    return {
      firstBytes,
      lateBytes: all - firstBytes,
      files: inputs.filter((path) => path.includes(dist)).map((path) => path.split(dist).at(-1) ?? ""),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Chunk {
  readonly path: string;
  readonly entryPoint?: string | undefined;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

const toName = (path: string) => path.replace(/^.*\//, "");

/** The entry and whatever it imports before it runs. */
function findFirst(chunks: readonly Chunk[]): ReadonlySet<string> {
  const found = new Set(
    chunks.filter(({ entryPoint }) => entryPoint?.endsWith("app.js")).map(({ path }) => path),
  );
  for (const name of found) {
    const { imports = [] } = chunks.find(({ path }) => path === name) ?? {};
    for (const { path, kind } of imports) if (kind === "import-statement") found.add(toName(path));
  }
  return found;
}

/** Measures what apps load of each entry of a built package. */
export async function measureSizes(packageFolder: string): Promise<readonly EntrySize[]> {
  const rows: EntrySize[] = [];
  for (const { name, output, weight } of ENTRIES) {
    if (weight === null) continue;
    const file = JSON.stringify(join(packageFolder, "dist", `${output}.js`));
    const imports = name === "." ? MAIN_IMPORTS : [{ names: "* as all", moreBytes: 0 }];
    for (const { names, moreBytes } of imports) {
      const used = names.replace("* as ", "").replace(/^\{(.*)\}$/, "[$1]");
      const size = await bundleApp(
        packageFolder,
        `import ${names} from ${file};\nglobalThis.app = ${used};\n`,
      );
      const allowed = {
        budgetBytes: weight.budgetBytes + moreBytes,
        recordedBytes: weight.recordedBytes + moreBytes,
      };
      rows.push({ what: name === "." ? names : name.slice(1), ...size, weight: allowed });
    }
  }
  return rows;
}

/** Whether an entry weighs more than decision 0015 says. */
export function isTooLarge({ firstBytes, weight }: EntrySize): boolean {
  return firstBytes > weight.recordedBytes;
}

const toKib = (bytes: number) => (bytes / 1024).toFixed(1);

/** The table for people: a miss of the budget is told as one, also where it is recorded. */
export function formatSizes(sizes: readonly EntrySize[]): string {
  const head = ["min+gzip, KiB", "at first", "budget", "recorded", "late", ""];
  const rows = sizes.map((size) => {
    const { what, firstBytes, lateBytes, weight } = size;
    const missBytes = firstBytes - weight.budgetBytes;
    const verdict = isTooLarge(size)
      ? "TOO LARGE"
      : missBytes > 0
        ? `${toKib(missBytes)} over the budget`
        : "";
    const numbers = [firstBytes, weight.budgetBytes, weight.recordedBytes, lateBytes].map(toKib);
    return [what, ...numbers, verdict];
  });
  const width = Math.max(...[head, ...rows].map(([what = ""]) => what.length));
  return [head, ...rows]
    .map(([what = "", ...cells]) =>
      `${what.padEnd(width)} ${cells.map((cell) => cell.padStart(9)).join(" ")}`.trimEnd(),
    )
    .join("\n");
}
