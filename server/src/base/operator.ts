import type { Context } from "./context.ts";
import { AppError } from "./errors.ts";

/**
 * Lets only the operator of this machine pass: what they may do to accounts, no account may do over the network.
 * @throws AppError `AUTH_OPERATOR_ONLY`.
 */
export function requireOperator(ctx: Context): void {
  if (ctx.identity.kind === "user" && ctx.identity.proof === "control") return;
  throw new AppError("forbidden", "AUTH_OPERATOR_ONLY", {
    message: "Only the command line on the server's own machine may do this",
  });
}
