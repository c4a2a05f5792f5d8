import type { OptionSpec, OptionTable } from "./arguments.ts";

/** The name of the program, as it is typed. */
export const PROGRAM = "multitap";

/** What the help of one command is made of. */
export interface HelpSubject {
  /** The command without the program's name. */
  readonly name: string;
  readonly summary: string;
  readonly positionals: readonly string[];
  readonly options: OptionTable;
  /** Paragraphs below the options. */
  readonly notes: readonly string[];
}

/** Writes the help of one command. */
export function formatHelp({ name, summary, positionals, options, notes }: HelpSubject): string {
  const rows = Object.entries(options).map(([name, spec]): [string, string] => [
    formatOption(name, spec),
    formatOptionHelp(spec),
  ]);
  const lines = [
    `Usage: ${[PROGRAM, name, ...positionals, "[options]"].join(" ")}`,
    "",
    summary,
    "",
    "Options:",
    ...formatColumns(rows),
  ];
  for (const note of notes) lines.push("", note);
  return lines.join("\n");
}

function formatOption(name: string, spec: OptionSpec): string {
  if (name === "help") return "-h, --help";
  if (spec.kind === "text" && spec.short !== undefined)
    return `-${spec.short}, --${name} ${spec.placeholder}`;
  if (spec.kind !== "flag") return `--${name} ${spec.placeholder}`;
  return spec.fallback ? `--${name}=false` : `--${name}`;
}

function formatOptionHelp(spec: OptionSpec): string {
  if (spec.kind === "list") return `${spec.help} May be repeated.`;
  if (spec.kind === "flag") return spec.help;
  const accepts = spec.accepts === undefined ? "" : ` One of ${spec.accepts.join(", ")}.`;
  return `${spec.help}${accepts}${spec.isRequired === true ? " Required." : ""}`;
}

/** Writes rows of two columns, indented, the second one aligned. */
export function formatColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
