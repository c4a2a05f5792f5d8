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

/** Makes the compiler check that a union was handled completely. */
export function assertNever(value: never): never {
  throw new AssertionError(`unhandled case: ${JSON.stringify(value)}`);
}
