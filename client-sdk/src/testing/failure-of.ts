import { isMultitapError, type MultitapError } from "../errors.ts";

/** What a promise is rejected with; fails when it is not an error of ours. */
export async function failureOf(promise: Promise<unknown>): Promise<MultitapError> {
  const thrown: unknown = await promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
  if (isMultitapError(thrown)) return thrown;
  throw new TypeError(`not an error of ours: ${String(thrown)}`, { cause: thrown });
}
