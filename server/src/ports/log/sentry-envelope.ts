/**
 * Failures as Sentry's envelopes, without a library: the official one weighs 12 MB, patches what it finds, and sends
 * more than anybody asked for.
 * @source https://develop.sentry.dev/sdk/data-model/envelopes/
 */
import { maskSecrets } from "./masking.ts";

/** Where envelopes go. */
export interface SentryTarget {
  readonly url: string;
  readonly key: string;
}

/** Reads a DSN: `https://KEY@HOST/PROJECT`, perhaps with a path before the project. Null for anything else. */
export function parseSentryDsn(text: string): SentryTarget | null {
  const url = URL.parse(text);
  const [, folder = "", project] = /^(.*)\/(\w+)$/.exec(url?.pathname ?? "") ?? [];
  if (url === null || project === undefined || !/^https?:$/.test(url.protocol)) return null;
  if (!/^\w{1,128}$/.test(url.username)) return null;
  return { url: `${url.origin}${folder}/api/${project}/envelope/`, key: url.username };
}

/** What is reported of one failure. */
export interface SentryEvent {
  readonly id: string;
  readonly at: Date;
  readonly release: string;
  readonly level: "error";
  /** The component that logged it; null for the server itself. */
  readonly component: string | null;
  readonly message: string;
  readonly error: unknown;
}

/** Errors of a chain of causes, and lines of a stack, that are sent. */
const CAUSES_MAX = 5;
const FRAMES_MAX = 50;
const TEXT_CHARS_MAX = 500;

/** Writes the envelope of an event: three lines of JSON. */
export function formatEnvelope(event: SentryEvent): string {
  const head = { event_id: event.id, sent_at: event.at.toISOString() };
  const body = {
    event_id: event.id,
    timestamp: event.at.getTime() / 1000,
    platform: "javascript",
    level: event.level,
    logger: event.component ?? "server",
    release: event.release,
    // Sentry would otherwise take the address of the connection for that of a user.
    user: { ip_address: "0.0.0.0" },
    contexts: { runtime: { name: "bun", version: process.versions.bun }, os: { name: process.platform } },
    message: { formatted: withoutPersons(event.message) },
    exception: { values: listErrors(event.error).map(toException).toReversed() },
  };
  return `${JSON.stringify(head)}\n${JSON.stringify({ type: "event" })}\n${JSON.stringify(body)}\n`;
}

function listErrors(thrown: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let at = thrown; at instanceof Error && errors.length < CAUSES_MAX; at = at.cause) errors.push(at);
  return errors;
}

function toException(error: Error) {
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return {
    type: error.name,
    value: `${withoutPersons(error.message)}${code}`,
    stacktrace: { frames: toFrames(error.stack ?? "") },
  };
}

const FRAME = /^\s+at (?:(?:async )?(.{0,200}?) \()?(.{1,500}?):(\d+):(\d+)\)?$/;

/** The outermost call first, as the protocol wants it; files below the project without what is before it. */
function toFrames(stack: string) {
  const lines = stack.split("\n").slice(0, FRAMES_MAX);
  const frames = lines.flatMap((line) => {
    const [, name, path = "", row, column] = FRAME.exec(line) ?? [];
    if (row === undefined) return [];
    const known = /(?:^|\/)((?:server|db|native|client-sdk|node_modules)\/.*)$/.exec(path)?.[1];
    const filename = known ?? (path.startsWith("node:") || path.startsWith("bun:") ? path : "elsewhere");
    const isOurs = known !== undefined && !known.startsWith("node_modules/");
    return [{ function: name ?? "?", filename, lineno: Number(row), colno: Number(column), in_app: isOurs }];
  });
  return frames.toReversed();
}

/**
 * A text without what could tell somebody or something of theirs: secrets, quoted names, paths, addresses. What is
 * left are our own words.
 */
export function withoutPersons(text: string): string {
  const [first = ""] = text.split("\nparams: ", 1);
  return maskSecrets(first.slice(0, 4 * TEXT_CHARS_MAX))
    .replaceAll(/"[^"\n]*"|'[^'\n]*'|`[^`\n]*`|“[^”\n]*”/g, "<text>")
    .replaceAll(/[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi, "<url>")
    .replaceAll(/[\w.+-]{1,64}@[\w.-]{1,255}/g, "<mail>")
    .replaceAll(/(?<![\w<])\.{0,2}\/[^\n:,;)]*/g, "<path>")
    .replaceAll(/\b[\w-]+(?:\/[^\s:,;)]+)+/g, "<path>")
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b/gi, "<address>")
    .replaceAll(/\b[^\s<>]{1,200}\.[a-z0-9]{1,5}\b/gi, "<file>")
    .slice(0, TEXT_CHARS_MAX);
}
