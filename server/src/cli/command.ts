import type { Config } from "../app/config.ts";
import type { RawEnvironment } from "../app/read-environment.ts";
import type { Log } from "../ports/log/port.ts";
import {
  type ArgumentSpec,
  COMMON_OPTIONS,
  type OptionTable,
  type ParsedOptions,
  parseArguments,
} from "./arguments.ts";
import type { Failure } from "./errors.ts";
import { formatHelp } from "./help.ts";
import type { Interruption } from "./interruption.ts";
import type { Terminal } from "./terminal.ts";

/** What every command may use. */
export interface Surroundings {
  readonly environment: RawEnvironment;
  readonly terminal: Terminal;
  /** Asked for at first need: from then on signals ask the command to leave instead of ending it. */
  getInterruption(): Interruption;
  /**
   * The configuration, read at first need.
   * @throws StartError `E_CONFIG`.
   */
  getConfig(): Promise<Config>;
  /** A log on standard error, quieter than a server's. */
  createLog(config: Config): Log;
}

/** How a command ended. */
export interface CommandResult {
  /** The object that `--json` prints; `error` is added to it when the command failed. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What is printed on standard output for people. */
  readonly lines: readonly string[];
  /** Null when it succeeded. */
  readonly failure?: Failure | null | undefined;
}

/** One call of a command. */
export interface CommandCall<S extends OptionTable> extends Surroundings {
  readonly options: ParsedOptions<S & typeof COMMON_OPTIONS>;
  readonly positionals: readonly string[];
}

export interface CommandDefinition<S extends OptionTable> {
  /** What is typed, such as `user create`. */
  readonly name: string;
  readonly summary: string;
  readonly options: S;
  /** Names of the arguments without dashes, all needed; a last one that ends with "..." takes several. */
  readonly positionals?: readonly string[] | undefined;
  readonly notes?: readonly string[] | undefined;
  run(call: CommandCall<S>): Promise<CommandResult>;
}

/** A command of any options. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The text of `--help`. */
  readonly help: string;
  /** @throws CliError `CLI_USAGE`, and whatever the command throws. */
  run(argv: readonly string[], surroundings: Surroundings): Promise<CommandResult>;
}

/** Makes a command out of its definition; `--json` and `--help` come with it. */
export function createCommand<S extends OptionTable>(definition: CommandDefinition<S>): Command {
  const { name, summary, positionals = [], notes = [] } = definition;
  const options = { ...definition.options, ...COMMON_OPTIONS };
  const help = formatHelp({ name, summary, positionals, options, notes });
  const spec: ArgumentSpec<S & typeof COMMON_OPTIONS> = { name, options, positionals };
  return {
    name,
    summary,
    help,
    async run(argv, surroundings) {
      const parsed = parseArguments(argv, spec);
      if (parsed.options.help) return { json: { help }, lines: [help] };
      return await definition.run({ ...surroundings, ...parsed });
    },
  };
}
