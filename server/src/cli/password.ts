import type { RawEnvironment } from "../app/read-environment.ts";
import { CliError } from "./errors.ts";
import { PASSWORD_INPUT_BYTES_MAX } from "./limits.ts";
import type { Terminal } from "./terminal.ts";

/** Keys that a terminal in raw mode hands over as they are. */
const ENTER = new Set(["\r", "\n"]);
const ERASE = new Set(["\u0008", "\u007f"]);
const END_OF_INPUT = "\u0004";
const CTRL_C = "\u0003";
const CTRL_U = "\u0015";

/** Standard input as this module needs it; the process's own fits. */
export interface PasswordInput extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
  setRawMode?(isRaw: boolean): unknown;
}

export interface PasswordSources {
  /** `--password-stdin` was given. */
  readonly isFromStdin: boolean;
  readonly environment: RawEnvironment;
  readonly terminal: Terminal;
  readonly input: PasswordInput;
}

/**
 * Finds the password to set: on standard input if asked to, else in MULTITAP_PASSWORD, else by asking twice at
 * the terminal, without showing it.
 * @throws CliError `CLI_PASSWORD_MISSING`, or `CLI_INTERRUPTED` when the person gives up.
 */
export async function readPassword({
  isFromStdin,
  environment,
  terminal,
  input,
}: PasswordSources): Promise<string> {
  if (isFromStdin) return firstLine(await readAll(input));
  const fromEnvironment = environment.MULTITAP_PASSWORD ?? "";
  if (fromEnvironment !== "") return fromEnvironment;
  if (input.isTTY !== true || !terminal.isInteractive) {
    const ways = "pipe it with --password-stdin, set MULTITAP_PASSWORD, or run this at a terminal";
    throw new CliError("CLI_PASSWORD_MISSING", `no password: ${ways}`);
  }
  const [password, again] = await askHidden(input, terminal, ["Password: ", "Again: "]);
  if (password === again && password !== undefined) return password;
  throw new CliError("CLI_PASSWORD_MISSING", "the two passwords differ; nothing was changed");
}

async function readAll(input: PasswordInput): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array);
    sizeBytes += bytes.byteLength;
    if (sizeBytes > PASSWORD_INPUT_BYTES_MAX) {
      throw new CliError(
        "CLI_USAGE",
        `standard input is longer than ${PASSWORD_INPUT_BYTES_MAX} bytes: no password`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

/** Asks one question after the other; what is typed stays invisible. */
async function askHidden(
  input: PasswordInput,
  terminal: Terminal,
  questions: readonly string[],
): Promise<readonly string[]> {
  const answers: string[] = [];
  let typed = "";
  input.setRawMode?.(true);
  terminal.showStatus(questions[0] ?? null);
  try {
    for await (const chunk of input) {
      for (const key of chunk.toString()) {
        if (key === CTRL_C || key === END_OF_INPUT) {
          throw new CliError("CLI_INTERRUPTED", "no password was given; nothing was changed");
        }
        if (ENTER.has(key)) {
          answers.push(typed);
          typed = "";
          terminal.showStatus(questions[answers.length] ?? null);
          if (answers.length === questions.length) return answers;
        } else if (ERASE.has(key)) typed = typed.slice(0, -1);
        else typed = key === CTRL_U ? "" : typed + key;
      }
    }
    return answers;
  } finally {
    terminal.showStatus(null);
    input.setRawMode?.(false);
  }
}
