import { beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "@multitap/native/build";

/** What loads before anything is called, min+gzip: the design's budget. */
const FIRST_LOAD_BYTES_MAX = 7 * 1024;
/** Of the main entry only what its one error class needs. */
const OF_MAIN_ENTRY = ["errors.ts", "redact.ts", "limits.ts"];

interface Chunk {
  readonly path: string;
  readonly gzipBytes: number;
  /** Source files, as paths below the repository. */
  readonly inputs: readonly string[];
  readonly statics: readonly string[];
  readonly entry: string | null;
}

async function bundle(entry: string): Promise<Map<string, Chunk>> {
  const result = await Bun.build({
    entrypoints: [fileURLToPath(new URL(`../entries/${entry}`, import.meta.url))],
    target: "browser",
    splitting: true,
    minify: true,
    metafile: true,
    throw: true,
  });
  const sizes = new Map<string, number>();
  for (const output of result.outputs)
    sizes.set(output.path, Bun.gzipSync(new Uint8Array(await output.arrayBuffer()), { level: 9 }).length);
  const rows = Object.entries(result.metafile?.outputs ?? {}).map(([path, output]): [string, Chunk] => {
    const external = output.imports.filter(({ path: to }) => !sizes.has(to));
    expect(external).toEqual([]);
    const statics = output.imports
      .filter(({ kind }) => kind === "import-statement")
      .map(({ path: to }) => to);
    const inputs = Object.keys(output.inputs).map((input) =>
      input.replace(/^.*?(native|client-sdk)\//, "$1/"),
    );
    return [
      path,
      { path, gzipBytes: sizes.get(path) ?? 0, inputs, statics, entry: output.entryPoint ?? null },
    ];
  });
  return new Map(rows);
}

/** The entry's chunk and everything that it imports statically. */
function firstLoad(chunks: ReadonlyMap<string, Chunk>, name: string): readonly Chunk[] {
  const entry = [...chunks.values()].find((chunk) => chunk.entry?.endsWith(`entries/${name}`));
  const found = new Set(entry === undefined ? [] : [entry]);
  for (const { statics } of found)
    for (const path of statics) {
      const chunk = chunks.get(path);
      if (chunk !== undefined) found.add(chunk);
    }
  return [...found];
}

const sum = (chunks: readonly Chunk[]) => chunks.reduce((bytes, { gzipBytes }) => bytes + gzipBytes, 0);

beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

describe("the bundle of /native", () => {
  test("loads little at first", async () => {
    const chunks = await bundle("native.ts");
    const first = firstLoad(chunks, "native.ts");
    const rows = [...chunks.values()].map((chunk) => {
      const largest = chunk.entry ?? chunk.inputs.at(-1) ?? "";
      return `${String(chunk.gzipBytes).padStart(7)}  ${first.includes(chunk) ? "first" : "lazy "}  ${largest}`;
    });
    console.log(["/native, min+gzip bytes", ...rows.sort().reverse(), `${sum(first)} at first`].join("\n"));
    expect(first.length).toBeGreaterThan(0);
    expect(sum(first)).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    const early = first.flatMap(({ inputs }) => inputs);
    expect(early.filter((path) => /\/(?:rahash|chd\/open|dist)\b/.test(path))).toEqual([]);
  });

  test.each(["native.ts", "native-worker.ts"])(
    "%s holds nothing of the main entry but the error",
    async (name) => {
      const inputs = [...(await bundle(name)).values()].flatMap((chunk) => chunk.inputs);
      expect(inputs.length).toBeGreaterThan(3);
      const foreign = inputs
        .filter((path) => path.startsWith("client-sdk/src/"))
        .map((path) => path.slice("client-sdk/src/".length))
        .filter((path) => !/^(?:native|entries)\//.test(path) && !OF_MAIN_ENTRY.includes(path));
      expect(foreign).toEqual([]);
    },
  );
});
