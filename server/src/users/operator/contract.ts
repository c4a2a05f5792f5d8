import * as v from "valibot";
import { Id } from "../../base/schemas.ts";

export const ResetPasswordInput = v.strictObject({
  /** In any case. */
  username: v.string(),
  password: v.string(),
});

/** Whose password was set. */
export const ResetPasswordOutput = v.object({ userId: Id, username: v.string() });
export type ResetPasswordOutput = v.InferOutput<typeof ResetPasswordOutput>;
