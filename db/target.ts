/** Where a database is, and how that travels as text through an environment variable. */
import { DbError } from "./errors.ts";

export interface UrlTarget {
  /** `postgres://user:password@host:port/database?sslmode=…`. */
  url: string;
}

export interface SocketTarget {
  /** Folder that holds `.s.PGSQL.<port>`. */
  socketFolder: string;
  user: string;
  database: string;
  port: number;
}

export type ConnectionTarget = UrlTarget | SocketTarget;

const DEFAULT_PORT = 5432;

// What a URL without a user means; libpq would ask the system for a name, which fails for uids without a passwd entry.
const DEFAULT_USER = "multitap";

/** The text form of a target: the URL itself, or libpq's `postgres:///database?host=<folder>` for a socket. */
export function formatTarget(target: ConnectionTarget): string {
  if ("url" in target) return target.url;
  const query = new URLSearchParams({
    user: target.user,
    host: target.socketFolder,
    port: String(target.port),
  });
  return `postgres:///${encodeURIComponent(target.database)}?${query}`;
}

/**
 * The target that a text names.
 * @throws DbError `E_DB_CONNECT` when the text is not a PostgreSQL URL, `E_DB_MARIADB` for a MySQL one.
 *   The text is never repeated, for it may hold a password.
 */
export function parseTarget(text: string): ConnectionTarget {
  const url = parseUrl(text);
  const socketFolder = url.searchParams.get("host");
  if (socketFolder === null || !socketFolder.startsWith("/")) return { url: text };
  return {
    socketFolder,
    user: url.searchParams.get("user") ?? (decodePart(url.username) || DEFAULT_USER),
    database: decodePart(url.pathname.slice(1)) || DEFAULT_USER,
    port: Number(url.searchParams.get("port") ?? (url.port || DEFAULT_PORT)),
  };
}

/** Decodes a part of a URL; what is not encoded properly stands for itself. */
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^(mysql|mariadb)/.test(url.protocol)) {
    throw new DbError(
      "E_DB_MARIADB",
      `the database URL starts with ${url.protocol}//: Multitap uses PostgreSQL. Remove it for the built-in database, then run import-romm.`,
    );
  }
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol)) {
    throw new DbError(
      "E_DB_CONNECT",
      `the database URL is not readable: it starts with ${url === null ? "no known scheme" : `${url.protocol}//`}. Write postgres://user:password@host:5432/database, with special characters of the password percent-encoded.`,
      { exitCode: 78 },
    );
  }
  return url;
}

/** The parts of a URL target, with the defaults filled in; the password is left out on purpose. */
export function readUrlTarget(target: UrlTarget): {
  user: string;
  host: string;
  port: number;
  database: string;
} {
  const url = parseUrl(target.url);
  const user = decodePart(url.username) || DEFAULT_USER;
  return {
    user,
    host: url.hostname.replace(/^\[|\]$/g, "") || "localhost",
    port: Number(url.port || DEFAULT_PORT),
    database: decodePart(url.pathname.slice(1)) || user,
  };
}

/** The same server with another database. */
export function withDatabase(target: ConnectionTarget, database: string): ConnectionTarget {
  if (!("url" in target)) return { ...target, database };
  const url = parseUrl(target.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { url: url.href };
}

/** A target for messages and logs: never holds the password. */
export function describeTarget(target: ConnectionTarget): string {
  if (!("url" in target)) return `${target.user}@${target.socketFolder}/${target.database}`;
  const { user, host, port, database } = readUrlTarget(target);
  return `${user}@${host}:${port}/${database}`;
}
