import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { requireOperator } from "../../base/operator.ts";
import { findUserByName } from "../accounts/service.ts";
import { changePassword } from "../changes/service.ts";
import { ResetPasswordInput, ResetPasswordOutput } from "./contract.ts";

/**
 * Sets an account's password without asking for the old one; for the operator only. Login sessions and refresh
 * tokens of the account end with its old password, client tokens stay.
 * @throws AppError `USER_NOT_FOUND`, `USER_PASSWORD_INVALID`.
 */
export const resetPassword = operation(
  {
    type: "mutation",
    scope: "users.write",
    input: ResetPasswordInput,
    output: ResetPasswordOutput,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<ResetPasswordOutput> => {
    requireOperator(ctx);
    const account = await findUserByName(ctx, input.username);
    if (account === null) {
      throw new AppError("not_found", "USER_NOT_FOUND", { message: `There is no user ${input.username}` });
    }
    await changePassword(ctx, account.id, { password: input.password, isByOwner: false });
    return { userId: account.id, username: account.username };
  },
);
