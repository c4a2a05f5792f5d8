import { readFile } from "node:fs/promises";
import { createClient } from "@multitap/client";
import { folderSaveStore, retroArchSaveStore } from "@multitap/client/node";
import {
  createSync,
  type SaveStore,
  type SyncAction,
  type SyncEvent,
  type SyncReport,
} from "@multitap/client/sync";
import { VERSION } from "../app/facts.ts";
import { type CommandCall, type CommandResult, createCommand } from "./command.ts";
import { CliError, toFailure } from "./errors.ts";
import { usageError } from "./usage.ts";

const CHOICES = ["keep_both", "server_wins", "device_wins", "skip"] as const;
const DIRECTIONS = ["both", "upload", "download"] as const;
const DELETIONS = ["keep", "trash"] as const;

const options = {
  server: {
    kind: "text",
    placeholder: "URL",
    isRequired: true,
    help: "The server, such as http://nas.local:8080.",
  },
  device: {
    kind: "text",
    placeholder: "ID",
    isRequired: true,
    help: "The device that this is, as the server knows it.",
  },
  "token-file": {
    kind: "text",
    placeholder: "FILE",
    isRequired: true,
    help: "Holds a client token of the user.",
  },
  roms: {
    kind: "text",
    placeholder: "FOLDER",
    help: "FOLDER holds RetroArch's saves; the roms that they belong to are here, in folders of their platforms.",
  },
  states: {
    kind: "text",
    placeholder: "FOLDER",
    help: "RetroArch's states; left out of the sync unless said.",
  },
  conflicts: {
    kind: "text",
    placeholder: "CHOICE",
    accepts: CHOICES,
    help: "What becomes of a conflict; keep_both unless said.",
  },
  direction: {
    kind: "text",
    placeholder: "WAY",
    accepts: DIRECTIONS,
    help: "One way only; both unless said.",
  },
  deletions: {
    kind: "text",
    placeholder: "CHOICE",
    accepts: DELETIONS,
    help: "What becomes here of what was removed on the server; keep unless said.",
  },
  once: { kind: "flag", fallback: false, help: "Leave after one sync." },
  "dry-run": { kind: "flag", fallback: false, help: "Tell what would be done, and do nothing." },
} as const;

type SyncCall = CommandCall<typeof options>;

/** `sync`: keeps the saves of a folder and those on a server the same. */
export const sync = createCommand({
  name: "sync",
  summary:
    "Brings saves and states of a folder and of a server together, now and after each change on either side.",
  positionals: ["FOLDER"],
  options,
  notes: [
    "Without --roms the folder is laid out as saves/PLATFORM/ROM/SLOT/FILES and states/PLATFORM/ROM/SLOT/FILES.",
    "Nothing is lost: whatever is replaced stays on the server as a version, or in .multitap-sync/trash here.",
    "Ctrl-C ends it. Exit code 1 when something could not be synced.",
  ],
  async run(call) {
    const client = createClient({
      url: call.options.server ?? "",
      auth: await readToken(call.options["token-file"] ?? ""),
      app: { name: "multitap-cli", version: VERSION },
    });
    const engine = createSync(client, {
      deviceId: call.options.device ?? "",
      store: openStore(call),
      conflicts: pick(CHOICES, call.options.conflicts),
      direction: pick(DIRECTIONS, call.options.direction),
      deletions: pick(DELETIONS, call.options.deletions),
    });
    const { signal } = call.getInterruption();
    const note = createNote(call);
    try {
      if (call.options["dry-run"]) return toPlanResult(await engine.plan({ signal }));
      if (call.options.once) return toRunResult(await engine.run({ signal, onEvent: note }));
      const reports: SyncReport[] = [];
      for await (const event of engine.follow({ signal })) {
        note(event);
        if (event.type === "completed") reports.splice(0, reports.length, event.report);
      }
      return { json: { last: reports[0] ?? null }, lines: ["The sync was ended."] };
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      await client.close();
    }
  },
});

function pick<T extends string>(words: readonly T[], word: string | null): T | undefined {
  return words.find((each) => each === word);
}

function openStore({ positionals, options: { roms, states } }: SyncCall): SaveStore {
  const [folder = ""] = positionals;
  if (roms !== null) return retroArchSaveStore({ saves: folder, states: states ?? undefined, roms });
  if (states !== null) throw usageError("sync", "--states needs --roms");
  return folderSaveStore(folder);
}

/** Not an argument: those are seen by everybody on the machine. */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("CLI_USAGE", `sync: the token cannot be read: ${reason}`, { cause: error });
  }
}

/** Tells people what happens; with `--json` only the end counts. */
function createNote({ terminal, options: { json } }: SyncCall): (event: SyncEvent) => void {
  if (json) return () => undefined;
  return (event) => {
    const line = formatEvent(event);
    if (line !== null) terminal.note(line);
  };
}

/** One line for an event; null for what nobody needs to read. */
export function formatEvent(event: SyncEvent): string | null {
  switch (event.type) {
    case "planned":
    case "transferring":
      return null;
    case "done":
      return formatAction(event.action);
    case "conflict":
      return `conflict  ${event.conflict.local.key}: ${event.choice}`;
    case "failed":
      return `failed  ${formatAction(event.action)}: ${event.error.message}`;
    case "waiting":
      return event.for === "change" ? "Waiting for changes." : `Waiting for the ${event.for}.`;
    case "completed":
      return formatReport(event.report);
  }
}

/** One line for what is done, or would be. */
export function formatAction(action: SyncAction): string {
  if (action.action === "none") return `none  ${action.key}: ${action.reason}`;
  if (action.action === "conflict") return `conflict  ${action.conflict.local.key}`;
  if (action.action === "download") return `download  ${action.remote.rom.fsName}: ${action.remote.fileName}`;
  return `${action.action}  ${action.local.key}`;
}

function formatReport({ uploaded, downloaded, trashed, conflicts, failed, unchanged }: SyncReport): string {
  const counts = { uploaded, downloaded, trashed, conflicts, failed, unchanged };
  return Object.entries(counts)
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");
}

function toPlanResult(plan: { readonly actions: readonly SyncAction[] }): CommandResult {
  const due = plan.actions.filter(({ action }) => action !== "none");
  const lines = due.length === 0 ? ["Nothing to do."] : due.map(formatAction);
  return { json: { plan }, lines };
}

function toRunResult(report: SyncReport): CommandResult {
  const { failed } = report;
  const message = `${failed} of the saves could not be synced; the next sync tries them again`;
  const failure = failed === 0 ? null : toFailure(new CliError("CLI_SYNC_INCOMPLETE", message));
  return { json: { report }, lines: [], failure };
}
