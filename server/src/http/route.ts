import type { ErrorCode } from "../base/error-codes.data.ts";
import type { AppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import type { AnyOperation, Operation } from "../base/operation.ts";
import type { RequestReader } from "./reader.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How one route translates between HTTP and its operation. */
export interface RouteOptions<I, O> {
  /** Gathers the operation's raw input; its schema checks it afterwards. */
  readonly read?: (reader: RequestReader, facts: Facts) => unknown;
  /** The compatible JSON value, or a whole Response; without it the output is the JSON. */
  readonly write?: (output: O, reader: RequestReader) => unknown;
  /** Status of success, 200 unless said. */
  readonly status?: number;
  /** Statuses and headers that this route's callers expect for certain codes. */
  readonly errors?: Partial<Record<ErrorCode, ErrorAnswer>>;
  /**
   * The JSON depends only on the caller, the URL and tables that announce their changes, so a finished answer
   * may be kept until one of them changes.
   */
  readonly isCached?: boolean;
  /** The last parameter of the path takes all that is left of it, slashes included. */
  readonly isDeep?: boolean;
  readonly summary: string;
  /** Names on the wire of input fields, where they are not just the field's name in snake case. */
  readonly names?: Readonly<Record<string, string>>;
  /** Only a type carrier. */
  readonly input?: I;
}

export interface ErrorAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes `detail` where callers expect more than the message. */
  readonly detail?: (error: AppError) => unknown;
}

/** One line of a route table. */
export interface RestRoute {
  readonly method: Method;
  /** `{name}` marks a path parameter. */
  readonly path: string;
  readonly operation: AnyOperation;
  readonly options: RouteOptions<never, never>;
}

function route(method: Method) {
  return <I, O, In>(path: string, operation: Operation<I, O, In>, options: RouteOptions<I, O>): RestRoute =>
    // The table holds routes of every input and output; the mount hands each its own operation's values.
    ({ method, path, operation, options }) as unknown as RestRoute;
}

/** A route that reads; it answers HEAD too. */
export const get = route("GET");
/** A route that creates or starts something. */
export const post = route("POST");
/** A route that replaces or changes something. */
export const put = route("PUT");
/** A route that removes something. */
export const del = route("DELETE");
