import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const WEB_ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));
/** What the last build left. */
export const WEB_BUNDLE: string = join(WEB_ROOT, "server/dist/web/bundle.json");
const BUILDER = join(WEB_ROOT, "server/scripts/build-web.ts");
/** Raised when the builder makes something else of the same sources. */
export const WEB_FORMAT = 1;

/** One built file. */
export interface WebFile {
  /** Changes with the bytes. */
  readonly name: string;
  /** As text: all of them are. */
  readonly text: string;
}

/** The built page: script, style and icon, and the HTML that names them. */
export interface WebBundle {
  readonly html: string;
  readonly files: readonly WebFile[];
}

/** A bundle with what it was made of and with. */
export interface StoredWebBundle extends WebBundle {
  readonly format: number;
  readonly bun: string;
  /** Digest of each source, by its path below the root. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** The page could not be bundled; the message is the bundler's own. */
export class WebBuildError extends Error {
  override readonly name = "WebBuildError";
}

/** By which a source is known again. */
export function digestSource(bytes: string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

async function readStored(path: string): Promise<StoredWebBundle | null> {
  try {
    return JSON.parse((await readIfThere(path)) ?? "null") as StoredWebBundle | null;
  } catch (error) {
    // A file that was cut off: it is built again.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether each source still has the bytes that the bundle was made of. */
async function isFresh({ format, bun, inputs }: StoredWebBundle): Promise<boolean> {
  if (format !== WEB_FORMAT || bun !== Bun.version) return false;
  const checks = Object.entries(inputs).map(async ([path, expected]) => {
    const text = await readIfThere(join(WEB_ROOT, path));
    return text !== null && digestSource(text) === expected;
  });
  return (await Promise.all(checks)).every((isSame) => isSame);
}

/** The last build when it is what the sources say; else null. */
export async function findWebBundle(path: string = WEB_BUNDLE): Promise<StoredWebBundle | null> {
  const stored = await readStored(path);
  return stored !== null && (await isFresh(stored)) ? stored : null;
}

/**
 * Gives the page as its sources say. `npm start` has built it before; elsewhere a process of its own does, whose
 * bundler takes more memory than the rest of us.
 * @throws WebBuildError with the bundler's message.
 */
export async function ensureWebBuilt(path: string = WEB_BUNDLE): Promise<WebBundle> {
  const found = await findWebBundle(path);
  if (found !== null) return found;
  const child = Bun.spawn([process.execPath, BUILDER, "--print", path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, text, reason] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if (code === 0) return JSON.parse(text) as WebBundle;
  throw new WebBuildError(reason.trim() || `the builder of the page ended with ${code}`);
}
