import type { Kind } from "./errors.ts";

interface CodeFacts {
  readonly kind: Kind;
  /** One sentence for `errors.md`: when a caller meets this code. */
  readonly meaning: string;
}

/**
 * Every error code the server can answer with. `errors.md` is generated from it and a test fails when a
 * code is thrown nowhere; a code that is not here does not compile.
 */
export const ERROR_CODES = {
  INTERNAL: { kind: "internal", meaning: "A bug in the server; the log holds the cause under the request id." },
  INPUT_INVALID: { kind: "invalid", meaning: "The input does not fit the operation's schema; details lists where." },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;
