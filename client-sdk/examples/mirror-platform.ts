/**
 * Copies the roms of a platform into a folder, with a bar. Stop it with Ctrl+C whenever you like; the same
 * command goes on where it stopped, and skips what is there.
 *
 *     bun mirror-platform.ts http://nas.local:8080 <token> snes /roms/snes
 */
import { stat } from "node:fs/promises";
import { join, posix, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type RomWith, type TransferProgress } from "@multitap/client";
import { fileSink } from "@multitap/client/node";

/** Shows a line; the next one replaces it unless it is final. */
export type Show = (line: string, isFinal: boolean) => void;

/** Runs the example; `signal` stops it in order. */
export async function main(args: readonly string[], show: Show, signal?: AbortSignal): Promise<number> {
  const [url, token, slug, folder] = args;
  if (url === undefined || token === undefined || slug === undefined || folder === undefined) {
    show("usage: mirror-platform <url> <token> <platform slug> <folder>", true);
    return 2;
  }
  const client = createClient({ url, auth: token, app: { name: "mirror-platform", version: "1.0.0" } });
  try {
    const platform = (await client.platforms.list({}, { signal })).find((each) => each.slug === slug);
    if (platform === undefined) {
      show(`the library has no platform "${slug}"`, true);
      return 1;
    }
    for await (const rom of client.roms.each({ platformIds: [platform.id], with: ["files"] }, { signal })) {
      await mirrorRom(client, rom, { folder: resolve(folder), show, signal });
    }
    return 0;
  } finally {
    await client.close();
  }
}

interface Mirror {
  readonly folder: string;
  readonly show: Show;
  readonly signal: AbortSignal | undefined;
}

async function mirrorRom(
  client: Client,
  rom: RomWith<"files">,
  { folder, show, signal }: Mirror,
): Promise<void> {
  for (const file of rom.files) {
    const path = join(folder, posix.relative(rom.fsPath, file.filePath), file.fileName);
    // Names come from the server; none of them may lead out of the folder.
    if (!path.startsWith(folder + sep)) {
      show(`skipped ${file.fileName}: it would lie outside of ${folder}`, true);
      continue;
    }
    if ((await findSize(path)) === file.sizeBytes) continue;
    const onProgress = (progress: TransferProgress) => show(formatBar(file.fileName, progress), false);
    await client.roms.download(rom.id, fileSink(path), {
      fileIds: [file.id],
      verify: true,
      signal,
      onProgress,
    });
    show(`${file.fileName} is there`, true);
  }
}

async function findSize(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

const BAR_WIDTH = 24;

/** One line such as `[######------]  50 %  3.1 MB/s  a.sfc`. */
export function formatBar(
  name: string,
  { loadedBytes, totalBytes, bytesPerSecond }: TransferProgress,
): string {
  const share = totalBytes === null || totalBytes === 0 ? 0 : loadedBytes / totalBytes;
  const done = Math.round(share * BAR_WIDTH);
  const bar = "#".repeat(done) + "-".repeat(BAR_WIDTH - done);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${bar}] ${percent} %  ${(bytesPerSecond / 1e6).toFixed(1)} MB/s  ${name}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const show: Show = (line, isFinal) => process.stdout.write(`\r\x1b[K${line}${isFinal ? "\n" : ""}`);
  process.exitCode = await main(process.argv.slice(2), show, controller.signal);
}
