import * as v from "valibot";
import { UserSchema } from "../../users/contract.ts";

export const CreateInviteInput = v.strictObject({
  /** As for a new account. */
  role: v.string(),
  /** The operator's usual one unless said. */
  expiresInSeconds: v.optional(v.nullable(v.number()), null),
});

/** An invitation to make an account; good for one. */
export interface Invite {
  readonly token: string;
  /** The page that takes it; null when the server has no address that others can reach. */
  readonly url: string | null;
}

export const InviteSchema = v.object({ token: v.string(), url: v.nullable(v.string()) });

export const RegisterInput = v.strictObject({
  username: v.string(),
  /** "" for none. */
  email: v.string(),
  password: v.string(),
  /** Of an invite. */
  token: v.string(),
});

/** The new account. */
export const RegisteredSchema = UserSchema;
