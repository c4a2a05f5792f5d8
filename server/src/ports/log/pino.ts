import { pino } from "pino";
import type { Log, LogFields } from "./port.ts";

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

/** Opens the log on standard output: readable lines, or one JSON object a line. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const logger = pino(
    {
      level: options.level,
      base: null,
      redact: SECRET_PATHS,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: serializeError },
    },
    { write: options.format === "json" ? write : (line: string) => write(toReadable(line)) },
  );
  return wrap(logger);
}

function wrap(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (component) => wrap(logger.child({ component })),
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

function toReadable(line: string): string {
  const { time, level, msg, component, ...fields } = JSON.parse(line) as LogFields;
  const where = component === undefined ? "" : `${component}: `;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`);
  return `${time} ${String(level).toUpperCase().padEnd(5)} ${where}${msg}${rest.join("")}\n`;
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
