import { CliError } from "./errors.ts";

/** The signals that end a command, with the exit codes shells expect after them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type EndingSignal = keyof typeof EXIT_CODES;
const ENDING_SIGNALS = Object.keys(EXIT_CODES) as readonly EndingSignal[];

/** How long a command that was told to leave may take to close what it opened. */
const LEAVE_MS = 10_000;

/** What signals ask of a running command. */
export interface Interruption {
  /** Aborted, with a `CliError` as its reason, when the command is to leave. */
  readonly signal: AbortSignal;
  /** Gives the first Ctrl-C another meaning than leaving, until the returned function is called. */
  onFirst(handler: () => void): () => void;
  /** Gives the signals their usual meaning back. */
  close(): void;
}

/** The process as this module needs it. */
export interface SignalSource {
  on(signal: EndingSignal, listener: () => void): unknown;
  off(signal: EndingSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Listens to signals. The first asks the command to leave in order; one more, or `LEAVE_MS`, ends the process
 * at once.
 */
export function listenForSignals(source: SignalSource): Interruption {
  const leaving = new AbortController();
  let first: (() => void) | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onSignal = (name: EndingSignal) => {
    if (leaving.signal.aborted) return source.exit(EXIT_CODES[name]);
    if (first !== null && name === "SIGINT") {
      const handler = first;
      first = null;
      return handler();
    }
    const exitCode = EXIT_CODES[name];
    leaving.abort(new CliError("CLI_INTERRUPTED", `ended by ${name}`, { exitCode }));
    timer = setTimeout(() => source.exit(exitCode), LEAVE_MS);
    timer.unref();
  };
  const listeners = ENDING_SIGNALS.map((name) => ({ name, listener: () => onSignal(name) }));
  for (const { name, listener } of listeners) source.on(name, listener);
  return {
    signal: leaving.signal,
    onFirst(handler) {
      first = handler;
      return () => {
        if (first === handler) first = null;
      };
    },
    close() {
      clearTimeout(timer);
      for (const { name, listener } of listeners) source.off(name, listener);
    },
  };
}
