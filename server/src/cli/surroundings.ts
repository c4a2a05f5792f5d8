import { readConfig } from "../app/config.ts";
import { readMemoryLimit } from "../app/memory-limit.ts";
import type { RawEnvironment } from "../app/read-environment.ts";
import { createLog } from "../ports/log/pino.ts";
import type { Surroundings } from "./command.ts";
import { type Interruption, listenForSignals, type SignalSource } from "./interruption.ts";
import { createTerminal, type TerminalStreams } from "./terminal.ts";

/** The process as commands need it. */
export type ProcessParts = Pick<TerminalStreams, "stderr"> & SignalSource & { readonly env: RawEnvironment };

/**
 * Standard output that has everything when the process exits: `process.stdout` loses what a pipe did not take
 * yet (64 KiB), `console.log` waits for it.
 */
const stdout = { write: (text: string) => console.log(text.replace(/\n$/, "")) };

/** Opens the surroundings of one run over a process. */
export function createSurroundings(parts: ProcessParts): Surroundings {
  const terminal = createTerminal({ stdout, stderr: parts.stderr });
  let interruption: Interruption | null = null;
  return {
    environment: parts.env,
    terminal,
    getInterruption() {
      interruption ??= listenForSignals(parts);
      return interruption;
    },
    getConfig: async () =>
      readConfig(parts.env, { defaultBasePath: "data", memoryLimitBytes: await readMemoryLimit() }),
    createLog: ({ logLevel, logFormat }) =>
      createLog({
        // A start's usual lines are no news to somebody who ran a command.
        level: logLevel === "info" ? "warn" : logLevel,
        format: logFormat,
        write: (line) => terminal.note(line.trimEnd()),
      }),
  };
}
