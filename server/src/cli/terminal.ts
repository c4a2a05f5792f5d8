/** Where a command writes, and whether a person is looking. */
export interface Terminal {
  /** Results: one line on standard output. */
  print(line: string): void;
  /** Everything else: one line on standard error. */
  note(line: string): void;
  /** Shows a line that the next one replaces, on a terminal only; null clears it. */
  showStatus(text: string | null): void;
  /** Standard error is a terminal. */
  readonly isInteractive: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

/** Width where the system does not tell, or says zero. */
const COLUMNS_DEFAULT = 80;
const CLEAR_LINE = "\r\u001b[2K";

/** The streams a terminal is made of; the process's own fit. */
export interface TerminalStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: {
    write(text: string): unknown;
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
}

/** Opens a terminal over two streams. */
export function createTerminal({ stdout, stderr }: TerminalStreams): Terminal {
  const isInteractive = stderr.isTTY === true;
  let hasStatus = false;
  const clear = () => {
    if (hasStatus) stderr.write(CLEAR_LINE);
    hasStatus = false;
  };
  return {
    print(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    showStatus(text) {
      if (!isInteractive) return;
      clear();
      if (text === null) return;
      stderr.write(text);
      hasStatus = true;
    },
    isInteractive,
    get columns() {
      return stderr.columns || COLUMNS_DEFAULT;
    },
  };
}
