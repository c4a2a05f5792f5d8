import { pino } from "pino";
import { createLineFolding, FOLD_WINDOW_MS, type LineFoldingOptions } from "./folding.ts";
import type { Log, LogFields, LogLine, RecentLines } from "./port.ts";
import { createRecentLines } from "./recent.ts";
import type { LoggedFailure } from "./sentry.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "text" | "json";
  /** Where lines go; standard output unless a test wants them. */
  readonly write?: ((line: string) => void) | undefined;
  /** Told of every failure that is logged as one. */
  readonly report?: ((failure: LoggedFailure) => void) | undefined;
  /** When equal lines are told; the runtime's timers unless a test has its own. */
  readonly schedule?: LineFoldingOptions<Entry>["schedule"];
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
  const folding = createLineFolding<Entry>({
    schedule: options.schedule,
    write(entry, count) {
      const told = count === 0 ? entry : { ...entry, time: new Date().toISOString(), repeated: count };
      write(isJson ? `${JSON.stringify(told)}\n` : toReadable(told));
      recent.add(toLine(told));
    },
  });
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
        if (FOLDED_LEVELS.has(entry.level)) {
          folding.take(toFoldingKey(entry), entry);
          return;
        }
        write(isJson ? line : toReadable(entry));
        recent.add(toLine(entry));
      },
    },
  );
  return wrap(logger, { recent, flush: folding.flush, report: options.report, component: null });
}

/** What comes by the hundred when something is broken. */
const FOLDED_LEVELS: ReadonlySet<string> = new Set(["warn", "error"]);

/** What two lines have to share to be equal: everything but when they came, and for which request. */
function toFoldingKey(entry: Entry): string {
  const { time: _time, requestId: _requestId, ...rest } = entry;
  return JSON.stringify(rest);
}

interface Wrapping {
  readonly recent: RecentLines;
  readonly flush: () => void;
  readonly report: LogOptions["report"];
  readonly component: string | null;
}

function wrap(logger: pino.Logger, parts: Wrapping): Log {
  const { recent, flush, report, component } = parts;
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error(message, fields) {
      logger.error(fields ?? {}, message);
      report?.({ component, message, error: fields?.error ?? null });
    },
    child: (name) => wrap(logger.child({ component: name }), { ...parts, component: name }),
    recent,
    flush,
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
  /** How many equal lines this one stands for, beside the one that was written at once. */
  readonly repeated?: number;
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
function toText({ time, level, component, msg, repeated, ...fields }: Entry): string {
  const times = repeated === undefined ? "" : ` (×${repeated} in ${FOLD_WINDOW_MS / 1000} s)`;
  const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`);
  return `${msg}${times}${facts.join("")}`;
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
