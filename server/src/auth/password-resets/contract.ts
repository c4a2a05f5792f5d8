import * as v from "valibot";

export const AskPasswordResetInput = v.strictObject({
  /** In any case. */
  username: v.string(),
});

export const UsePasswordResetInput = v.strictObject({
  /** Of a reset link. */
  token: v.string(),
  newPassword: v.string(),
});
