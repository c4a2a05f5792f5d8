/**
 * Stores the files of a folder in a platform of the library, and scans it. Stop it with Ctrl+C whenever you like; the
 * same command goes on where it stopped, and sends nothing that is there.
 *
 *     bun upload-folder.ts http://nas.local:8080 <token> /downloads/snes snes
 */
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient, hasErrorCode, type TransferProgress } from "@multitap/client";
import { fileSource } from "@multitap/client/node";

/** Shows a line; the next one replaces it unless it is final. */
export type Show = (line: string, isFinal: boolean) => void;

/** Runs the example; `signal` stops it in order. */
export async function main(args: readonly string[], show: Show, signal?: AbortSignal): Promise<number> {
  const [url, token, folder, slug] = args;
  if (url === undefined || token === undefined || folder === undefined || slug === undefined) {
    show("usage: upload-folder <url> <token> <folder> <platform slug>", true);
    return 2;
  }
  const client = createClient({ url, auth: token, app: { name: "upload-folder", version: "1.0.0" } });
  try {
    const platform = (await client.platforms.list({}, { signal })).find((each) => each.slug === slug);
    if (platform === undefined) {
      show(`the library has no platform "${slug}"`, true);
      return 1;
    }
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    let storedCount = 0;
    for (const path of paths.sort()) {
      const name = relative(folder, path).split(sep).join("/");
      if (await store(client, path, { platformId: platform.id, name, show, signal })) storedCount += 1;
    }
    if (storedCount > 0) await scan(client, platform.id, { show, signal });
    return 0;
  } finally {
    await client.close();
  }
}

interface Store {
  readonly platformId: number;
  readonly name: string;
  readonly show: Show;
  readonly signal: AbortSignal | undefined;
}

/** Stores one file; tells whether it is new. */
async function store(
  client: Client,
  path: string,
  { platformId, name, show, signal }: Store,
): Promise<boolean> {
  const source = await fileSource(path);
  try {
    const onProgress = (progress: TransferProgress) => show(formatProgress(name, progress), false);
    const options = { signal, onProgress, verify: true };
    const { fsName, wasThere } = await client.roms.upload(source, { platformId, name }, options);
    show(wasThere ? `${name} is there as ${fsName}` : `${name} is stored`, true);
    return !wasThere;
  } catch (error) {
    if (!hasErrorCode(error, "ROMS_UPLOAD_EXISTS")) throw error;
    show(error.message, true);
    return false;
  } finally {
    await source.close?.();
  }
}

/** Makes roms of what was stored. */
async function scan(
  client: Client,
  platformId: number,
  { show, signal }: Pick<Store, "show" | "signal">,
): Promise<void> {
  const { id } = await client.scan.start({ platformIds: [platformId], whenBusy: "wait" }, { signal });
  for await (const step of client.scan.watch(id, { signal })) {
    show(`scan ${step.status}: ${step.romsNew} new`, step.phase === "ended");
  }
}

/** One line such as `50 %  3.1 MB/s  a.sfc`. */
export function formatProgress(
  name: string,
  { phase, loadedBytes, totalBytes, bytesPerSecond }: TransferProgress,
): string {
  if (phase !== "transferring") return `${phase}  ${name}`;
  const percent =
    totalBytes === null || totalBytes === 0 ? 100 : Math.floor((100 * loadedBytes) / totalBytes);
  return `${percent} %  ${(bytesPerSecond / 1e6).toFixed(1)} MB/s  ${name}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const show: Show = (line, isFinal) => process.stdout.write(`\r\x1b[K${line}${isFinal ? "\n" : ""}`);
  process.exitCode = await main(process.argv.slice(2), show, controller.signal);
}
