import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What loads before anything is called, min+gzip: the design's budget. */
const FIRST_LOAD_BYTES_MAX = 9 * 1024;
/** What a first run loads besides, without archives and following. */
const FIRST_RUN_BYTES_MAX = 13 * 1024;
/** Of the main entry only what calls, errors and digests need. */
const OF_MAIN_ENTRY = [
  "client-parts.ts",
  "environment.ts",
  "errors.ts",
  "limits.ts",
  "listeners.ts",
  "redact.ts",
  "http/calls.ts",
  "http/deadline.ts",
  "http/retry.ts",
  "transfers/sha1.ts",
];

interface Chunk {
  readonly gzipBytes: number;
  /** Source files, below `src`. */
  readonly inputs: readonly string[];
  readonly entry: string;
  readonly isFirst: boolean;
}

let chunks: readonly Chunk[];

/** What an app gets that imports the whole entry, though it needs `createSync` and a store alone. */
async function bundle(): Promise<readonly Chunk[]> {
  const outdir = await mkdtemp(join(tmpdir(), "multitap-bundle-"));
  const result = await Bun.build({
    entrypoints: [fileURLToPath(new URL("../entries/sync.ts", import.meta.url))],
    outdir,
    target: "browser",
    splitting: true,
    minify: true,
    metafile: true,
    throw: true,
  });
  const sizes = new Map<string, number>();
  for (const output of result.outputs) {
    const code = new Uint8Array(await output.arrayBuffer());
    sizes.set(output.path.slice(outdir.length + 1), Bun.gzipSync(code, { level: 9 }).length);
  }
  await rm(outdir, { recursive: true, force: true });
  const outputs = Object.entries(result.metafile?.outputs ?? {}).map(([path, output]) => {
    return { ...output, name: path.replace(/^\.\//, "") };
  });
  const entry = outputs.find(({ entryPoint }) => entryPoint?.endsWith("entries/sync.ts"));
  const first = new Set([entry?.name]);
  for (const name of first) {
    const { imports = [] } = outputs.find((output) => output.name === name) ?? {};
    for (const { path, kind } of imports) {
      if (kind === "import-statement") first.add(path.replace(/^.*\//, ""));
    }
  }
  return outputs.map(({ name, inputs, entryPoint }) => ({
    gzipBytes: sizes.get(name) ?? 0,
    inputs: Object.keys(inputs).map((path) => path.replace(/^.*client-sdk\/src\//, "")),
    entry: entryPoint?.replace(/^.*\/src\//, "") ?? "shared",
    isFirst: first.has(name),
  }));
}

beforeAll(async () => {
  chunks = await bundle();
}, 30_000);

const sum = (some: readonly Chunk[]) => some.reduce((bytes, { gzipBytes }) => bytes + gzipBytes, 0);

describe("the bundle of /sync", () => {
  test("loads little at first, and not much with the first run", () => {
    const rows = chunks.map(
      ({ gzipBytes, entry, isFirst }) =>
        `${String(gzipBytes).padStart(7)}  ${isFirst ? "first" : "lazy "}  ${entry}`,
    );
    const first = sum(chunks.filter(({ isFirst }) => isFirst));
    console.log(["/sync, min+gzip bytes", ...rows, `${first} at first, ${sum(chunks)} in all`].join("\n"));
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    const ofRun = chunks.filter(({ entry, isFirst }) => !isFirst && !/\/(?:zip|follower)\.ts$/.test(entry));
    expect(sum(ofRun)).toBeLessThanOrEqual(FIRST_RUN_BYTES_MAX);
  });

  test("holds nothing of the main entry but its tools", () => {
    const foreign = chunks
      .flatMap(({ inputs }) => inputs)
      .filter((path) => !/^(?:sync|entries)\//.test(path) && !OF_MAIN_ENTRY.includes(path));
    expect(foreign).toEqual([]);
  });
});
