/**
 * Reads the text form of Prometheus, and refuses what its parser would.
 * @source https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** One line with a number. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly ExposedSample[];
  /** By the name of the family. */
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const TYPES: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);

/** @throws RangeError for a line that is none, a family that comes twice, or a sample that comes twice. */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith("\n")) throw new RangeError("the last line has no end");
  const types = new Map<string, string>();
  const samples: ExposedSample[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line.startsWith("#")) {
      readComment(line, types);
      continue;
    }
    const sample = readSample(line);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
    if (seen.has(key)) throw new RangeError(`twice: ${line}`);
    seen.add(key);
    if (!types.has(familyOf(sample.name, types))) throw new RangeError(`without a type before it: ${line}`);
    samples.push(sample);
  }
  return { samples, types };
}

function readComment(line: string, types: Map<string, string>): void {
  const [, kind, name = "", rest = ""] = COMMENT.exec(line) ?? [];
  if (kind === undefined) throw new RangeError(`no comment of ours: ${line}`);
  if (kind !== "TYPE") return;
  if (!TYPES.has(rest)) throw new RangeError(`unknown type: ${line}`);
  if (types.has(name)) throw new RangeError(`twice: ${line}`);
  types.set(name, rest);
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  const base = name.replace(/_(bucket|sum|count)$/, "");
  return types.has(name) ? name : base;
}

function readSample(line: string): ExposedSample {
  const [, name = "", labelText = "", valueText = ""] = SAMPLE.exec(line) ?? [];
  const value = valueText === "+Inf" ? Number.POSITIVE_INFINITY : Number(valueText);
  if (name === "" || (Number.isNaN(value) && valueText !== "NaN")) throw new RangeError(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < labelText.length; ) {
    const [, label, text] = LABEL.exec(labelText) ?? [];
    if (label === undefined || text === undefined) throw new RangeError(`no labels: ${line}`);
    if (label in labels) throw new RangeError(`a label comes twice: ${line}`);
    labels[label] = text.replaceAll(/\\(.)/g, (_, mark: string) => (mark === "n" ? "\n" : mark));
  }
  return { name, labels, value };
}
