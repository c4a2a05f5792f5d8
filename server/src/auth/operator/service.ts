import { AppError } from "../../base/errors.ts";
import type { UserIdentity } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { requireOperator } from "../../base/operator.ts";
import { type Account, findUserByName } from "../../users/accounts/service.ts";
import { createClientToken } from "../client-tokens/service.ts";
import { type NewClientToken, NewClientTokenSchema } from "../contract.ts";
import { CreateClientTokenForInput } from "./contract.ts";

/**
 * Makes a client token for any account; for the operator only. It can do no more than the account may.
 * @throws AppError `USER_NOT_FOUND`, `TOKEN_ACCOUNT_DISABLED`, and what `createClientToken` throws.
 */
export const createClientTokenFor = operation(
  {
    type: "mutation",
    scope: "users.write",
    input: CreateClientTokenForInput,
    output: NewClientTokenSchema,
    storesNoAnswer: true,
  },
  async (ctx, { username, name, scopes, expiresIn }): Promise<NewClientToken> => {
    requireOperator(ctx);
    const owner = requireOwner(await findUserByName(ctx, username), username);
    const asked = scopes.length > 0 ? scopes : [...owner.scopes];
    return await createClientToken.run(
      { ...ctx, identity: toIdentity(owner) },
      { name, scopes: asked, expiresIn },
    );
  },
);

function requireOwner(account: Account | null, username: string): Account {
  if (account === null) {
    throw new AppError("not_found", "USER_NOT_FOUND", { message: `There is no user ${username}` });
  }
  if (account.isEnabled) return account;
  throw new AppError("forbidden", "TOKEN_ACCOUNT_DISABLED", { message: "User account is disabled" });
}

/** The owner as they would call: bounded by all they may do. */
function toIdentity({ id: userId, username, isAdmin, scopes }: Account): UserIdentity {
  return {
    kind: "user",
    userId,
    username,
    isAdmin,
    scopes: new Set(scopes),
    proof: "client_token",
    deviceId: null,
    sessionId: null,
  };
}
