import { parseArgs } from "node:util";
import { CliError } from "./errors.ts";
import { PROGRAM } from "./help.ts";

/** On or off: `--name`, `--no-name`, `--name=true`, `--name=false`. */
export interface FlagSpec {
  readonly kind: "flag";
  readonly fallback: boolean;
  readonly help: string;
}

/** One value: `--name VALUE` or `--name=VALUE`. */
export interface TextSpec {
  readonly kind: "text";
  /** One letter that stands for the name behind a single dash. */
  readonly short?: string | undefined;
  readonly placeholder: string;
  readonly help: string;
  /** The only values accepted; any when left out. */
  readonly accepts?: readonly string[] | undefined;
  readonly isRequired?: boolean | undefined;
}

/** Any number of values, one per mention. */
export interface ListSpec {
  readonly kind: "list";
  readonly placeholder: string;
  readonly help: string;
}

export type OptionSpec = FlagSpec | TextSpec | ListSpec;
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends FlagSpec
  ? boolean
  : S extends ListSpec
    ? readonly string[]
    : string | null;

/** The options of a command as they were given; a text that was left out is null. */
export type ParsedOptions<S extends OptionTable> = { readonly [K in keyof S]: ValueOf<S[K]> };

export interface ParsedArguments<S extends OptionTable> {
  readonly options: ParsedOptions<S>;
  readonly positionals: readonly string[];
}

export interface ArgumentSpec<S extends OptionTable> {
  /** The command without the program's name, for messages. */
  readonly name: string;
  readonly options: S;
  /** Names of the positional arguments, all of which are needed; a last one that ends with "..." takes several. */
  readonly positionals: readonly string[];
}

/** One mention of an option, as Node's own scanner found it. */
interface Mention {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly isInline: boolean;
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  json: { kind: "flag", fallback: false, help: "Print exactly one JSON object on standard output." },
  help: { kind: "flag", fallback: false, help: "Show this text." },
} as const satisfies OptionTable;

/**
 * Reads the arguments of one command.
 * @throws CliError `CLI_USAGE` with one line that names what is wrong.
 */
export function parseArguments<S extends OptionTable>(
  argv: readonly string[],
  spec: ArgumentSpec<S>,
): ParsedArguments<S> {
  const refuse = (what: string) => {
    return new CliError("CLI_USAGE", `${spec.name}: ${what}. See ${PROGRAM} ${spec.name} --help`);
  };
  const { mentions, positionals } = scanArguments(argv, spec.options);
  const values = new Map<string, boolean | string | string[]>();
  for (const mention of mentions) readMention(mention, { table: spec.options, values, refuse });
  const missing = spec.positionals[positionals.length];
  if (missing !== undefined && values.get("help") !== true)
    throw refuse(`${missing.replace(/\.{3}$/, "")} is missing`);
  const takesMore = spec.positionals.at(-1)?.endsWith("...") === true;
  const extra = takesMore ? undefined : positionals[spec.positionals.length];
  if (extra !== undefined) throw refuse(`unexpected argument ${JSON.stringify(extra)}`);
  return { options: fillIn(spec.options, values, refuse), positionals };
}

function scanArguments(
  argv: readonly string[],
  table: OptionTable,
): { readonly mentions: readonly Mention[]; readonly positionals: readonly string[] } {
  const types = Object.entries(table).map(([name, spec]) => {
    const short = spec.kind === "text" && spec.short !== undefined ? { short: spec.short } : {};
    return [name, { type: spec.kind === "flag" ? "boolean" : "string", multiple: true, ...short }] as const;
  });
  const options = { ...Object.fromEntries(types), help: { type: "boolean", short: "h" } } as const;
  const args = [...argv];
  // Not strict: its messages are ours to write, and it knows no `--wait=false`.
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true, allowPositionals: true });
  const mentions: Mention[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    mentions.push({ name, rawName, value, isInline: inlineValue === true });
  }
  return { mentions, positionals };
}

interface Reading {
  readonly table: OptionTable;
  readonly values: Map<string, boolean | string | string[]>;
  readonly refuse: (what: string) => CliError;
}

function readMention(mention: Mention, { table, values, refuse }: Reading): void {
  const spec = findSpec(table, mention.name);
  if (spec === null) {
    const negated = mention.name.startsWith("no-") ? mention.name.slice(3) : "";
    if (findSpec(table, negated)?.kind !== "flag" || mention.value !== undefined) {
      throw refuse(`unknown option ${mention.rawName}`);
    }
    values.set(negated, false);
    return;
  }
  if (spec.kind === "flag") {
    if (mention.value !== undefined && mention.value !== "true" && mention.value !== "false") {
      throw refuse(`${mention.rawName} is ${JSON.stringify(mention.value)}; accepted: true, false`);
    }
    values.set(mention.name, mention.value !== "false");
    return;
  }
  const value = readValue(mention, spec, refuse);
  const earlier = values.get(mention.name);
  if (spec.kind === "list") {
    values.set(mention.name, Array.isArray(earlier) ? [...earlier, value] : [value]);
    return;
  }
  if (earlier !== undefined) throw refuse(`${mention.rawName} is given twice`);
  values.set(mention.name, value);
}

function readValue(mention: Mention, spec: TextSpec | ListSpec, refuse: (what: string) => CliError): string {
  const { value, rawName, isInline } = mention;
  // A following option is not meant as a value; one that begins with a dash is written with "=".
  if (value === undefined || value === "" || (!isInline && value.startsWith("-"))) {
    throw refuse(`${rawName} needs a value (${spec.placeholder})`);
  }
  const accepts = spec.kind === "text" ? spec.accepts : undefined;
  if (accepts === undefined || accepts.includes(value)) return value;
  throw refuse(`${rawName} is ${JSON.stringify(value)}; accepted: ${accepts.join(", ")}`);
}

function findSpec(table: OptionTable, name: string): OptionSpec | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

function fillIn<S extends OptionTable>(
  table: S,
  values: ReadonlyMap<string, boolean | string | string[]>,
  refuse: (what: string) => CliError,
): ParsedOptions<S> {
  const isHelp = values.get("help") === true;
  const entries = Object.entries(table).map(([name, spec]) => {
    const given = values.get(name);
    if (given !== undefined) return [name, given];
    if (spec.kind === "flag") return [name, spec.fallback];
    if (spec.kind === "list") return [name, []];
    if (spec.isRequired === true && !isHelp) throw refuse(`--${name} is missing`);
    return [name, null];
  });
  // The loop above gives every name of the table a value of its kind.
  return Object.fromEntries(entries) as ParsedOptions<S>;
}
