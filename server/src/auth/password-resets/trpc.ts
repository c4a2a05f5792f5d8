import { mutation } from "../../rpc/procedures.ts";
import { askPasswordReset, usePasswordReset } from "./service.ts";

/** Procedures about forgotten passwords, for the group of those about accounts. */
export const passwordResetProcedures = {
  askPasswordReset: mutation(askPasswordReset),
  resetPassword: mutation(usePasswordReset),
};
