import * as v from "valibot";
import { AppError } from "./errors.ts";

/** One page of a list on the tRPC door; `total` is null unless it was asked for. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly total: number | null;
}

/** Where a keyset page goes on: the sort value and id of the last row, for one order. */
export interface Cursor {
  readonly order: string;
  readonly value: string | number | null;
  readonly id: number;
}

const CursorSchema = v.strictTuple([
  v.string(),
  v.nullable(v.union([v.string(), v.number()])),
  v.pipe(v.number(), v.integer()),
]);

/** Longest cursor text that is looked at; a sort key is cut to 500 characters. */
const CURSOR_CHARS_MAX = 4096;

/** Writes a cursor as opaque text. */
export function formatCursor(cursor: Cursor): string {
  const json = JSON.stringify([cursor.order, cursor.value, cursor.id]);
  return new TextEncoder().encode(json).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Reads a cursor back.
 * @param order The order of the present call; a cursor of another order is refused.
 * @throws AppError `PAGE_CURSOR_INVALID`.
 */
export function parseCursor(text: string, order: string): Cursor {
  const refused = (cause?: unknown) =>
    new AppError("invalid", "PAGE_CURSOR_INVALID", { message: "cursor does not belong to this list", cause });
  if (text.length > CURSOR_CHARS_MAX) throw refused();
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" })));
  } catch (cause) {
    throw refused(cause);
  }
  const result = v.safeParse(CursorSchema, parsed);
  if (!result.success || result.output[0] !== order) throw refused();
  return { order, value: result.output[1], id: result.output[2] };
}
