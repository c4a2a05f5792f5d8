import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { requireOwnerOrAdmin } from "../changes/service.ts";
import { RefreshProgressionInput } from "../contract.ts";
import { findUserRow } from "../queries.ts";
import { userNotFound } from "../service.ts";

/**
 * Asks RetroAchievements what an account has earned: one's own, or any as an administrator. No key of that
 * service can be set yet, so for an account with a name there the answer is that it is not set up.
 * @throws AppError `USER_FOREIGN`, `USER_NOT_FOUND`, `USER_RA_NAME_MISSING`, `USER_RA_OFF`.
 */
export const refreshProgression = operation(
  { type: "mutation", scope: "me.write", input: RefreshProgressionInput, output: Nothing },
  async (ctx, { userId }): Promise<null> => {
    requireOwnerOrAdmin(ctx, userId);
    const row = await findUserRow(ctx.db, userId);
    if (row === null) throw userNotFound();
    if (row.raUsername === "") {
      const message = "User does not have a RetroAchievements username set";
      throw new AppError("not_found", "USER_RA_NAME_MISSING", { message });
    }
    throw new AppError("unsupported", "USER_RA_OFF", {
      message: "RetroAchievements is not configured on this server",
    });
  },
);
