import { mutation, query } from "../rpc/procedures.ts";
import { createClientToken, listClientTokens, removeClientToken } from "./client-tokens/service.ts";
import { createClientTokenFor } from "./operator/service.ts";
import { refreshTokens, signInWithPassword } from "./tokens/service.ts";

/** Procedures that trade proofs for bearer tokens. */
export const authProcedures = {
  signInWithPassword: mutation(signInWithPassword),
  refresh: mutation(refreshTokens),
};

/** Procedures about the API tokens of apps. */
export const clientTokenProcedures = {
  list: query(listClientTokens),
  create: mutation(createClientToken),
  createFor: mutation(createClientTokenFor),
  remove: mutation(removeClientToken),
};
