import { pino } from "pino";
import type { Log, LogFields, LogLine, RecentLines } from "./port.ts";
import { createRecentLines } from "./recent.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "text" | "json";
  /** Where lines go; standard output unless a test wants them. */
  readonly write?: ((line: string) => void) | undefined;
}

/** Field names whose values never reach a line. */
const SECRET_PATHS = [
  "password",
  "token",
  "secret",
  "authorization",
  "cookie",
  "*.password",
  "*.token",
  "*.secret",
];

/** Opens the log on standard output: readable lines, or one JSON object a line. The last ones stay in memory. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const recent = createRecentLines();
  const isJson = options.format === "json";
  const logger = pino(
    {
      level: options.level,
      base: null,
      redact: SECRET_PATHS,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: serializeError },
    },
    {
      write(line: string) {
        const entry = JSON.parse(line) as Entry;
        write(isJson ? line : toReadable(entry));
        recent.add(toLine(entry));
      },
    },
  );
  return wrap(logger, recent);
}

function wrap(logger: pino.Logger, recent: RecentLines): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (component) => wrap(logger.child({ component }), recent),
    recent,
  };
}

/** Depth of a chain of causes that is written out. */
const CAUSES_MAX = 5;

function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const cause =
    error.cause === undefined || depth >= CAUSES_MAX ? undefined : serializeError(error.cause, depth + 1);
  const message = withoutParameters(error.message);
  return { name: error.name, message, stack: withoutParameters(error.stack ?? ""), cause };
}

/** Characters of a failed statement that are shown. */
const STATEMENT_CHARS_MAX = 300;

/** Drizzle writes a failed query with all its values into the message: passwords' hashes, names, whole batches. */
function withoutParameters(text: string): string {
  const start = text.indexOf("Failed query: ");
  const values = text.indexOf("\nparams: ", start);
  if (start < 0 || values < 0) return text;
  const trace = text.indexOf("\n    at ", values);
  const statement = text.slice(0, Math.min(values, start + STATEMENT_CHARS_MAX));
  return trace < 0 ? statement : statement + text.slice(trace);
}

/** One object of the log; what stands beside these fields are its facts. */
interface Entry extends LogFields {
  readonly time: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly msg: string;
  readonly component?: string;
}

function toReadable(entry: Entry): string {
  const { time, level, component } = entry;
  const where = component === undefined ? "" : `${component}: `;
  return `${time} ${String(level).toUpperCase().padEnd(5)} ${where}${toText(entry)}\n`;
}

function toLine(entry: Entry): LogLine {
  const { time, level, component = null } = entry;
  return { atMs: Date.parse(time), level, component, text: toText(entry) };
}

/** The message with its facts. */
function toText({ time, level, component, msg, ...fields }: Entry): string {
  return `${msg}${Object.entries(fields)
    .map(([name, value]) => ` ${name}=${formatValue(value)}`)
    .join("")}`;
}

function formatValue(value: unknown): string {
  if (typeof value === "object" && value !== null && "stack" in value) return formatError(value);
  return typeof value === "string" && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}

function formatError(error: object): string {
  const stack = "stack" in error ? String(error.stack) : "";
  const cause =
    "cause" in error && typeof error.cause === "object" && error.cause !== null ? error.cause : null;
  return cause === null ? stack : `${stack}\n  caused by ${formatError(cause)}`;
}
