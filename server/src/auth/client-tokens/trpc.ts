import { mutation, query } from "../../rpc/procedures.ts";
import { createClientTokenFor } from "../operator/service.ts";
import { createPairingCode, exchangePairingCode, getPairingStatus } from "../pairing/service.ts";
import {
  createClientToken,
  listAllClientTokens,
  listClientTokens,
  regenerateClientToken,
  removeAnyClientToken,
  removeClientToken,
} from "./service.ts";

/** Procedures about the API tokens of apps. */
export const clientTokenProcedures = {
  list: query(listClientTokens),
  create: mutation(createClientToken),
  createFor: mutation(createClientTokenFor),
  remove: mutation(removeClientToken),
  regenerate: mutation(regenerateClientToken),
  createPairingCode: mutation(createPairingCode),
  pairingStatus: query(getPairingStatus),
  exchange: mutation(exchangePairingCode),
  listAll: query(listAllClientTokens),
  removeAny: mutation(removeAnyClientToken),
};
