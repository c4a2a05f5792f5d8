import { resolve } from "node:path";
import { describeBackup } from "./backup.ts";
import { createByteProgress } from "./byte-progress.ts";
import { createCommand } from "./command.ts";
import { CliError } from "./errors.ts";
import { findRunningServer } from "./join.ts";
import { CONNECT_WAIT_MS, LOCK_WAIT_MS } from "./limits.ts";
import { readPassphrase } from "./passphrase.ts";

const LABELS = {
  verifying: "reading the backup",
  files: "bringing files back",
  database: "filling",
} as const;

/** `restore`: puts a backup in the place of what a data folder and its database hold. */
export const restore = createCommand({
  name: "restore",
  summary: "Brings a backup back, also one of an older version, into an empty data folder and database.",
  positionals: ["FOLDER"],
  options: {
    replace: {
      kind: "flag",
      fallback: false,
      help: "Also where accounts or games are: they are lost.",
    },
    "passphrase-file": {
      kind: "text",
      placeholder: "FILE",
      help: "The passphrase that the keys of the backup are encrypted with, on the first line of this file.",
    },
  },
  notes: [
    "The server must not run. The backup is read to its last byte before anything is written, and the database",
    "changes as a whole or not at all. Start the server and scan afterwards: the library is not part of a backup.",
  ],
  async run(call) {
    const { options, terminal, positionals } = call;
    const passphrase = await readPassphrase(options["passphrase-file"]);
    const config = await call.getConfig();
    const log = call.createLog(config);
    const { signal } = call.getInterruption();
    const running = await findRunningServer(config.basePath, log);
    if (running !== null) {
      const message = `a server runs on ${config.basePath} (process ${running.pid}). Stop it, then restore`;
      throw new CliError("CLI_SERVER_RUNNING", message);
    }
    const progress = createByteProgress(terminal, { isQuiet: options.json, now: () => performance.now() });
    // Loaded only now: the other commands start sooner without it.
    const { restoreHere } = await import("../app/restore.ts");
    try {
      const restored = await restoreHere(config, {
        path: resolve(positionals[0] ?? ""),
        isReplacing: options.replace,
        passphrase,
        log,
        signal,
        lockWaitMs: LOCK_WAIT_MS,
        connectWaitMs: CONNECT_WAIT_MS,
        onProgress: ({ phase, doneBytes, totalBytes, label }) =>
          progress.show({
            label: label === null ? LABELS[phase] : `${LABELS[phase]} ${label}`,
            doneBytes,
            totalBytes: totalBytes ?? doneBytes,
          }),
      });
      return {
        json: { backup: restored.backup, level: restored.level },
        lines: [...describeBackup(restored.backup), "Restored. Start the server, then scan the library."],
      };
    } finally {
      progress.end();
    }
  },
});
