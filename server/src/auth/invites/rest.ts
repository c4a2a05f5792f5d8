import type { RequestReader } from "../../http/reader.ts";
import { post, type RestRoute } from "../../http/route.ts";
import { createInvite, register } from "./service.ts";
import { fromRegisterWire, toRegisteredWire } from "./wire.ts";

/** The compatible API answers every rule about accounts and invites with 400. */
const BAD_REQUEST = { status: 400 };

/** Compatible routes about invites. */
export const inviteRoutes: readonly RestRoute[] = [
  post("/api/users/invite-link", createInvite, {
    summary: "Make an invite link for one account of a role",
    status: 201,
    read: readInvite,
    names: { expiresInSeconds: "expiration" },
    errors: { USER_ROLE_INVALID: BAD_REQUEST, INVITE_EXPIRY_INVALID: BAD_REQUEST },
  }),
  post("/api/users/register", register, {
    summary: "Create an account with an invite",
    status: 201,
    read: async (reader) => fromRegisterWire(await reader.json()),
    write: toRegisteredWire,
    errors: {
      USER_NAME_INVALID: BAD_REQUEST,
      USER_NAME_TAKEN: BAD_REQUEST,
      USER_PASSWORD_INVALID: BAD_REQUEST,
      USER_EMAIL_INVALID: BAD_REQUEST,
      USER_EMAIL_TAKEN: BAD_REQUEST,
      INVITE_TOKEN_INVALID: BAD_REQUEST,
    },
  }),
];

function readInvite(reader: RequestReader): unknown {
  const role = reader.queryText("role");
  if (role === undefined) {
    reader.refuse({ path: ["query", "role"], type: "missing", message: "Field required", input: null });
  }
  return { role, expiresInSeconds: reader.queryInt("expiration") };
}
