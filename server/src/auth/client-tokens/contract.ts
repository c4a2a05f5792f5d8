import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { InstantText, list } from "../../base/schemas.ts";
import { type ClientToken, ClientTokenSchema } from "../contract.ts";

/** A client token and whose it is, as administrators see it. */
export interface OwnedClientToken extends ClientToken {
  readonly username: string;
  /** Where the owner's picture lies below the assets; empty without one. */
  readonly userAvatarPath: string;
  readonly userUpdatedAt: Instant;
}

export const OwnedClientTokenSchema = v.object({
  ...ClientTokenSchema.entries,
  username: v.string(),
  userAvatarPath: v.string(),
  userUpdatedAt: InstantText,
});
export const OwnedClientTokenListSchema = list(OwnedClientTokenSchema);
