import { AppError } from "../../base/errors.ts";
import type { Log } from "../log/port.ts";
import { parseHostRules } from "./addresses.ts";
import type { Fetch, FetchRequest } from "./port.ts";
import { createWebFetch, type WebFetchOptions } from "./web.ts";

/** Servers and clients of one test file. */
export interface WebScene {
  /** What the clients logged. */
  readonly logged: unknown[];
  /** A client that may call loopback unless told. */
  open(options?: Partial<WebFetchOptions>): Fetch;
  /** Starts a server; gives its address. */
  serve(answer: (request: Request) => Response | Promise<Response>): string;
  /** Notes what has to be closed. */
  onClose(close: () => unknown): void;
  /** Closes everything, the last first. */
  close(): Promise<void>;
}

const LOOPBACK = parseHostRules(["127.0.0.0/8"]) ?? undefined;

/** Makes an empty scene. */
export function createWebScene(): WebScene {
  const closers: (() => unknown)[] = [];
  const logged: unknown[] = [];
  const log: Log = {
    debug: (message, fields) => void logged.push([message, fields]),
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  };
  return {
    logged,
    open(options = {}) {
      const client = createWebFetch({ log, userAgent: "Multitap/test", allow: LOOPBACK, ...options });
      closers.push(() => client.close());
      return client;
    },
    serve(answer) {
      const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 60, fetch: answer });
      closers.push(() => server.stop(true));
      return `http://127.0.0.1:${server.port}`;
    },
    onClose: (close) => void closers.push(close),
    async close() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

/** What a call came to: status and text, or kind and code of its failure. */
export async function outcomeOf(client: Fetch, url: string, request?: FetchRequest) {
  try {
    const { status, bytes } = await client.fetch(url, request);
    return [status, new TextDecoder().decode(bytes)];
  } catch (error) {
    return error instanceof AppError ? kindOf(error) : [(error as Error).name];
  }
}

/** The expected failure of a call. */
export async function failureOf(run: Promise<unknown>): Promise<AppError> {
  const failure: unknown = await run.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof AppError) return failure;
  throw new TypeError("no expected failure", { cause: failure });
}

/** Kind and code, to compare. */
export function kindOf({ kind, code }: AppError): string[] {
  return [kind, code];
}

export const REFUSED = ["invalid", "FETCH_REFUSED"];
export const FAILED = ["unavailable", "FETCH_FAILED"];
export const INVALID = ["upstream", "FETCH_ANSWER_INVALID"];
