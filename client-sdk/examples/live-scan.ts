/**
 * Starts a scan of the library, or joins the one that runs, and prints how it goes until it ends.
 *
 *     bun live-scan.ts http://nas.local:8080 <token> [folder of a platform …]
 */
import { fileURLToPath } from "node:url";
import { type Client, createClient, hasErrorCode, type ScanStep } from "@multitap/client";

/** Runs the example; `signal` stops the listening, not the scan. */
export async function main(
  args: readonly string[],
  show: (line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const [url, token, ...platformFsSlugs] = args;
  if (url === undefined || token === undefined) {
    show("usage: live-scan <url> <token> [folder of a platform …]");
    return 2;
  }
  const client = createClient({ url, auth: token, app: { name: "live-scan", version: "1.0.0" } });
  try {
    const scanId = await startOrJoin(client, platformFsSlugs);
    let last: ScanStep | undefined;
    for await (const step of client.scan.watch(scanId, { signal })) {
      show(formatStep(step));
      last = step;
    }
    for (const problem of await client.scan.problems(scanId)) show(`${problem.path}: ${problem.message}`);
    return last?.status === "done" ? 0 : 1;
  } finally {
    await client.close();
  }
}

async function startOrJoin(client: Client, platformFsSlugs: readonly string[]): Promise<number> {
  try {
    return (await client.scan.start({ platformFsSlugs })).id;
  } catch (error) {
    if (hasErrorCode(error, "SCAN_RUNNING")) return error.details.scanId;
    throw error;
  }
}

/** One line such as `hashing snes: 120 roms, 7 new, 2 problems`. */
export function formatStep({ phase, platformFsSlug, romsDone, romsNew, problems, status }: ScanStep): string {
  const where = platformFsSlug === null ? "" : ` ${platformFsSlug}`;
  const what = phase === "ended" ? status : phase;
  return `${what}${where}: ${romsDone} roms, ${romsNew} new, ${problems} problems`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.exitCode = await main(process.argv.slice(2), (line) => console.log(line), controller.signal);
}
