/** Builds the disc chunk with a counter in each block, which tells the fuzzer what an input reached. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, NodeKind } from "assemblyscript";
import asc from "assemblyscript/asc";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const distFolder = join(packageFolder, "dist", "fuzz");
/** Counters there is room for; the sources have some 900 blocks. */
const COUNTERS_MAX = 4096;
const COVER_FILE = "assembly/cover.ts";
const ENTRY_FILE = "assembly/disc.ts";

/**
 * One byte a block, which stops at 255: the fuzzer looks at how often only by its order of magnitude. Behind them a
 * byte that says whether any block ran.
 */
const COVER_SOURCE = `
const counters = memory.data(${COUNTERS_MAX + 16}, 16);
@inline
export function cover(block: u32): void {
  store<u8>(counters + ${COUNTERS_MAX}, 1);
  const count: u32 = load<u8>(counters + block);
  store<u8>(counters + block, <u8>(count + (count < 255 ? 1 : 0)));
}
export function coverAt(): usize { return counters; }
`;

/** The chunk cannot be built; the message is the compiler's own. */
class InstrumentError extends Error {
  override readonly name = "InstrumentError";
}

/** A part of the syntax tree, looked through without knowing its kinds. */
type Tree = Node & Record<string, unknown>;

// The compiler brings its 64-bit numbers as a global.
const { i64_new: createI64 } = globalThis as unknown as { i64_new: (low: number, high: number) => unknown };

/** Gives statements that count, numbered one after the other. */
function createCounting(): { statement(at: Tree): unknown; readonly blocks: number } {
  let blocks = 0;
  return {
    get blocks() {
      return blocks;
    },
    statement({ range }) {
      const create = Node as unknown as Record<string, (...parts: unknown[]) => unknown>;
      const number = create.createIntegerLiteralExpression?.(createI64(blocks, 0), range);
      blocks += 1;
      const name = create.createIdentifierExpression?.("__cover", range, false);
      return create.createExpressionStatement?.(create.createCallExpression?.(name, null, [number], range));
    },
  };
}

/** Which parts of a statement are run or not, and may stand without a block. */
const BRANCHES: ReadonlyMap<NodeKind, readonly string[]> = new Map([
  [NodeKind.If, ["ifTrue", "ifFalse"]],
  [NodeKind.For, ["body"]],
  [NodeKind.While, ["body"]],
  [NodeKind.Do, ["body"]],
]);

const isTree = (value: unknown): value is Tree => value instanceof Node;

function instrumentTree(node: Tree, counting: ReturnType<typeof createCounting>, seen: Set<Node>): void {
  if (seen.has(node)) return;
  seen.add(node);
  for (const [name, value] of Object.entries(node)) {
    if (name === "range") continue;
    const children: unknown[] = Array.isArray(value) ? value : [value];
    for (const child of children) if (isTree(child)) instrumentTree(child, counting, seen);
  }
  for (const name of BRANCHES.get(node.kind) ?? []) {
    const branch = node[name];
    if (!isTree(branch) || branch.kind === NodeKind.Block) continue;
    const statements = [counting.statement(branch), branch] as Parameters<
      typeof Node.createBlockStatement
    >[0];
    node[name] = Node.createBlockStatement(statements, branch.range);
  }
  if (node.kind === NodeKind.Block && Array.isArray(node.statements)) {
    node.statements.unshift(counting.statement(node));
  }
}

/** Gives a source of the chunk, with the counting function known in it. */
async function readSource(name: string, baseFolder: string): Promise<string | null> {
  const path = name.replaceAll("\\", "/");
  if (path === COVER_FILE) return COVER_SOURCE;
  let text: string;
  try {
    text = await readFile(join(baseFolder, path), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (!path.startsWith("assembly/") || !path.endsWith(".ts")) return text;
  // The compiler finds a path of ours with or without the extension in an import, but only without in an export.
  const cover = `./${relative(dirname(path), COVER_FILE).replaceAll("\\", "/").replace(/\.ts$/, "")}`;
  // In the first line, so that the compiler's messages name the right ones.
  const head = `import { cover as __cover } from "${cover}";`;
  const tail = path === ENTRY_FILE ? `\nexport { coverAt } from "${cover}";` : "";
  return head + text + tail;
}

async function compile(): Promise<Uint8Array> {
  const counting = createCounting();
  const transform = {
    afterParse(parser: { readonly sources: readonly Tree[] }) {
      for (const source of parser.sources) {
        const path = String(source.normalizedPath);
        if (path.startsWith("assembly/") && path !== COVER_FILE) {
          instrumentTree(source, counting, new Set());
        }
      }
    },
  };
  let wasm: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    [
      ENTRY_FILE,
      "--baseDir",
      packageFolder,
      "-O2",
      "--noAssert",
      "--runtime",
      "stub",
      "--enable",
      "simd",
    ].concat(["--outFile", "disc.wasm"]),
    {
      transforms: [transform],
      readFile: readSource,
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") wasm = contents;
        return Promise.resolve();
      },
    } as unknown as Parameters<typeof asc.main>[1],
  );
  if (error !== null || wasm === null) throw new InstrumentError(`${error?.message}\n${stderr.toString()}`);
  if (counting.blocks > COUNTERS_MAX) {
    throw new InstrumentError(`${counting.blocks} blocks, at most ${COUNTERS_MAX}`);
  }
  return wasm;
}

async function digestSources(): Promise<string> {
  const folder = join(packageFolder, "assembly");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256").update(asc.version);
  for (const path of [...paths, fileURLToPath(import.meta.url)]) hash.update(await readFile(path));
  return hash.digest("hex").slice(0, 16);
}

/** How many counters there are. */
export const counterCount = COUNTERS_MAX;

/**
 * Gives the disc chunk with counters, compiling it when sources changed; `coverAt` of its exports says where they are.
 * @throws InstrumentError with the compiler's message.
 */
export async function buildInstrumented(): Promise<Uint8Array<ArrayBuffer>> {
  await mkdir(distFolder, { recursive: true });
  const path = join(distFolder, `disc-${await digestSources()}.wasm`);
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const wasm = await compile();
  await writeFile(`${path}.${process.pid}`, wasm);
  await rename(`${path}.${process.pid}`, path);
  return new Uint8Array(wasm);
}
