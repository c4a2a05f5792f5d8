/** Marks a bug: never caught to steer the flow, answered as `internal`. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Stops a programmer error where it happens.
 * @throws AssertionError when `condition` is false.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
