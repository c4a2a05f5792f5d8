import { mutation, query } from "../rpc/procedures.ts";
import { resetPassword } from "./operator/service.ts";
import { createUser, getMe } from "./service.ts";

/** Procedures about accounts. */
export const userProcedures = {
  create: mutation(createUser),
  me: query(getMe),
  resetPassword: mutation(resetPassword),
};
