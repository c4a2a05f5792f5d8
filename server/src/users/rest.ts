import { get, post, type RestRoute } from "../http/route.ts";
import { createUser, getMe } from "./service.ts";
import { fromNewUserWire, toCurrentUserWire, toUserWire } from "./wire.ts";

/** The compatible API answers every rule about a new account with 400. */
const BAD_REQUEST = { status: 400 };

/** Routes about accounts. */
export const userRoutes: readonly RestRoute[] = [
  post("/api/users", createUser, {
    summary: "Create a user; open to anyone only while no administrator exists",
    status: 201,
    read: async (reader) => fromNewUserWire(await reader.json()),
    write: toUserWire,
    errors: {
      USER_NAME_INVALID: BAD_REQUEST,
      USER_NAME_TAKEN: BAD_REQUEST,
      USER_PASSWORD_INVALID: BAD_REQUEST,
      USER_EMAIL_INVALID: BAD_REQUEST,
      USER_EMAIL_TAKEN: BAD_REQUEST,
      USER_ROLE_INVALID: BAD_REQUEST,
    },
  }),
  get("/api/users/me", getMe, { summary: "The calling user", write: toCurrentUserWire }),
];
