import { mutation, query } from "../rpc/procedures.ts";
import { removeUser, updateUser } from "./changes/service.ts";
import { resetPassword } from "./operator/service.ts";
import { refreshProgression } from "./progression/service.ts";
import { createUser, getMe, getUser, listUserIds, listUsers } from "./service.ts";

/** Procedures about accounts. */
export const userProcedures = {
  create: mutation(createUser),
  get: query(getUser),
  identifiers: query(listUserIds),
  list: query(listUsers),
  me: query(getMe),
  refreshProgression: mutation(refreshProgression),
  remove: mutation(removeUser),
  /** Without the old one, for the operator. */
  setPassword: mutation(resetPassword),
  update: mutation(updateUser),
};
