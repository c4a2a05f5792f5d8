import { post, type RestRoute } from "../../http/route.ts";
import { askPasswordReset, usePasswordReset } from "./service.ts";
import { fromAskWire, fromResetWire } from "./wire.ts";

/** The compatible API answers every fault of a reset with 400. */
const BAD_REQUEST = { status: 400 };

/** Compatible routes about forgotten passwords. */
export const passwordResetRoutes: readonly RestRoute[] = [
  post("/api/forgot-password", askPasswordReset, {
    summary: "Ask for a link that resets a password",
    read: async (reader) => fromAskWire(await reader.json()),
  }),
  post("/api/reset-password", usePasswordReset, {
    summary: "Set a new password with such a link",
    read: async (reader) => fromResetWire(await reader.json()),
    errors: { RESET_TOKEN_INVALID: BAD_REQUEST, USER_PASSWORD_INVALID: BAD_REQUEST },
  }),
];
