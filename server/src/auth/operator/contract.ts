import * as v from "valibot";
import { CreateClientTokenInput } from "../contract.ts";

export const CreateClientTokenForInput = v.strictObject({
  ...CreateClientTokenInput.entries,
  /** Whose token it will be; in any case. */
  username: v.string(),
  /** None stands for everything the account may do. */
  scopes: v.array(v.string()),
});
