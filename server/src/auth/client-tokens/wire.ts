import { toWireInstant } from "../../users/wire.ts";
import { toClientTokenWire } from "../wire.ts";
import type { OwnedClientToken } from "./contract.ts";

/** A client token with its owner in the compatible shape. */
export function toOwnedClientTokenWire(token: OwnedClientToken) {
  return {
    ...toClientTokenWire(token),
    username: token.username,
    user_avatar_path: token.userAvatarPath,
    user_updated_at: toWireInstant(token.userUpdatedAt),
  };
}
