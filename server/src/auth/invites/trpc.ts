import { mutation } from "../../rpc/procedures.ts";
import { createInvite, register } from "./service.ts";

/** Procedures about invites, for the group of those about accounts. */
export const inviteProcedures = {
  invite: mutation(createInvite),
  register: mutation(register),
};
