// Client tokens, JSON web tokens, and the values of an Authorization header.
const SECRETS =
  /\brmm_[0-9a-f]{8,}|\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]+)?|\b(?:Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;

/** Longest chain of causes that is looked at. */
const CAUSES_MAX = 8;

/** The text with everything that looks like a secret taken out. */
export function redact(text: string): string {
  return text.replace(SECRETS, "[secret]");
}

/** The thrown value itself, or a copy without secrets when its chain of causes holds any. */
export function redactCause(cause: unknown): unknown {
  return holdsSecret(cause, CAUSES_MAX) ? copyCause(cause, CAUSES_MAX) : cause;
}

function holdsSecret(cause: unknown, depth: number): boolean {
  if (typeof cause === "string") return redact(cause) !== cause;
  if (!(cause instanceof Error) || depth === 0) return false;
  const text = `${cause.message}\n${cause.stack ?? ""}`;
  return redact(text) !== text || holdsSecret(cause.cause, depth - 1);
}

function copyCause(cause: unknown, depth: number): unknown {
  if (typeof cause === "string") return redact(cause);
  if (!(cause instanceof Error) || depth === 0) return depth === 0 ? undefined : cause;
  const copy = new Error(redact(cause.message), { cause: copyCause(cause.cause, depth - 1) });
  copy.name = cause.name;
  copy.stack = redact(cause.stack ?? "");
  return copy;
}
