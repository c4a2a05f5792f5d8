import * as v from "valibot";
import type { Context } from "./context.ts";
import { AppError, isAppError } from "./errors.ts";
import type { Facts } from "./facts.ts";
import { answerOnce } from "./idempotency.ts";
import { hasScope } from "./identity.ts";
import type { Scope } from "./scopes.ts";

type Schema<T> = v.GenericSchema<unknown, T>;

/** Who may call an operation: holders of a scope, or anyone ("public"). */
export type Access = Scope | "public";

export interface OperationDefinition<I, O, In = unknown> {
  /** A query changes nothing and may be repeated; a mutation may change things. */
  readonly type: "query" | "mutation";
  readonly scope: Access;
  /** Holders of this scope may call it as well. */
  readonly orScope?: Scope | undefined;
  /** The operator may have opened it to everyone: asked with the facts of this process. */
  readonly isOpen?: (facts: Facts) => boolean;
  readonly input: v.GenericSchema<In, I>;
  readonly output: Schema<O>;
  /** Its answer holds a secret or bytes, so none is kept for a repeated idempotency key and a repeat runs again. */
  readonly storesNoAnswer?: boolean;
  /** Changes nothing that kept answers show, so they stay: for what apps send every few seconds. */
  readonly isFleeting?: boolean;
}

/** One thing the server can do, behind every door. */
export interface Operation<I, O, In = unknown> extends OperationDefinition<I, O, In> {
  /**
   * Runs with the input already checked. Doors use `callOperation`; other operations call this directly
   * inside their own permission.
   */
  run(ctx: Context, input: I): Promise<O>;
}

/** Any operation, for tables that hold many of them. */
export type AnyOperation = Operation<never, unknown, never>;

/** Ties permission, schemas and code together. */
export function operation<I, O, In>(
  definition: OperationDefinition<I, O, In>,
  run: (ctx: Context, input: I) => Promise<O>,
): Operation<I, O, In> {
  return { ...definition, run };
}

/**
 * Asks whether the caller may run an operation at all.
 * @throws AppError `unauthenticated` for an anonymous caller, or what became of the credentials they sent;
 *   `forbidden` for a caller without the scope.
 */
export function requireAccess(ctx: Context, op: Pick<AnyOperation, "scope" | "orScope" | "isOpen">): void {
  const access = op.scope;
  if (access === "public" || hasScope(ctx.identity, access) || op.isOpen?.(ctx.facts) === true) return;
  if (op.orScope !== undefined && hasScope(ctx.identity, op.orScope)) return;
  if (ctx.identity.kind === "anonymous") {
    throw (
      ctx.identity.refusal ??
      new AppError("unauthenticated", "AUTH_REQUIRED", { message: "Not authenticated" })
    );
  }
  throw new AppError("forbidden", "AUTH_SCOPE_MISSING", { message: "Forbidden", details: { scope: access } });
}

/** One place where the input does not fit; `path` leads from the root of the input. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly type: string;
  readonly message: string;
  readonly input: unknown;
}

/**
 * Checks raw input against an operation's schema.
 * @throws AppError `INPUT_INVALID` with every issue in `details.issues`.
 */
export function parseInput<I>(
  schema: v.GenericSchema<never, I> | v.GenericSchema<unknown, I>,
  raw: unknown,
): I {
  const result = v.safeParse(schema, raw);
  if (result.success) return result.output;
  throw invalidInput(result.issues.map(toInputIssue));
}

/** Makes the error that doors translate to their own form of "this input does not fit". */
export function invalidInput(issues: readonly InputIssue[]): AppError<"invalid"> {
  const message = issues.map((issue) => `${issue.path.join(".") || "input"}: ${issue.message}`).join("; ");
  return new AppError("invalid", "INPUT_INVALID", { message, details: { issues } });
}

function toInputIssue(issue: v.BaseIssue<unknown>): InputIssue {
  const path = (issue.path ?? []).map((item) => (typeof item.key === "number" ? item.key : String(item.key)));
  return { path, type: issue.type, message: issue.message, input: toPlain(issue.input) };
}

/** Keeps answers small and safe: only plain scalars are echoed. */
function toPlain(value: unknown): unknown {
  if (typeof value === "string") return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return undefined;
}

/** Runs an operation for a door: permission first, then the input, then the code. */
export async function callOperation<I, O, In>(
  op: Operation<I, O, In>,
  ctx: Context,
  readInput: () => unknown,
): Promise<O> {
  requireAccess(ctx, op);
  const input = parseInput(op.input, await readInput());
  if (op.type === "query") return await op.run(ctx, input);
  const run = () => op.run(ctx, input);
  try {
    const output = await (op.storesNoAnswer === true ? run() : answerOnce(ctx, { input, run }));
    if (op.isFleeting !== true) ctx.noteWrite();
    return output;
  } catch (error) {
    // An expected refusal changed nothing; after anything else part of it may have been committed.
    if (!isAppError(error)) ctx.noteWrite();
    throw error;
  }
}
