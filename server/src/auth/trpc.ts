import { mutation, query } from "../rpc/procedures.ts";
import { createContentLink } from "./content-tickets/service.ts";
import { refreshTokens, signInWithPassword } from "./tokens/service.ts";

/** Procedures that trade proofs for bearer tokens. */
export const authProcedures = {
  signInWithPassword: mutation(signInWithPassword),
  refresh: mutation(refreshTokens),
  createContentLink: query(createContentLink),
};
