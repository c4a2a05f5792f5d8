/**
 * Shows what a sync of RetroArch's saves and states would do, asks nobody, does it, and goes on after each change.
 *
 *     bun retroarch-sync.ts http://nas.local:8080 <token> <device id> <saves> <states> <roms>
 */
import { fileURLToPath } from "node:url";
import { createClient } from "@multitap/client";
import { retroArchSaveStore } from "@multitap/client/node";
import { createSync, type SyncAction } from "@multitap/client/sync";

/** Runs the example until `signal` ends it. */
export async function main(
  args: readonly string[],
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const [url, token, deviceId, saves, states, roms] = args;
  if (url === undefined || token === undefined || deviceId === undefined) return showUsage(show);
  if (saves === undefined || states === undefined || roms === undefined) return showUsage(show);
  const client = createClient({ url, auth: token, app: { name: "retroarch-sync", version: "1.0.0" } });
  try {
    const store = retroArchSaveStore({ saves, states, roms });
    const sync = createSync(client, {
      deviceId,
      store,
      conflicts: (conflict) => (conflict.base === null ? "keep_both" : "server_wins"),
    });
    for (const step of (await sync.plan({ signal })).actions) {
      if (step.action !== "none") show(`will ${formatAction(step)}`);
    }
    for await (const event of sync.follow({ signal })) {
      if (event.type === "done") show(`did ${formatAction(event.action)}`);
      if (event.type === "failed") show(`could not ${formatAction(event.action)}: ${event.error.code}`);
      if (event.type === "waiting") show(`waits for a ${event.for}`);
    }
    return 0;
  } finally {
    await client.close();
  }
}

function showUsage(show: (line: string) => void): number {
  show("usage: retroarch-sync <url> <token> <device id> <saves> <states> <roms>");
  return 2;
}

/** A few words such as `download Star Pilot (USA).sfc`. */
export function formatAction(action: SyncAction): string {
  if (action.action === "none") return `leave ${action.key}`;
  if (action.action === "download") return `download ${action.remote.rom.fsName}`;
  if (action.action === "conflict") return `decide ${action.conflict.local.key}`;
  return `${action.action} ${action.local.key}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.exitCode = await main(process.argv.slice(2), (line) => console.log(line), controller.signal);
}
