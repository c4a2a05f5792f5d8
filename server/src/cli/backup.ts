import { resolve } from "node:path";
import { type BackupRun, BackupRunSchema, type BackupSummary } from "../backup/contract.ts";
import { type ByteProgress, createByteProgress } from "./byte-progress.ts";
import { callServer, queryServer } from "./calls.ts";
import { createCommand } from "./command.ts";
import { CliError, ServerRefusal } from "./errors.ts";
import { BACKUP_CANCEL_MS, BACKUP_POLL_MS } from "./limits.ts";
import { type OpenedServer, openServer } from "./open-server.ts";
import { readPassphrase } from "./passphrase.ts";
import { formatBytes, formatNumber } from "./scan-progress.ts";

/** Words for what a backup does, as they stand before a number of bytes. */
const PHASE_LABELS: Readonly<Record<BackupRun["phase"], string>> = {
  waiting: "waiting for the cleanup",
  database: "saving the database",
  config: "saving keys and configuration",
  assets: "saving files of users",
  resources: "saving resources",
  verifying: "reading it back",
  ending: "ending",
};

/** `backup`: saves everything that cannot be fetched again. */
export const backup = createCommand({
  name: "backup",
  summary: "Saves database, keys, configuration and files of users, also while a server runs.",
  options: {
    output: {
      kind: "text",
      placeholder: "FOLDER",
      help: "Folder to make, or one that is there to make it in; the data folder's backups unless said.",
    },
    "with-resources": {
      kind: "flag",
      fallback: false,
      help: "Also artwork and other resources, which can be fetched again.",
    },
    "passphrase-file": {
      kind: "text",
      placeholder: "FILE",
      help: "Encrypt keys with the passphrase on the first line of this file.",
    },
  },
  notes: [
    "The library is not saved. A backup is whole, on disk and read back before it has its name.",
    "`backup verify FOLDER` reads one to its last byte; `restore FOLDER` brings it back.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const passphrase = await readPassphrase(options["passphrase-file"]);
    const server = await openServer(call, { withWorker: false });
    const progress = createByteProgress(terminal, { isQuiet: options.json, now: () => performance.now() });
    try {
      const input = {
        outputPath: options.output === null ? null : resolve(options.output),
        withResources: options["with-resources"],
        passphrase,
      };
      const made = await follow(server, input, progress);
      return { json: { backup: made, isJoined: server.isJoined }, lines: describeBackup(made) };
    } finally {
      progress.end();
      await server.close();
    }
  },
});

async function follow(server: OpenedServer, input: unknown, progress: ByteProgress): Promise<BackupSummary> {
  const output = BackupRunSchema;
  let run = await callServer(server, { operation: "backups.start", input, output });
  try {
    while (run.status === "running") {
      const { phase, doneBytes, totalBytes } = run;
      progress.show({ label: PHASE_LABELS[phase], doneBytes, totalBytes: totalBytes ?? doneBytes });
      await pause(server.signal);
      run = await queryServer(server, { operation: "backups.getRun", input: { id: run.id }, output });
    }
  } catch (error) {
    if (server.signal.aborted) await cancel(server, run.id);
    throw error;
  }
  if (run.backup !== null) return run.backup;
  if (run.error !== null) throw new ServerRefusal(run.error.code, run.error.message);
  throw new CliError(
    "CLI_BACKUP_FAILED",
    "the backup was ended, because the server stops or somebody said so",
  );
}

/** Waits a moment, or fails with the reason for which the command ends. */
async function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve: wake } = Promise.withResolvers<void>();
  const timer = setTimeout(wake, BACKUP_POLL_MS);
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
  signal.throwIfAborted();
}

/** Whoever asked has gone, so nothing of the backup is to stay. */
async function cancel({ client }: OpenedServer, id: string): Promise<void> {
  const target = { client, signal: AbortSignal.timeout(BACKUP_CANCEL_MS) };
  await Promise.allSettled([
    callServer(target, { operation: "backups.cancel", input: { id }, output: BackupRunSchema }),
  ]);
}

/** Says what a backup holds. */
export function describeBackup(made: BackupSummary): readonly string[] {
  const rows = `${formatNumber(made.rowCount)} rows`;
  const files = `${formatNumber(made.fileCount)} files, ${formatBytes(made.sizeBytes)}`;
  const lines = [`${made.path}: ${rows}, ${files}, by Multitap ${made.appVersion} at ${made.createdAt}`];
  if (made.missingCount > 0) {
    lines.push(
      `${formatNumber(made.missingCount)} files of users were gone already; the log names the first`,
    );
  }
  if (!made.isEncrypted) lines.push("Its keys are not encrypted: keep it where only you can read it.");
  return lines;
}

/** `backup verify`: reads a backup to its last byte. */
export const backupVerify = createCommand({
  name: "backup verify",
  summary: "Reads a backup to its last byte and compares it with what was written; needs no server.",
  positionals: ["FOLDER"],
  options: {},
  async run(call) {
    const { options, terminal, positionals } = call;
    const { signal } = call.getInterruption();
    const path = resolve(positionals[0] ?? "");
    const progress = createByteProgress(terminal, { isQuiet: options.json, now: () => performance.now() });
    // Loaded only now: the other commands start sooner without it.
    const { verifyAt } = await import("./backup/verify.ts");
    try {
      const summary = await verifyAt(path, signal, (doneBytes, totalBytes) =>
        progress.show({ label: "reading", doneBytes, totalBytes }),
      );
      return { json: { backup: summary }, lines: [...describeBackup(summary), "The backup is whole."] };
    } finally {
      progress.end();
    }
  },
});
