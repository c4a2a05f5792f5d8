import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENTRIES } from "./entries.ts";
import { ROOT } from "./sources.ts";

const TYPEDOC_TIMEOUT_MS = 120_000;

/** Parts of exported types that no app has to name: shorthands, settings of the operator, what only we implement. */
const NOT_EXPORTED = ["Optional", "Feature$1", "IceServer", "PlayerControls", "RealtimeCall"] as const;
/** Lists of words that types are made of, such as `(typeof SCAN_TYPES)[number]`. */
const WORD_LIST = /^\[warning\] [A-Z][A-Z_]*, defined in .* is referenced by .* but not included/;

/** What typedoc found wrong, one line each: an export without a docstring, a type that nobody can name. */
export interface Documentation {
  readonly faults: readonly string[];
}

/**
 * Reads the declarations of a built package as typedoc does, and writes its pages to `out` unless that is null.
 * Every export carries a docstring, and every type that an export mentions is exported by some entry.
 */
export async function documentPackage(packageFolder: string, out: string | null): Promise<Documentation> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-typedoc-"));
  try {
    const dist = join(packageFolder, "dist");
    const project = join(folder, "tsconfig.json");
    await writeFile(project, JSON.stringify(makeProject(dist)));
    const options = join(folder, "typedoc.json");
    await writeFile(options, JSON.stringify({ ...makeOptions(dist, out), tsconfig: project }));
    const program = join(ROOT, "client-sdk", "node_modules", "typedoc", "bin", "typedoc");
    const child = Bun.spawn([process.execPath, program, "--options", options], {
      env: { ...process.env, NO_COLOR: "1" },
      stdout: "pipe",
      stderr: "pipe",
      timeout: TYPEDOC_TIMEOUT_MS,
    });
    const [printed, errors, exitCode] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    const faults = `${printed}\n${errors}`
      .split("\n")
      .filter((line) => /^\[(?:warning|error)\] (?!Found )/.test(line) && !WORD_LIST.test(line));
    return { faults: faults.length === 0 && exitCode !== 0 ? [errors.trim()] : faults };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function makeProject(dist: string): object {
  const compilerOptions = {
    target: "ES2022",
    module: "ESNext",
    moduleResolution: "bundler",
    lib: ["ES2022", "DOM", "DOM.AsyncIterable"],
    types: [],
    strict: true,
  };
  return { compilerOptions, include: [join(dist, "**", "*.d.ts")] };
}

function makeOptions(dist: string, out: string | null): object {
  return {
    name: "@multitap/client",
    entryPoints: ENTRIES.filter(({ weight }) => weight !== null).map(({ output }) =>
      join(dist, `${output}.d.ts`),
    ),
    ...(out === null ? { emit: "none" } : { out, readme: join(dist, "..", "README.md") }),
    disableGit: true,
    sourceLinkTemplate: "",
    disableSources: true,
    validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true },
    intentionallyNotExported: NOT_EXPORTED,
    requiredToBeDocumented: ["Class", "Interface", "Function", "TypeAlias", "Variable"],
  };
}
