import { CliError } from "./errors.ts";
import { PROGRAM } from "./help.ts";

/** Gives the refusal of a command line, in the form in which arguments are refused. */
export function usageError(command: string, what: string): CliError {
  return new CliError("CLI_USAGE", `${command}: ${what}. See ${PROGRAM} ${command} --help`);
}

/** Which numbers an option takes. */
export interface WholeNumberSpec {
  readonly command: string;
  /** The option without its dashes. */
  readonly option: string;
  readonly min: number;
  readonly max: number;
}

/**
 * Reads an option that takes a whole number; null where it was left out.
 * @throws CliError `CLI_USAGE` for anything else.
 */
export function parseWholeNumber(text: string | null, spec: WholeNumberSpec): number | null {
  if (text === null) return null;
  const { command, option, min, max } = spec;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(
    command,
    `--${option} is ${JSON.stringify(text)}; accepted: a whole number from ${min} to ${max}`,
  );
}
