/** A benchmark cannot be run: the server does not start, an answer is not what was asked for. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}
