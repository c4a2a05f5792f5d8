import { VERSION } from "../app/facts.ts";
import type { Command, CommandResult, Surroundings } from "./command.ts";
import { CliError, type Failure, toFailure } from "./errors.ts";
import { formatColumns, PROGRAM } from "./help.ts";

/** One run of the program. */
export interface Run {
  /** What was typed after the program's name. */
  readonly argv: readonly string[];
  readonly commands: readonly Command[];
  readonly surroundings: Surroundings;
}

/**
 * Runs one command line to its end. Results go to standard output, everything else to standard error; with
 * `--json` standard output holds exactly one line, a JSON object, in every case.
 * @returns The exit code.
 */
export async function runCommandLine(run: Run): Promise<number> {
  const isJson = run.argv.includes("--json") || run.argv.includes("--json=true");
  const { terminal } = run.surroundings;
  try {
    const result = await runCommand(run);
    const failure = result.failure ?? null;
    if (isJson)
      terminal.print(
        JSON.stringify(failure === null ? result.json : { ...toErrorObject(failure), ...result.json }),
      );
    else for (const line of result.lines) terminal.print(line);
    if (failure !== null && !isJson) terminal.note(formatFailure(failure));
    return failure?.exitCode ?? 0;
  } catch (error) {
    const failure = toFailure(error);
    if (failure.isBug) terminal.note(Bun.inspect(error));
    if (isJson) terminal.print(JSON.stringify(toErrorObject(failure)));
    else terminal.note(formatFailure(failure));
    return failure.exitCode;
  }
}

function toErrorObject({ code, message }: Failure) {
  return { error: { code, message } };
}

/** One line, in the form of a start refusal. */
export function formatFailure({ code, message }: Failure): string {
  return `${PROGRAM}: ${message} (${code})`;
}

async function runCommand({ argv, commands, surroundings }: Run): Promise<CommandResult> {
  const [first = "--help"] = argv;
  if (first === "--version") return { json: { version: VERSION }, lines: [VERSION] };
  if (first === "--help" || first === "-h" || first === "help" || first.startsWith("--json")) {
    const help = formatOverview(commands);
    return { json: { help }, lines: [help] };
  }
  const command = findCommand(argv, commands);
  if (command !== null) return await command.run(argv.slice(command.name.split(" ").length), surroundings);
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && (argv.includes("--help") || argv.includes("-h"))) {
    const help = formatColumns(toRows(group)).join("\n");
    return { json: { help }, lines: [help] };
  }
  throw unknownCommand(first, group);
}

function findCommand(argv: readonly string[], commands: readonly Command[]): Command | null {
  const isMeant = ({ name }: Command) => name.split(" ").every((word, index) => argv[index] === word);
  return commands.find(isMeant) ?? null;
}

function unknownCommand(first: string, group: readonly Command[]): CliError {
  if (group.length > 0) {
    const names = group.map(({ name }) => name).join(", ");
    return new CliError("CLI_USAGE", `${first} needs one more word that is known; there is ${names}`);
  }
  const kind = first.startsWith("-") ? "option" : "command";
  return new CliError("CLI_USAGE", `unknown ${kind} ${first}. See ${PROGRAM} --help`);
}

function toRows(commands: readonly Command[]): readonly (readonly [string, string])[] {
  return commands.map(({ name, summary }) => [name, summary] as const);
}

function formatOverview(commands: readonly Command[]): string {
  return [
    `Usage: ${PROGRAM} COMMAND [options]`,
    "",
    "Commands:",
    ...formatColumns(toRows(commands)),
    "",
    `${PROGRAM} COMMAND --help tells more. --json, on every command, prints one JSON object on standard output.`,
    "Settings come from the same environment variables as the server's; ROMM_BASE_PATH names the data folder.",
    "Exit codes: 0 done, 1 failed, 64 not understood, 78 a setting has to be changed, 130 interrupted.",
  ].join("\n");
}
