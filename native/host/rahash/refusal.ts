import type { RaMissReason } from "./types.ts";

/** Ends a rule that finds no hash; it never leaves this folder. */
export class RaRefusal extends Error {
  override readonly name = "RaRefusal";
  readonly reason: RaMissReason;

  constructor(reason: RaMissReason, message: string, cause: unknown = null) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Ends the rule. */
export function refuse(reason: RaMissReason, message: string, cause: unknown = null): never {
  throw new RaRefusal(reason, message, cause);
}
